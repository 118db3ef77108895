"""Keys that wrap data keys: where they are, and who is asked for them.

A `KeyService` is what AWS KMS is to S3: it makes data keys and opens them again, and its own keys never leave
it. `LocalKeys` is ours, over a key file; `RemoteKeys` speaks the KMS protocol to an endpoint. `Vault` is the
one door for operations: all modes of encryption over these. Errors are S3's own (S3Error KMS.*).
"""

from s3api.kms.data_keys import Vault, Wish
from s3api.kms.keyfile import KeyFile
from s3api.kms.local import LocalKeys
from s3api.kms.remote import RemoteKeys
from s3api.kms.service import DataKey, KeyService

__all__ = ["DataKey", "KeyFile", "KeyService", "LocalKeys", "RemoteKeys", "Vault", "Wish"]
