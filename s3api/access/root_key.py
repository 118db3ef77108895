"""The root key pair of a gateway.

It comes from the settings; without them the first start makes one and keeps it in the data directory, in the
format of AWS's own credentials file (so `AWS_SHARED_CREDENTIALS_FILE` may name it), readable by its owner
alone.
"""

from __future__ import annotations

import configparser
from pathlib import Path

from metadata.records import AccessKey
from s3api.access.key_generation import key_pair, new_key_pair
from s3api.settings import Settings, SettingsError


def root_key(settings: Settings) -> tuple[AccessKey, bool]:
    """The root pair, and whether it was made just now. Raises SettingsError where its file cannot be used."""
    if settings.access.access_key and settings.access.secret_key:
        return key_pair(settings.access.access_key, settings.access.secret_key.get_secret_value()), False
    path = credentials_path(settings)
    try:
        if path.exists():
            return _read(path), False
        return _create(path)
    except OSError as why:
        raise SettingsError(f"the credentials in {path} cannot be used: {why.strerror}") from None


def credentials_path(settings: Settings) -> Path:
    return settings.data / "credentials"


def _create(path: Path) -> tuple[AccessKey, bool]:
    """Write a new pair; the one that another process wrote in the same moment, where one did."""
    from s3api.crypto import private_files  # only here: it imports cryptography

    made = new_key_pair()
    text = f"[default]\naws_access_key_id = {made.access_key}\naws_secret_access_key = {made.secret_key}\n"
    if private_files.create(path, text):
        return made, True
    return _read(path), False


def _read(path: Path) -> AccessKey:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text())
        section = parser["default"]
        return key_pair(section["aws_access_key_id"], section["aws_secret_access_key"])
    except (configparser.Error, KeyError, UnicodeDecodeError):
        raise SettingsError(f"{path} is no credentials file: [default] with aws_access_key_id and "
                            "aws_secret_access_key") from None  # fmt: skip
