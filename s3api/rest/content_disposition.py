"""File names in Content-Disposition: parse what clients write, write what RFC 6266 and RFC 8187 require."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

MAX_NAME_CHARACTERS = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN = re.compile(r"[A-Za-z0-9 !#$&'()+,.=@\[\]^_`{}~-]+")
_EXTENDED = re.compile(r"filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)", re.IGNORECASE)
_QUOTED = re.compile(r'filename\s*=\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_TOKEN = re.compile(r'filename\s*=\s*([^";\s]+)', re.IGNORECASE)


def clean(name: str) -> str:
    """Remove directories (some clients send whole paths) and control characters from a file name. May return
    "".
    """
    last = _CONTROL.sub("", name.replace("\\", "/")).rstrip("/").rpartition("/")[2].strip()
    return "" if last in (".", "..") else last[:MAX_NAME_CHARACTERS]


def disposition(name: str) -> str:
    """Make the header for a file: browsers display it if they can, and save it under `name`."""
    if not name:
        return "inline"
    if _PLAIN.fullmatch(name):
        return f'inline; filename="{name}"'
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", name)
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


def name_in(header: str) -> str:
    """Return the file name in a Content-Disposition, `filename*` before `filename`; "" without one."""
    if (extended := _EXTENDED.search(header)) and extended[1].lower() in ("utf-8", "iso-8859-1"):
        return clean(unquote_to_bytes(extended[2]).decode(extended[1], "replace"))
    if quoted := _QUOTED.search(header):
        return clean(re.sub(r"\\(.)", r"\1", quoted[1]))
    token = _TOKEN.search(header)
    return clean(token[1]) if token else ""
