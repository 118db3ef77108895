"""Keys as the database orders them: by their UTF-8 bytes, which is the order of their code points."""

from __future__ import annotations

from metadata.errors import InvalidKey

_SURROGATES = range(0xD800, 0xE000)
_LAST = 0x10FFFF


def check_key(text: str) -> None:
    """Raise InvalidKey for what the databases cannot hold: NUL (PostgreSQL), a lone surrogate (no UTF-8 has
    one).
    """
    if "\0" in text:
        raise InvalidKey("a key cannot contain NUL")
    if not text.isascii() and any(ord(c) in _SURROGATES for c in text):
        raise InvalidKey("a key must be encodable as UTF-8")


def after_prefix(prefix: str) -> str | None:
    """The least text above all that begin with `prefix`; None where there is none (only U+10FFFF, or
    nothing).
    """
    kept = prefix.rstrip(chr(_LAST))
    if not kept:
        return None
    last = ord(kept[-1]) + 1
    return kept[:-1] + chr(_SURROGATES.stop if last in _SURROGATES else last)


def common_prefix(key: str, prefix: str, delimiter: str | None) -> str | None:
    """What `key` is rolled up to in a listing: up to the first delimiter after the prefix. None: it stands by
    itself.
    """
    if not delimiter:
        return None
    found = key.find(delimiter, len(prefix))
    return None if found < 0 else key[: found + len(delimiter)]
