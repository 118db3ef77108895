"""The key file: the store's own wrapping keys, in the data directory, readable only by its owner.

JSON: {"version": 1, "keys": [{"id", "arn", "aliases", "enabled", "created_s",
                               "secrets": [{"id", "secret", "created_s"}, ...]}]}
A key keeps its id and ARN for ever. Rotation gives it a new secret, with which it wraps from then on; the old
ones stay, to unwrap what they wrapped. The first use makes the file, with two keys: `alias/sixfold/s3` for
SSE-S3, and `alias/aws/s3`, the one for SSE-KMS where a client names none.

Whoever has this file and the database reads everything; whoever loses it has lost what it encrypted. Gateways
that share a database have to share it too: what one of them wrapped, the others open by the ids in it.
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
LOOK_AGAIN_S = 1.0
_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")


class KeyFileError(ValueError):
    """The file cannot be used, or not as asked; the text is for the operator and holds no secret."""


@dataclass(frozen=True, slots=True)
class Secret:
    id: bytes
    secret: bytes = field(repr=False)
    created_s: int


@dataclass(frozen=True, slots=True)
class Key:
    """`secrets`: oldest first; the last one wraps."""

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
    """The keys of one file, read again when it changes. All methods block for a file's time at the most."""

    def __init__(self, path: Path, *, region: str, account: str = ACCOUNT) -> None:
        self.path, self._prefix = path, f"arn:aws:kms:{region}:{account}:"
        self._keys: tuple[Key, ...] = ()
        self._names: dict[str, Key] = {}
        self._seen: tuple[int, int] | None = None
        self._looked_s = float("-inf")

    def all(self) -> tuple[Key, ...]:
        """All keys; the first call makes the file. Raises KeyFileError."""
        now_s = time.monotonic()
        if now_s - self._looked_s >= LOOK_AGAIN_S:
            self._reload_if_changed()
            self._looked_s = now_s
        return self._keys

    def find(self, name: str) -> Key:
        """By id, ARN, alias or alias ARN. Raises S3Error KMS.NotFoundException, in KMS's words."""
        self.all()
        if name not in self._names:
            self._reload_if_changed()  # it may have been made a moment ago
        if found := self._names.get(name):
            return found
        if name.startswith("arn:") and not name.startswith(self._prefix):
            parts = name.split(":")
            raise S3Error("KMS.NotFoundException", f"Invalid arn {parts[3] if len(parts) > 3 else name}")
        if name.startswith("arn:") or _is_uuid(name):
            arn = name if name.startswith("arn:") else f"{self._prefix}key/{name}"
            raise S3Error("KMS.NotFoundException", f"Key '{arn}' does not exist")
        raise S3Error("KMS.NotFoundException", f"Invalid keyId '{name}'")

    # --- what an operator does -------------------------------------------------------------

    def add(self, *, id: str | None = None, alias: str | None = None) -> Key:
        """A new key. Raises KeyFileError where that id or alias is taken or is no name."""
        key = _new_key(self._prefix, id or str(uuid.uuid4()), (alias,) if alias else ())
        for name in (key.id, *key.aliases):
            if not _NAME.fullmatch(name):
                raise KeyFileError(f"{name!r} cannot name a key")
        if alias and not alias.startswith("alias/"):
            raise KeyFileError("the name of an alias begins with alias/")

        def added(keys: tuple[Key, ...]) -> tuple[Key, ...]:
            taken = {name for other in keys for name in other.names}
            if clash := taken.intersection(key.names):
                raise KeyFileError(f"there is a key {min(clash)} already")
            return (*keys, key)

        self._change(added)
        return key

    def rotate(self, name: str) -> Key:
        """Wrap with a new secret from now on. Raises S3Error KMS.NotFoundException."""
        return self._with(name, lambda key: replace(key, secrets=(*key.secrets, _new_secret())))

    def set_enabled(self, name: str, *, enabled: bool) -> Key:
        return self._with(name, lambda key: replace(key, enabled=enabled))

    def _with(self, name: str, change: Callable[[Key], Key]) -> Key:
        old = self.find(name)
        new = change(old)
        self._change(lambda keys: tuple(new if key.id == old.id else key for key in keys))
        return new

    def _change(self, change: Callable[[tuple[Key, ...]], tuple[Key, ...]]) -> None:
        with private_files.locked(self.path):
            self._reload_if_changed()
            private_files.replace(self.path, _text(change(self._keys)))
            self._reload_if_changed()

    # --- the file ----------------------------------------------------------------------------

    def _reload_if_changed(self) -> None:
        """Read the file if it has changed."""
        try:
            if not self.path.exists():
                if self._seen:
                    raise KeyFileError(f"the key file {self.path} is gone")
                aliases = ((S3_ALIAS,), (DEFAULT_ALIAS,))
                made = (_new_key(self._prefix, str(uuid.uuid4()), names) for names in aliases)
                private_files.create(self.path, _text(tuple(made)))
            stat = os.stat(self.path)
            seen = stat.st_mtime_ns, stat.st_ino
            if seen != self._seen:
                self._keys = _read(self.path)
                self._names = {name: key for key in self._keys for name in key.names}
                self._seen = seen
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
            raise KeyFileError(f"the key file {path} is of a later version")
        return tuple(_key(item) for item in found["keys"])
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise KeyFileError(f"{path} is no key file") from None


def _key(item: dict[str, object]) -> Key:
    secrets = tuple(
        Secret(bytes.fromhex(s["id"]), base64.b64decode(s["secret"]), s["created_s"])
        for s in item["secrets"]  # type: ignore[attr-defined]
    )
    return Key(
        str(item["id"]), str(item["arn"]), secrets, tuple(item["aliases"]),  # type: ignore[arg-type]
        bool(item["enabled"]), int(item["created_s"]),  # type: ignore[call-overload]
    )  # fmt: skip


def _text(keys: tuple[Key, ...]) -> str:
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
