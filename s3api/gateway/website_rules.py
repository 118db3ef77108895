"""A bucket as a website: where a page is found, where a request is sent elsewhere, how an error looks.

`Website` is made once per version of the bucket's document (WebsiteConfiguration of the model). The rules are
asked twice: before the page is looked for (those without an error code), and once it could not be given
(all). Sources: Amazon S3 User Guide, "Hosting a static website", "Configuring a webpage redirect" and
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
    status: int
    location: str


@dataclass(frozen=True, slots=True)
class Visit:
    """What a redirect is made from: the key asked for, and how the browser reached us."""

    key: str
    scheme: str
    host: str
    query: str = ""


class Website:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._all = document.get("RedirectAllRequestsTo")
        self._rules = document.get("RoutingRules") or []
        self._suffix = (document.get("IndexDocument") or {}).get("Suffix", "")
        self.error_key: str | None = (document.get("ErrorDocument") or {}).get("Key")

    def before(self, visit: Visit) -> Redirect | None:
        """Where a visit goes whatever there is under its key."""
        if self._all:
            scheme = self._all.get("Protocol") or visit.scheme
            query = f"?{visit.query}" if visit.query else ""
            return Redirect(MOVED, f"{scheme}://{self._all['HostName']}/{_path(visit.key)}{query}")
        return self._routed(visit, None)

    def after(self, visit: Visit, status: int) -> Redirect | None:
        """Where a visit goes that ended in an error of this status."""
        return self._routed(visit, status)

    def page(self, key: str) -> str:
        """The key of the page: below a directory, its index document."""
        return key + self._suffix if not key or key.endswith("/") else key

    def directory(self, key: str) -> str | None:
        """The index document of a directory that was asked for without its slash; None for a directory."""
        return f"{key}/{self._suffix}" if key and not key.endswith("/") and self._suffix else None

    def _routed(self, visit: Visit, status: int | None) -> Redirect | None:
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


def slashed(key: str) -> str:
    """The path of a directory that was asked for without its slash. A key's own leading slash is encoded: two
    slashes would begin the name of another host.
    """
    path = _path(key)
    return f"/%2F{path[1:]}/" if path.startswith("/") else f"/{path}/"


def error_page(status: int, facts: Mapping[str, str], missing: Mapping[str, str] | None = None) -> bytes:
    """S3's page for an error: its facts (Code, Message, Key...) as a list. `missing`: the facts of why the
    bucket's own error document could not be shown.
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
