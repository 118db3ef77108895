"""Settings whose value is in a file: CHUNKD_TOKEN_FILE=/run/secrets/token says what CHUNKD_TOKEN would.

Any variable of the environment may have a twin with _FILE, so that no secret need be in the environment: it
is how container engines and service managers hand secrets over. The file's text counts without the line break
at its end. Giving both twins is an error, and so is a file that cannot be read: a service without its secret
must not start.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

SUFFIX = "_FILE"


class SettingFileError(ValueError):
    """A setting's file cannot be used. The text holds nothing of what is in it."""


class FileSettingsSource(PydanticBaseSettingsSource):
    """The source, with the precedence of the environment."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self._prefix = str(settings_cls.model_config.get("env_prefix", ""))

    def __call__(self) -> dict[str, Any]:
        found = {}
        for name, field in self.settings_cls.model_fields.items():
            value, _, _ = self.get_field_value(field, name)
            if value is not None:
                found[name] = value
        return found

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        variable = self._prefix + field_name.upper()
        path = os.environ.get(variable + SUFFIX)
        # A setting that itself ends in _file has its own say.
        if not path or (field_name.upper() + SUFFIX).lower() in self.settings_cls.model_fields:
            return None, field_name, False
        if os.environ.get(variable):
            raise SettingFileError(f"{variable} and {variable}{SUFFIX} are both given")
        try:
            return Path(path).read_text().rstrip("\r\n"), field_name, False
        except OSError as why:
            raise SettingFileError(f"{variable}{SUFFIX}: {path}: {why.strerror}") from None
        except UnicodeDecodeError:
            raise SettingFileError(f"{variable}{SUFFIX}: {path} is no text") from None
