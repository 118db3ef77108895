"""Event targets of the settings, and the ARNs by which buckets name them.

The setting `event_targets` gives each target a name and a URL, as MinIO's MINIO_NOTIFY_* do:

    [event_targets]
    hook = "https://build.example.org/s3-events"
    audit = "redis://redis:6379/0?stream=s3-events"

Bucket configurations name them `arn:sixfold:sqs::hook:webhook` and `arn:sixfold:sqs::audit:redis`. "sqs" may
be "sns" or "lambda", for topics and functions and for clients that check it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

KINDS = {"https": "webhook", "http": "webhook", "redis": "redis", "rediss": "redis"}
STREAM, STREAM_LENGTH = "sixfold-events", 100_000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ARN = re.compile(
    r"arn:(?:sixfold|aws|minio):(?:sqs|sns|lambda):[a-z0-9-]*:([A-Za-z0-9_-]{1,64}):(webhook|redis)"
)


@dataclass(frozen=True, slots=True)
class Target:
    """One target. `url` may hold a password, so no repr shows it.

    Webhook: `token` is its bearer token. Redis: `stream` is the key of the stream, trimmed to about `length`
    entries.
    """

    name: str
    kind: str
    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    stream: str = STREAM
    length: int = STREAM_LENGTH

    @property
    def arn(self) -> str:
        return f"arn:sixfold:sqs::{self.name}:{self.kind}"


def read_target(name: str, url: str) -> Target:
    """Parse a target of the settings. Raises ValueError, with a text that holds no secret.

    A webhook's token may be in the URL: `https://:TOKEN@host/path`. A Redis URL takes `?stream=` and
    `&length=`.
    """
    parts = urlsplit(url)
    kind = KINDS.get(parts.scheme)
    if not _NAME.fullmatch(name):
        raise ValueError(f"target name {name!r}: use 1 to 64 letters, digits, - and _")
    if kind is None or not parts.hostname:
        raise ValueError(f"target {name}: the URL must begin with http://, https://, redis:// or rediss://")
    if kind == "webhook":
        host = parts.netloc.rpartition("@")[2]
        token = parts.password if parts.password and not parts.username else None
        return Target(name, kind, parts._replace(netloc=host).geturl() if token else url, token)
    query = parse_qs(parts.query)
    length = query.get("length", [str(STREAM_LENGTH)])[0]
    if not length.isdecimal() or not int(length):
        raise ValueError(f"target {name}: length must be a number of entries")
    stream = query.get("stream", [STREAM])[0]
    return Target(name, kind, parts._replace(query="").geturl(), None, stream, int(length))


class Targets:
    """All targets of the settings, by ARN. Raises ValueError for an invalid one."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._by_name = {name: read_target(name, url) for name, url in given.items()}

    def __iter__(self) -> Iterator[Target]:
        return iter(self._by_name.values())

    def find(self, arn: str) -> Target | None:
        """Return the target of an ARN, None if no target has that name and kind."""
        found = self._by_name.get(arn.split(":")[-2]) if _ARN.fullmatch(arn) else None
        return found if found and found.arn == canonical_arn(arn) else None


NO_TARGETS = Targets({})


def canonical_arn(arn: str) -> str:
    """Return an ARN in our own form, whichever service and partition the client named."""
    match = _ARN.fullmatch(arn)
    return f"arn:sixfold:sqs::{match[1]}:{match[2]}" if match else arn
