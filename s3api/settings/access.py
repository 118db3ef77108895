"""Settings of access control, and of the REST interface."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from s3api.bucket_names import RESERVED, is_bucket_name
from s3api.settings.group import Group

# Excludes the separators of a SigV4 credential scope ("/"), an Authorization header ("," "=") and HTTP Basic
# (":").
_ACCESS_KEY = re.compile(r"[A-Za-z0-9_.+@-]{3,128}")


class AccessSettings(Group):
    access_key: str | None = Field(
        None,
        alias="access_key",
        description="Root access key, with `secret_key`. By default the first start creates a key pair and "
        "keeps it in the data directory.",
    )
    secret_key: SecretStr | None = Field(None, alias="secret_key", description="Root secret key.")
    key_cache_s: float = Field(
        2.0,
        alias="key_cache_s",
        ge=0,
        le=60,
        description="Seconds for which a key pair is cached: a revoked one is refused after this time at "
        "the latest.",
    )
    acls: bool = Field(
        False,
        alias="acls",
        description="Whether buckets without ownership controls have ACLs, as on AWS before April 2023.",
    )
    block_public_access: bool = Field(
        True,
        alias="block_public_access",
        description="Whether buckets without a public access block of their own block all public access, "
        "as on AWS since April 2023.",
    )
    lenient: bool = Field(
        False,
        alias="lenient",
        description="Whether to accept some requests that AWS refuses and other stores accept: some "
        "conditions on writes and deletes, unusual lifecycle filters and bucket policies, unknown x-amz-* "
        "headers; and to answer some errors with the codes of other stores.",
    )

    @field_validator("access_key")
    @classmethod
    def _check_access_key(cls, value: str | None) -> str | None:
        if value is not None and not _ACCESS_KEY.fullmatch(value):
            raise ValueError("an access key has 3 to 128 letters, digits and _.+@-")
        return value

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key come together")
        if self.secret_key is not None and not self.secret_key.get_secret_value():
            raise ValueError("secret_key is empty")
        return self


class RestSettings(Group):
    bucket: str = Field(
        "files", alias="rest_bucket", description="Bucket that holds the files of the REST interface."
    )
    open: bool | None = Field(
        None,
        alias="rest_open",
        description="Whether REST needs no authentication. By default only on a loopback address.",
    )
    metrics_token: SecretStr | None = Field(
        None,
        alias="metrics_token",
        description="Bearer token with which Prometheus may read /api/metrics.",
    )

    @field_validator("bucket")
    @classmethod
    def _check_bucket(cls, value: str) -> str:
        if value in RESERVED or not is_bucket_name(value):
            raise ValueError("not a bucket name")
        return value
