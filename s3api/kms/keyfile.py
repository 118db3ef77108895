"""The key file: the store's own wrapping keys, in the data directory, readable only by its owner.

JSON: {"version": 1, "keys": [{"id", "arn", "aliases", "enabled", "created_s",
                               "secrets": [{"id", "secret", "created_s"}, ...]}]}
The ID and ARN of a key never change. Rotation adds a secret, which wraps from then on; the older secrets stay
and unwrap older data keys. The first use creates the file with two keys: `alias/sixfold/s3` for SSE-S3, and
`alias/aws/s3`, the default key of SSE-KMS.

The file and the database together decrypt everything; without the file, encrypted objects are lost. Gateways
that share a database must share the file, as each unwraps the data keys that the others wrapped.
"""

from __future__ import annotations

import base64
import os
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from s3api.crypto import private_files
from s3api.errors import S3Error

S3_ALIAS = "alias/sixfold/s3"
DEFAULT_ALIAS = "alias/aws/s3"
ACCOUNT = "000000000000"
SECRET_BYTES = 32
SECRET_ID_BYTES = 8
RECHECK_S = 1.0
_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")


class KeyFileError(ValueError):
    """An unusable key file or an invalid change to it. The text is for the operator and holds no secret."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of a key, 32 bytes. `id`: 8 bytes, at the start of what it wraps."""

    id: bytes
    secret: bytes = field(repr=False)
    created_s: int


