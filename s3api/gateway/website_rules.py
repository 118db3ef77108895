"""A bucket as a website: the key of a page, redirects, and error pages.

`Website` is made once for each revision of the bucket's document (WebsiteConfiguration of AWS's model). Its
routing rules are applied twice: before the page is read (those without an error code), and after reading it
failed (all). Sources: Amazon S3 User Guide, "Hosting a static website", "Configuring a webpage redirect" and
"Configuring a custom error document".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

MOVED = 301
FOUND = 302
_PHRASES = {
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    412: "Precondition Failed",
    416: "Range Not Satisfiable",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Redirect:
    """A redirect: status 301 or 302, and the URL or path to go to."""

    status: int
    location: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a website: its key, and the scheme and Host header that the browser used."""

    key: str
    scheme: str
    host: str
    query: str = ""


class Website:
    """The rules of one website."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._all = document.get("RedirectAllRequestsTo")
        self._rules = document.get("RoutingRules") or []
        self._suffix = (document.get("IndexDocument") or {}).get("Suffix", "")
        self.error_key: str | None = (document.get("ErrorDocument") or {}).get("Key")

    def before(self, visit: Visit) -> Redirect | None:
        """Return the redirect to make before the page is read, None to read it."""
        if self._all:
            scheme = self._all.get("Protocol") or visit.scheme
            query = f"?{visit.query}" if visit.query else ""
            return Redirect(MOVED, f"{scheme}://{self._all['HostName']}/{_path(visit.key)}{query}")
        return self._apply_rules(visit, None)

    def after(self, visit: Visit, status: int) -> Redirect | None:
        """Return the redirect to make when reading the page failed with this status, None for none."""
        return self._apply_rules(visit, status)

    def page(self, key: str) -> str:
        """Return the key of the page: of a directory, that of its index document."""
        return key + self._suffix if not key or key.endswith("/") else key

    def directory(self, key: str) -> str | None:
        """Return the key of the index document in the directory `key`, None if `key` has its slash."""
        return f"{key}/{self._suffix}" if key and not key.endswith("/") and self._suffix else None

    def _apply_rules(self, visit: Visit, status: int | None) -> Redirect | None:
        for rule in self._rules:
            condition = rule.get("Condition") or {}
            code, prefix = condition.get("HttpErrorCodeReturnedEquals"), condition.get("KeyPrefixEquals", "")
            wanted = None if code is None else int(code)
            if wanted == status and visit.key.startswith(prefix):
                return _redirect(rule["Redirect"], prefix, visit)
        return None


def _redirect(to: Mapping[str, Any], prefix: str, visit: Visit) -> Redirect:
    key = visit.key
    if (whole := to.get("ReplaceKeyWith")) is not None:
        key = whole
    elif (start := to.get("ReplaceKeyPrefixWith")) is not None:
        key = start + key.removeprefix(prefix)
    scheme, host = to.get("Protocol") or visit.scheme, to.get("HostName") or visit.host
    return Redirect(int(to.get("HttpRedirectCode") or MOVED), f"{scheme}://{host}/{_path(key)}")


def _path(key: str) -> str:
    return quote(key, safe="/~!$&'()*+,;=:@")


def directory_path(key: str) -> str:
    """Return the path of a directory, with its slash. A leading slash of the key is encoded: two slashes
    would begin the name of another host.
    """
    path = _path(key)
    return f"/%2F{path[1:]}/" if path.startswith("/") else f"/{path}/"


def error_page(status: int, facts: Mapping[str, str], missing: Mapping[str, str] | None = None) -> bytes:
    """Render S3's error page: the details of an error (Code, Message, Key...) as a list. `missing`: those of
    the error that kept the bucket's own error document from being shown.
    """
    title = f"{status} {_phrase(status)}"
    more = ""
    if missing:
        more = "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n" + _list(
            missing
        )
    page = (
        f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{_list(facts)}{more}"
        "<hr/>\n</body>\n</html>\n"
    )
    return page.encode("utf-8", "replace")


def _list(facts: Mapping[str, str]) -> str:
    items = "".join(f"<li>{escape(name)}: {escape(value)}</li>\n" for name, value in facts.items())
    return f"<ul>\n{items}</ul>\n"


def _phrase(status: int) -> str:
    return _PHRASES.get(status, "Error")
