"""Settings of a chunkd server: from the environment (CHUNKD_*, or CHUNKD_*_FILE for a file), or from the
command that starts it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chunkd.address import KINDS, kind_of
from chunkd.file_settings import SUFFIX, read_setting_file
from chunkd.loopback import is_loopback


class FileSettingsSource(PydanticBaseSettingsSource):
    """The pydantic settings source for _FILE variables, with the precedence of the environment."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self._prefix = str(settings_cls.model_config.get("env_prefix", ""))

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        values = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in values.items() if value is not None}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        # A variable that is a setting itself names no file of another setting.
        if field_name + SUFFIX.lower() in self.settings_cls.model_fields:
            return None, field_name, False
        return read_setting_file(self._prefix + field_name.upper()), field_name, False


class Settings(BaseSettings):
    """Settings of a chunkd server.

    `store`: the address of the node to serve. `token`: the bearer token that clients must send. `tls_cert`,
    `tls_key`: PEM files; they enable HTTPS and disable HTTP. `ca`: a PEM file of authorities to trust for a
    `rediss://` store, beside the system's.
    """

    model_config = SettingsConfigDict(env_prefix="CHUNKD_", env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8261, ge=1, le=65535)
    store: str = "redis://127.0.0.1:6379/0"
    token: SecretStr | None = None
    timeout_s: float = Field(default=5.0, gt=0)
    tls_cert: Path | None = None
    tls_key: Path | None = None
    ca: Path | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, FileSettingsSource(settings_cls)

    @model_validator(mode="after")
    def _tls_together(self) -> Settings:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("set both tls_cert and tls_key, or neither")
        return self

    @model_validator(mode="after")
    def _token_beyond_loopback(self) -> Settings:
        if not self.secret() and not is_loopback(self.host):
            raise ValueError(
                f"chunkd on {self.host} needs a token (set CHUNKD_TOKEN): other machines can reach it"
            )
        if not kind_of(self.store).stores:
            stores = ", ".join(sorted(scheme for scheme, kind in KINDS.items() if kind.stores))
            raise ValueError(f"store: another chunkd cannot be served; use {stores}")
        return self

    def secret(self) -> str | None:
        """The token in plain text, None if it is not set."""
        return self.token.get_secret_value() or None if self.token else None
