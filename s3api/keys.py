"""Key pairs: the root pair of this gateway, and those that the metadata store keeps.

The root pair comes from the settings; without them the first start makes one and keeps it in the data
directory, in the format of AWS's own credentials file (so `AWS_SHARED_CREDENTIALS_FILE` may name it),
readable by its owner alone. All pairs belong to one account. A pair that was looked up is believed for
`key_cache_s`; that is how long a revoked one may go on.
"""

from __future__ import annotations

import configparser
import secrets
import time
from collections import OrderedDict
from pathlib import Path
from string import ascii_letters, ascii_uppercase, digits
from typing import TYPE_CHECKING

from metadata.errors import NoSuchAccessKey
from metadata.records import AccessKey
from s3api import private_files
from s3api.settings import Settings, SettingsError

if TYPE_CHECKING:
    from metadata import Metadata

# The canonical user id of the one account, as S3 writes such ids: SHA-256 of "sixfold root account".
ROOT_OWNER = "6708642f4aa68d43e8fbfd68808296a0132fdece06d2b218f71530cbe2452969"
ACTIVE = "active"
CACHED_KEYS = 1024
_ALPHABET = ascii_uppercase + "234567"


class Keys:
    """Who has which secret. One for all requests of a gateway."""

    def __init__(self, root: AccessKey, metadata: Metadata, *, cache_s: float) -> None:
        self.root = root
        self._metadata, self._cache_s = metadata, cache_s
        self._cache: OrderedDict[str, tuple[float, AccessKey]] = OrderedDict()

    async def find(self, access_key: str) -> AccessKey | None:
        """The pair, None where there is none or it was revoked. Raises MetadataUnavailable."""
        if access_key == self.root.access_key:
            return self.root
        now = time.monotonic()
        if (cached := self._cache.get(access_key)) and cached[0] > now:
            return cached[1]
        self._cache.pop(access_key, None)
        try:
            found = await self._metadata.access_key(access_key)
        except NoSuchAccessKey:
            return None
        if found.state != ACTIVE:
            return None
        self._cache[access_key] = (now + self._cache_s, found)
        if len(self._cache) > CACHED_KEYS:
            self._cache.popitem(last=False)
        return found


def root_key(settings: Settings) -> tuple[AccessKey, bool]:
    """The root pair, and whether it was made just now. Raises SettingsError where its file cannot be used."""
    if settings.access_key and settings.secret_key:
        return _pair(settings.access_key, settings.secret_key.get_secret_value()), False
    path = credentials_path(settings)
    try:
        if path.exists():
            return _read(path), False
        return _create(path)
    except OSError as why:
        raise SettingsError(f"the credentials in {path} cannot be used: {why.strerror}") from None


def credentials_path(settings: Settings) -> Path:
    return settings.data / "credentials"


def new_pair(owner: str = ROOT_OWNER) -> AccessKey:
    """A random pair of AWS's lengths: 20 and 40 characters, 90 and 238 bits. No shell minds any of them."""
    return _pair("SF" + _random(_ALPHABET, 18), _random(ascii_letters + digits, 40), owner)


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _pair(access_key: str, secret_key: str, owner: str = ROOT_OWNER) -> AccessKey:
    return AccessKey(access_key, secret_key, owner, ACTIVE, time.time_ns() // 1000)


def _create(path: Path) -> tuple[AccessKey, bool]:
    """Write a new pair; the one that another process wrote in the same moment, where one did."""
    pair = new_pair()
    text = f"[default]\naws_access_key_id = {pair.access_key}\naws_secret_access_key = {pair.secret_key}\n"
    if private_files.create(path, text):
        return pair, True
    return _read(path), False


def _read(path: Path) -> AccessKey:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text())
        section = parser["default"]
        return _pair(section["aws_access_key_id"], section["aws_secret_access_key"])
    except (configparser.Error, KeyError, UnicodeDecodeError):
        raise SettingsError(f"{path} is no credentials file: [default] with aws_access_key_id and "
                            "aws_secret_access_key") from None  # fmt: skip
