"""`AccessRecord`: one finished request, for the access log, the metrics and S3's server access logging.

The gateway sets the attributes while it handles the request. The rest (referrer, user agent, TLS) is computed
from the request when a sink reads it, so that a record costs the hot path next to nothing. A record shows no
secret and no signature: `target` leaves those of a presigned URL out.
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
GONE_STATUS = 499  # nginx logs it for a client that left before the answer; never sent

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
    """The name in boto3 (PutObject), or `rest.` and the name of the REST route; "" if none matched."""
    bucket: str | None = None
    key: str | None = None
    access_key: str | None = None
    """The access key of a verified signature or password; None if the request was anonymous or refused."""
    owner = ""
    """The canonical id of the account that `access_key` belongs to, "" for anonymous."""
    status = 0
    """HTTP status of the answer; 499 if the client closed the connection before it."""
    code = ""
    """S3's error code, `CLIENT_GONE`, `CUT_SHORT`, or "" for success."""
    received = 0
    """Bytes of the body received, transfer coding included."""
    sent = 0
    """Bytes of the answer's body."""
    answered = 0.0
    """When the head of the answer was ready; 0 if it never was."""
    ended = 0.0
    trace_id = ""
    """32 hex digits; "" if the request is not traced."""
    verified: VerifiedRequest | None = None
    call: Call | None = None
    """The input of the operation: stores, bucket, its settings. None if no operation ran."""
    output: Mapping[str, Any] | None = None
    """The output of the operation, by the names of the S3 model (ContentLength, ETag, VersionId, ...)."""

    def __init__(self, scope: Scope, request_id: str) -> None:
        self.scope, self.request_id = scope, request_id
        self.began = time.perf_counter()

    @property
    def method(self) -> str:
        method: str = self.scope["method"]
        return method

    @property
    def seconds(self) -> float:
        """Seconds from the head of the request to the end of its answer."""
        return self.ended - self.began

    @property
    def time_us(self) -> int:
        """The time of arrival, in microseconds since 1970 UTC."""
        return int((time.time() - (time.perf_counter() - self.began)) * 1e6)

    @property
    def client(self) -> str:
        """The address of the client; "" if unknown."""
        peer = self.scope.get("client")
        return str(peer[0]) if peer else ""

    @property
    def target(self) -> str:
        """Path and query as sent, without the values of credentials and signatures."""
        query: bytes = self.scope["query_string"]
        path: bytes = self.scope["raw_path"]
        return (path + b"?" + _SECRET.sub(rb"\1-", query) if query else path).decode("latin-1")

    @property
    def http_version(self) -> str:
        return str(self.scope.get("http_version", "1.1"))

    @property
    def tls(self) -> Tls | None:
        """The TLS of the connection (that of the proxy, behind a TLS proxy); None for plain HTTP."""
        return tls_of(self.scope)

    def header(self, name: str) -> str:
        """Return a request header (referer, user-agent, host, ...) by its lower-case name; "" if absent."""
        wanted = name.encode()
        values = [value for known, value in self.scope["headers"] if known == wanted]
        return b",".join(values).decode("utf-8", "replace")

    def end(self, received: int) -> None:
        """Mark the request as finished, with `received` bytes of body."""
        self.received, self.ended = received, time.perf_counter()
        if not self.status:
            self.status = GONE_STATUS


Sink = Callable[[AccessRecord], None]
"""Takes the record of a finished request. Runs on the event loop: it must neither block nor raise."""


class Sinks:
    """The sinks of a gateway. More can be appended at any time."""

    def __init__(self, *sinks: Sink) -> None:
        self.all = list(sinks)

    def __call__(self, record: AccessRecord) -> None:
        for sink in self.all:
            sink(record)
