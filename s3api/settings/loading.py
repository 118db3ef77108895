"""Reads settings from the command line, the environment and a TOML file."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from chunkd.file_settings import SUFFIX, SettingFileError, read_setting_file
from s3api.settings.all import SETTINGS, Settings

PREFIX = "SIXFOLD_"
_SYNONYMS = {"node": "nodes"}
"""Names that are accepted in the environment for another."""


class SettingsError(ValueError):
    """The settings cannot be used. Each of `lines` is one problem, in words for the operator, without
    secrets; the text of the error is all of them.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines


def load(**given: Any) -> Settings:
    """Read the settings. `given` wins over all other sources; None there means not given.

    Raises SettingsError.
    """
    values = {name: value for name, value in given.items() if value is not None}
    try:
        values = _from_environment() | values
        values = _from_file(values.get("config")) | values
    except SettingFileError as why:
        raise SettingsError(str(why)) from None
    problems = [f"{name}: there is no such setting" for name in values if name not in SETTINGS]
    try:
        settings = Settings.model_validate(_grouped(values))
    except ValidationError as why:
        problems = [*(error_line(error) for error in why.errors(include_input=False)), *problems]
    if problems:
        raise SettingsError(*problems)
    return settings


def put_into_environment(**given: Any) -> None:
    """Set the variables of `given` (None: not given), for `load` in this process and in those it starts."""
    for name, value in given.items():
        if value is not None:
            variable = f"{PREFIX}{name.upper()}"
            os.environ.pop(variable + SUFFIX, None)
            os.environ[variable] = json.dumps(value) if isinstance(value, tuple) else str(value)
    if "nodes" in given:
        os.environ.pop(PREFIX + "NODE", None)


def _from_environment() -> dict[str, str]:
    """The settings in the environment, and in the files that *_FILE variables name. An empty variable counts
    as not set. Raises SettingFileError.
    """
    variables = {name.upper(): value for name, value in os.environ.items() if value}
    found = {}
    for name in SETTINGS:
        variable = f"{PREFIX}{name.upper()}"
        if value := variables.get(variable):
            found[name] = value
        # A variable that is a setting itself (SIXFOLD_KEY_FILE) names no file of another setting.
        if name + SUFFIX.lower() not in SETTINGS and (text := read_setting_file(variable)) is not None:
            found[name] = text
    for synonym, name in _SYNONYMS.items():
        if value := variables.get(f"{PREFIX}{synonym.upper()}"):
            found.setdefault(name, value)
    return found


def _from_file(path: Path | str | None) -> dict[str, Any]:
    """The settings of a TOML file, {} without a file. Raises SettingsError for one that cannot be read."""
    if path is None:
        return {}
    path = Path(path).expanduser()
    if not path.is_file():
        raise SettingsError(f"there is no settings file {path}")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as why:
        raise SettingsError(f"the settings file {path} cannot be read: {why}") from None


def _grouped(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by flat name, as `Settings` takes them: by group. Leaves out unknown names."""
    grouped: dict[str, Any] = {}
    for name, place in SETTINGS.items():
        if name in values:
            (grouped.setdefault(place.group, {}) if place.group else grouped)[name] = values[name]
    return grouped


def without_password(url: str) -> str:
    """The URL of a database or node with its password replaced by ***."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}:***@{host}").geturl()


def error_line(error: Any) -> str:
    """One of pydantic's errors in words for an operator, with the flat name of the setting."""
    parts = [str(part) for part in error["loc"]]
    if parts and parts[0] in Settings.model_fields and parts[0] not in ("config", "data", "region"):
        parts = parts[1:]  # the name of a group
    message = str(error["msg"]).removeprefix("Value error, ")
    return ": ".join([".".join(parts), message] if parts else [message])
