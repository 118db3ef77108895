"""One request that is over, as those see it who keep account of requests: the access log, the metrics, S3's
server access logging.

The gateway writes down what it knows as it goes along; all else (referrer, user agent, TLS) is read out of
the request when a sink asks, so a record costs the hot path next to nothing. No signature and no secret comes
out of here: `target` is without those of a presigned URL.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from s3api.http.request import Scope, Tls, tls_of

if TYPE_CHECKING:
    from s3api.operations.call import Call
    from s3api.signatures import VerifiedRequest

SERVER = b"Sixfold"
"""The Server header of every answer."""
HOST_ID = "sixfold"
"""The x-amz-id-2 of every answer, the host id in events and bucket logs."""
CLIENT_GONE = "ClientGone"
"""The `code` of a request whose client closed the connection before its answer was complete."""
CUT_SHORT = "CutShort"
"""The `code` of an answer that was cut short, because the rest of its bytes could not be read."""
GONE_STATUS = 499  # what nginx logs for a client that went before it was answered; never on the wire

_SECRET = re.compile(
    rb"(?i)((?:^|&)(?:x-amz-signature|x-amz-credential|x-amz-security-token|signature|awsaccesskeyid)=)[^&]*"
)


def new_request_id() -> str:
    """A random x-amz-request-id: 16 hex digits."""
    return f"{random.getrandbits(64):016X}"


class AccessRecord:
    """The facts of one finished request. Times in seconds are of `time.perf_counter`.

    A sink may keep it, but it keeps the request's headers, inputs and outputs alive.
    """

    # Class attributes are the defaults, so that an instance stores only what happened to its request.
    operation = ""
    """As boto3 names it (PutObject), `rest.` and the route's name for REST, "" where it was not found out."""
    bucket: str | None = None
    key: str | None = None
    access_key: str | None = None
    """Who sent it, proved; None for an anonymous request, or one that could not prove it."""
    owner = ""
    """The canonical id of the account that `access_key` belongs to, "" for anonymous."""
    status = 0
    """HTTP status of the answer; 499 where the client closed the connection before there was one."""
    code = ""
    """S3's error code, `CLIENT_GONE`, `CUT_SHORT`, or "" where all went well."""
    received = 0
    """Bytes of the body received, transfer coding included."""
    sent = 0
    """Bytes of the answer's body."""
    answered = 0.0
    """When the answer's head was ready; 0 where it never was."""
    ended = 0.0
    trace_id = ""
    """32 hex digits where the request is traced, else ""."""
    verified: VerifiedRequest | None = None
    call: Call | None = None
    """What the operation was given: the stores, the bucket and its settings. None where it never ran."""
    output: Mapping[str, Any] | None = None
    """What the operation answered, by the model's names (ContentLength, ETag, VersionId, ...)."""

    def __init__(self, scope: Scope, request_id: str) -> None:
        self.scope, self.request_id = scope, request_id
        self.began = time.perf_counter()

    @property
    def method(self) -> str:
        method: str = self.scope["method"]
        return method

    @property
    def seconds(self) -> float:
        """From the request's head to the end of its answer."""
        return self.ended - self.began

    @property
    def time_us(self) -> int:
        """When the request arrived, in microseconds since 1970 UTC."""
        return int((time.time() - (time.perf_counter() - self.began)) * 1e6)

    @property
    def client(self) -> str:
        """The address of the client, "" where there is none."""
        peer = self.scope.get("client")
        return str(peer[0]) if peer else ""

    @property
    def target(self) -> str:
        """Path and query as they were sent, the values of credentials and signatures left out."""
        query: bytes = self.scope["query_string"]
        path: bytes = self.scope["raw_path"]
        return (path + b"?" + _SECRET.sub(rb"\1-", query) if query else path).decode("latin-1")

    @property
    def http_version(self) -> str:
        return str(self.scope.get("http_version", "1.1"))

    @property
    def tls(self) -> Tls | None:
        """The TLS of the connection, None where it was plain. Behind a TLS proxy it is the proxy's."""
        return tls_of(self.scope)

    def header(self, name: str) -> str:
        """A header of the request (by its lower-case name), "" where there is none: referer, user-agent,
        host, ..."""
        wanted = name.encode()
        values = [value for known, value in self.scope["headers"] if known == wanted]
        return b",".join(values).decode("utf-8", "replace")

    def end(self, received: int) -> None:
        """Mark the request as finished, with `received` bytes of body."""
        self.received, self.ended = received, time.perf_counter()
        if not self.status:
            self.status = GONE_STATUS


Sink = Callable[[AccessRecord], None]
"""Takes the record of a request that is over. It neither blocks nor raises: it runs on the event loop."""


class Sinks:
    """The sinks of a gateway. More can be appended at any time."""

    def __init__(self, *sinks: Sink) -> None:
        self.all = list(sinks)

    def __call__(self, record: AccessRecord) -> None:
        for sink in self.all:
            sink(record)
