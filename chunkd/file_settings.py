"""Settings read from files: CHUNKD_TOKEN_FILE=/run/secrets/token instead of CHUNKD_TOKEN.

Every variable may be given as a file by appending _FILE, so that no secret need be in the environment:
container engines and service managers provide secrets so. A line break at the end of the file is ignored. It
is an error to set both variables, or to name an unreadable file: a service must not start without its secret.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

SUFFIX = "_FILE"


class SettingFileError(ValueError):
    """The file of a setting cannot be used. The message never contains the file's text."""


class FileSettingsSource(PydanticBaseSettingsSource):
    """The pydantic settings source for _FILE variables, with the precedence of the environment."""

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
        # Another setting of that name exists: the variable is its own.
        if not path or (field_name.upper() + SUFFIX).lower() in self.settings_cls.model_fields:
            return None, field_name, False
        if os.environ.get(variable):
            raise SettingFileError(f"{variable} and {variable}{SUFFIX} are both set; set one of them")
        try:
            return Path(path).read_text().rstrip("\r\n"), field_name, False
        except OSError as why:
            raise SettingFileError(f"{variable}{SUFFIX}: {path}: {why.strerror}") from None
        except UnicodeDecodeError:
            raise SettingFileError(f"{variable}{SUFFIX}: {path} is not UTF-8 text") from None
