"""Settings of encryption at rest."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from s3api.settings.group import Group


class EncryptionSettings(Group):
    by_default: bool = Field(
        False,
        alias="encrypt_by_default",
        description="Whether objects are encrypted with SSE-S3 where neither the request nor the bucket "
        "asks for encryption (AWS: always).",
    )
    customer_keys_need_tls: bool = Field(
        False,
        alias="customer_keys_need_tls",
        description="Whether keys of customers (SSE-C) are refused over plain HTTP (AWS: always). A proxy "
        "that terminates TLS must be one of `trusted_proxies`.",
    )
    key_file: Path | None = Field(
        None,
        alias="key_file",
        description="File of the encryption keys. By default `kms.json` in the data directory. Gateways "
        "that share a database must share it.",
    )
    kms_endpoint: str | None = Field(
        None,
        alias="kms_endpoint",
        description="URL of a key service with the AWS KMS protocol, for SSE-KMS. By default the key file "
        "is used.",
    )
    kms_region: str | None = Field(
        None,
        alias="kms_region",
        pattern=r"^[a-z0-9-]{1,64}$",
        description="Region of the key service. By default `region`.",
    )
    kms_access_key: str | None = Field(
        None,
        alias="kms_access_key",
        description="Access key of this gateway at the key service, with `kms_secret_key`.",
    )
    kms_secret_key: SecretStr | None = Field(
        None, alias="kms_secret_key", description="Secret key of this gateway at the key service."
    )
    kms_timeout_s: float = Field(
        5.0,
        alias="kms_timeout_s",
        gt=0,
        description="Seconds within which the key service must answer.",
    )

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if (self.kms_access_key is None) != (self.kms_secret_key is None):
            raise ValueError("kms_access_key and kms_secret_key come together")
        if self.kms_endpoint and not self.kms_access_key:
            raise ValueError("kms_endpoint needs kms_access_key and kms_secret_key")
        return self
