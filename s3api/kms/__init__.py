"""Key management for server-side encryption: makes, wraps and unwraps the data keys of objects.

- `KeyService`: the interface, as much of AWS KMS as S3 uses. Its own keys never leave it.
- `LocalKeys`: a key service over a key file in the data directory (`KeyFile`).
- `remote.RemoteKeys`: a key service behind an endpoint that speaks the KMS protocol.
- `DataKeys`: what the operations call, for SSE-S3, SSE-KMS and SSE-C.

Errors are S3's own (S3Error KMS.*).
"""

from s3api.kms.data_keys import DataKeys, EncryptionRequest
from s3api.kms.keyfile import KeyFile
from s3api.kms.local import LocalKeys
from s3api.kms.service import DataKey, KeyService

__all__ = ["DataKey", "DataKeys", "EncryptionRequest", "KeyFile", "KeyService", "LocalKeys"]