@dataclass(frozen=True, slots=True)
class Key:
    """A wrapping key. `secrets`: oldest first; the last one wraps."""

    id: str
    arn: str
    secrets: tuple[Secret, ...]
    aliases: tuple[str, ...] = ()
    enabled: bool = True
    created_s: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The id, ARN, aliases and alias ARNs."""
        prefix = self.arn.removesuffix(f"key/{self.id}")
        return (self.id, self.arn, *self.aliases, *(prefix + alias for alias in self.aliases))


class KeyFile:
    """The keys of a key file, reloaded when it changes. All methods block on file I/O."""

    def __init__(self, path: Path, *, region: str, account: str = ACCOUNT) -> None:
        self.path, self._prefix = path, f"arn:aws:kms:{region}:{account}:"
        self._keys: tuple[Key, ...] = ()
        self._names: dict[str, Key] = {}
        self._loaded_stat: tuple[int, int] | None = None
        self._checked_s = float("-inf")

    def all(self) -> tuple[Key, ...]:
        """Return all keys. The first call creates the file. Raises KeyFileError."""
        now_s = time.monotonic()
        if now_s - self._checked_s >= RECHECK_S:
            self._reload_if_changed()
            self._checked_s = now_s
        return self._keys

    def find(self, name: str) -> Key:
        """Find a key by ID, ARN, alias or alias ARN. Raises S3Error KMS.NotFoundException."""
        self.all()
        if name not in self._names:
            self._reload_if_changed()  # another process may have just added it
        if found := self._names.get(name):
            return found
        if name.startswith("arn:") and not name.startswith(self._prefix):
            parts = name.split(":")
            raise S3Error("KMS.NotFoundException", f"Invalid arn {parts[3] if len(parts) > 3 else name}")
        if name.startswith("arn:") or _is_uuid(name):
            arn = name if name.startswith("arn:") else f"{self._prefix}key/{name}"
            raise S3Error("KMS.NotFoundException", f"Key '{arn}' does not exist")
        raise S3Error("KMS.NotFoundException", f"Invalid keyId '{name}'")

    # --- changes by the operator -------------------------------------------------------------

    def add(self, *, id: str | None = None, alias: str | None = None) -> Key:
        """Add a key. Raises KeyFileError if the ID or alias is taken or malformed."""
        key = _new_key(self._prefix, id or str(uuid.uuid4()), (alias,) if alias else ())
        for name in (key.id, *key.aliases):
            if not _NAME.fullmatch(name):
                raise KeyFileError(f"{name!r} is not a valid key name")
        if alias and not alias.startswith("alias/"):
            raise KeyFileError("an alias must begin with alias/")

        def added(keys: tuple[Key, ...]) -> tuple[Key, ...]:
            taken = {name for other in keys for name in other.names}
            if clash := taken.intersection(key.names):
                raise KeyFileError(f"there is a key {min(clash)} already")
            return (*keys, key)

        self._change(added)
        return key

    def rotate(self, name: str) -> Key:
        """Rotate a key: it wraps with a new secret from now on. Raises S3Error KMS.NotFoundException."""
        return self._replace_key(name, lambda key: replace(key, secrets=(*key.secrets, _new_secret())))

    def set_enabled(self, name: str, *, enabled: bool) -> Key:
        return self._replace_key(name, lambda key: replace(key, enabled=enabled))

    def _replace_key(self, name: str, change: Callable[[Key], Key]) -> Key:
        old = self.find(name)
        new = change(old)
        self._change(lambda keys: tuple(new if key.id == old.id else key for key in keys))
        return new

    def _change(self, change: Callable[[tuple[Key, ...]], tuple[Key, ...]]) -> None:
        with private_files.locked(self.path):
            self._reload_if_changed()
            private_files.replace(self.path, _serialize(change(self._keys)))
            self._reload_if_changed()

    # --- the file ----------------------------------------------------------------------------

    def _reload_if_changed(self) -> None:
        """Read the file if it has changed."""
        try:
            if not self.path.exists():
                if self._loaded_stat:
                    raise KeyFileError(f"the key file {self.path} is gone: restore it from a backup")
                aliases = ((S3_ALIAS,), (DEFAULT_ALIAS,))
                made = (_new_key(self._prefix, str(uuid.uuid4()), names) for names in aliases)
                private_files.create(self.path, _serialize(tuple(made)))
            stat = os.stat(self.path)
            current = stat.st_mtime_ns, stat.st_ino
            if current != self._loaded_stat:
                self._keys = _read(self.path)
                self._names = {name: key for key in self._keys for name in key.names}
                self._loaded_stat = current
        except OSError as why:
            raise KeyFileError(f"the key file {self.path} cannot be used: {why.strerror}") from None


def _new_key(prefix: str, id: str, aliases: tuple[str, ...]) -> Key:
    return Key(id, f"{prefix}key/{id}", (_new_secret(),), aliases, created_s=int(time.time()))


def _new_secret() -> Secret:
    return Secret(os.urandom(SECRET_ID_BYTES), os.urandom(SECRET_BYTES), int(time.time()))


def _read(path: Path) -> tuple[Key, ...]:
    try:
        found = orjson.loads(path.read_bytes())
        if found["version"] != 1:
            raise KeyFileError(f"the key file {path} has an unsupported version: upgrade this program")
        return tuple(_parse_key(item) for item in found["keys"])
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise KeyFileError(f"{path} is not a valid key file") from None


def _parse_key(item: dict[str, object]) -> Key:
    secrets = tuple(
        Secret(bytes.fromhex(s["id"]), base64.b64decode(s["secret"]), s["created_s"])
        for s in item["secrets"]  # type: ignore[attr-defined]
    )
    return Key(
        str(item["id"]), str(item["arn"]), secrets, tuple(item["aliases"]),  # type: ignore[arg-type]
        bool(item["enabled"]), int(item["created_s"]),  # type: ignore[call-overload]
    )  # fmt: skip


def _serialize(keys: tuple[Key, ...]) -> str:
    out = [
        {
            "id": key.id,
            "arn": key.arn,
            "aliases": key.aliases,
            "enabled": key.enabled,
            "created_s": key.created_s,
            "secrets": [
                {
                    "id": secret.id.hex(),
                    "secret": base64.b64encode(secret.secret).decode(),
                    "created_s": secret.created_s,
                }
                for secret in key.secrets
            ],
        }
        for key in keys
    ]
    return orjson.dumps({"version": 1, "keys": out}, option=orjson.OPT_INDENT_2).decode() + "\n"


def _is_uuid(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name.lower()
    except ValueError:
        return False
