"""Measure the CPU time of one request in the gateway, without sockets and without a client.

    python -m tests.bench.cost [--only get4k,put4k,...] [--rounds 5] [--profile SCENARIO]

The gateway runs in this process on its embedded default; requests are recorded bytes, fed to the very
protocol objects that the server makes for connections, over a transport that keeps what is written. Sixteen
connections have one request each under way. CPU time too is disturbed by what else the machine does (the
other half of a core is shared with others), so requests are measured in short lots, each between two runs of
one fixed piece of Python; times are as if that took YARDSTICK_S, and the median of the lots is shown. `loop`
is the event loop's thread, which is what bounds a single worker; `all` adds the threads that wait for disks,
with the kernel's share. `--profile` prints where the time of the loop goes, function by function (cProfile:
look at the shares, not at the times).
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import hmac
import pstats
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import uvicorn
import uvloop

from s3api.serving import server
from s3api.serving.app import create_app
from s3api.settings import load

ACCESS, SECRET, HOST = "SIXFOLDBENCH", "sixfold-bench-secret", "127.0.0.1:8260"
CONNECTIONS = 16
KEYS, LOTS, YARDSTICK_S = 1000, 10, 0.0008
SMALL, MEDIUM = b"0123456789abcdef" * 256, b"0123456789abcdef" * 4096


class Transport(asyncio.Transport):
    """A transport without a socket that collects the answer until it is complete."""

    def __init__(self, answered: Callable[[], None]) -> None:
        super().__init__({"socket": None, "peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.out: list[bytes] = []
        self._answered = answered
        self._missing = -1

    def write(self, data: Any) -> None:
        self.writelines([data])

    def writelines(self, data: Any) -> None:
        pieces = [bytes(piece) for piece in data]
        self.out += pieces
        if self._missing < 0:
            head, _, body = b"".join(self.out).partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._missing = int(length or 0) - len(body)
        else:
            self._missing -= sum(map(len, pieces))
        if self._missing <= 0:
            self._missing = -1
            self._answered()

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Connection:
    """One connection of the server, seen from its client."""

    def __init__(self, config: uvicorn.Config, state: Any) -> None:
        self.protocol: Any = config.http_protocol_class(config=config, server_state=state, app_state={})
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport = Transport(self._answered)
        self.protocol.connection_made(self.transport)

    def _answered(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    async def ask(self, request: bytes) -> list[bytes]:
        self.transport.out, self.done = [], asyncio.get_running_loop().create_future()
        self.protocol.data_received(request)
        await self.done
        return self.transport.out


def presigned(method: str, path: str, query: Sequence[tuple[str, str]] = (), body: bytes = b"") -> bytes:
    """Make a request as wrk sends it: presigned, few headers."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
    pairs = [("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Credential", f"{ACCESS}/{scope}")]
    pairs += [("X-Amz-Date", stamp), ("X-Amz-Expires", "86400"), ("X-Amz-SignedHeaders", "host"), *query]
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(pairs))
    canonical = f"{method}\n{path}\n{text}\nhost:{HOST}\n\nhost\nUNSIGNED-PAYLOAD"
    text += f"&X-Amz-Signature={_signature(stamp, scope, canonical)}"
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path}?{text} HTTP/1.1\r\nHost: {HOST}\r\n{length}\r\n".encode() + body


