"""Where events go: the targets of the settings, and the ARNs by which buckets name them.

`event_targets` of the settings gives each target a name and a URL, as MinIO's MINIO_NOTIFY_* do:

    [event_targets]
    hook = "https://build.example.org/s3-events"
    audit = "redis://redis:6379/0?stream=s3-events"

A bucket's configuration names them `arn:sixfold:sqs::hook:webhook` and `arn:sixfold:sqs::audit:redis`; a
topic or a function may be named so too, and "sqs" may be "sns" or "lambda", for clients that look at it.
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
    """`url` may hold a password, and never enters a repr. For a webhook `token` is its bearer token; for
    Redis `stream` is the key of the stream, kept at about `length` entries.
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
    """A target of the settings. A webhook's token may stand before the host: `https://:TOKEN@host/path`; a
    Redis URL takes `?stream=` and `&length=`.

    Raises ValueError, with a text that holds no secret.
    """
    parts = urlsplit(url)
    kind = KINDS.get(parts.scheme)
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a target: letters, digits, - and _ make one")
    if kind is None or not parts.hostname:
        raise ValueError(f"target {name}: the URL begins with http://, https://, redis:// or rediss://")
    if kind == "webhook":
        host = parts.netloc.rpartition("@")[2]
        token = parts.password if parts.password and not parts.username else None
        return Target(name, kind, parts._replace(netloc=host).geturl() if token else url, token)
    query = parse_qs(parts.query)
    length = query.get("length", [str(STREAM_LENGTH)])[0]
    if not length.isdecimal() or not int(length):
        raise ValueError(f"target {name}: length is a number of entries")
    stream = query.get("stream", [STREAM])[0]
    return Target(name, kind, parts._replace(query="").geturl(), None, stream, int(length))


class Targets:
    """All targets of the settings, by ARN. Raises ValueError where one is none."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._by_name = {name: read_target(name, url) for name, url in given.items()}

    def __iter__(self) -> Iterator[Target]:
        return iter(self._by_name.values())

    def find(self, arn: str) -> Target | None:
        """The target that an ARN means; None where there is none, or it is of another kind."""
        found = self._by_name.get(arn.split(":")[-2]) if _ARN.fullmatch(arn) else None
        return found if found and found.arn == canonical_arn(arn) else None


NO_TARGETS = Targets({})


def canonical_arn(arn: str) -> str:
    """An ARN as the target itself has it, whichever service and partition a client named."""
    match = _ARN.fullmatch(arn)
    return f"arn:sixfold:sqs::{match[1]}:{match[2]}" if match else arn