def signed(method: str, path: str, body: bytes = b"") -> bytes:
    """Make a request as an SDK sends it: signed in a header, a dozen headers, payload SHA-256."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/us-east-1/s3/aws4_request"
    digest = sha256(body).hexdigest()
    fields = {"host": HOST, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    names = ";".join(fields)
    lines = "".join(f"{name}:{value}\n" for name, value in fields.items())
    signature = _signature(stamp, scope, f"{method}\n{path}\n\n{lines}\n{names}\n{digest}")
    fields["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    fields |= {"user-agent": "Boto3/1.43.62 md/Botocore#1.43.62 ua/2.1 os/linux md/arch#x86_64 lang/python"}
    fields |= {"amz-sdk-invocation-id": "0d3bd8b5-6d08-4b61-9a4f-2a5a1c9b7a4e", "accept-encoding": "identity"}
    fields |= {"amz-sdk-request": "attempt=1", "content-length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def _signature(stamp: str, scope: str, canonical: str) -> str:
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _key(prefix: str, number: int) -> str:
    return f"/bench/{prefix}/{number:06d}"


SCENARIOS: dict[str, tuple[int, Callable[[int], bytes]]] = {
    "get4k": (800, lambda i: presigned("GET", _key("base", i % KEYS))),
    "get4k-sdk": (800, lambda i: signed("GET", _key("base", i % KEYS))),
    "put4k": (400, lambda i: presigned("PUT", _key("4k", i), body=SMALL)),
    "put4k-sdk": (400, lambda i: signed("PUT", _key("4k", i), body=SMALL)),
    "get64k": (600, lambda i: presigned("GET", _key("base64", i % 100))),
    "put64k": (160, lambda i: presigned("PUT", _key("64k", i), body=MEDIUM)),
    "list": (12, lambda i: presigned("GET", "/bench", [("list-type", "2"), ("prefix", "base/")])),
}


async def measure(data: Path, names: Sequence[str], rounds: int, profile: bool) -> None:
    config = server._config(load(data=data, access_key=ACCESS, secret_key=SECRET), _app(data))
    config.load()
    state = uvicorn.server.ServerState()
    async with config.loaded_app._lifespan(config.loaded_app._api):
        connections = [Connection(config, state) for _ in range(CONNECTIONS)]
        await run(connections[:1], [presigned("PUT", "/bench")])
        await run(connections, [presigned("PUT", _key("base", i), body=SMALL) for i in range(KEYS)])
        await run(connections, [presigned("PUT", _key("base64", i), body=MEDIUM) for i in range(100)])
        for name in names:
            count, make = SCENARIOS[name]
            spent: list[tuple[float, ...]] = []
            for lot in range(rounds * LOTS):
                requests = [make(lot * count + i) for i in range(count)]
                before_s = _yardstick_s()
                took = await _timed(connections, requests, profile and lot == rounds * LOTS - 1)
                scale = YARDSTICK_S * 2 / (before_s + _yardstick_s()) / count * 1e6
                spent.append(tuple(seconds * scale for seconds in took))
            loop, everything, wall = (median(column) for column in zip(*spent, strict=True))
            print(f"{name:10s} loop {loop:7.1f} us   all {everything:7.1f} us   wall {wall:7.1f} us")


def _app(data: Path) -> Any:
    return create_app(load(data=data, access_key=ACCESS, secret_key=SECRET), own_process=True)


def _yardstick_s() -> float:
    """Seconds that a fixed piece of Python takes now."""
    began_s, counts = time.thread_time(), dict[bytes, int]()
    for number in range(3000):
        key = b"%d" % (number & 255)
        counts[key] = counts.get(key, 0) + len(key.partition(b"1"))
    return time.thread_time() - began_s


async def _timed(connections: Sequence[Connection], requests: Sequence[bytes], profile: bool) -> list[float]:
    profiler = cProfile.Profile() if profile else None
    before = time.thread_time(), time.process_time(), time.perf_counter()
    if profiler:
        profiler.enable()
    await run(connections, requests)
    if profiler:
        profiler.disable()
    after = time.thread_time(), time.process_time(), time.perf_counter()
    if profiler:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
    return [b - a for a, b in zip(before, after, strict=True)]


async def run(connections: Sequence[Connection], requests: Sequence[bytes]) -> None:
    rest = iter(requests)
    await asyncio.gather(*(_client(connection, rest) for connection in connections))


async def _client(connection: Connection, requests: Iterator[bytes]) -> None:
    for request in requests:
        answer = await connection.ask(request)
        if not answer[0].startswith(b"HTTP/1.1 200"):
            raise SystemExit(b"".join(answer).decode("latin-1"))


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(SCENARIOS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args(arguments)
    sys.setswitchinterval(server.SWITCH_INTERVAL_S)
    with tempfile.TemporaryDirectory(prefix="sixfold-cost-") as work:
        uvloop.run(measure(Path(work), given.only.split(","), given.rounds, given.profile))


if __name__ == "__main__":
    main(sys.argv[1:])
