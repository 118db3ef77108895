"""A webhook server that records its requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Hook:
    """A webhook server. `answer`: rest of its status line, "" to never answer; requests are (head, JSON)."""

    port: int = 0
    answer: str = "200 OK"
    extra: str = ""
    requests: list[tuple[str, Any]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?x=y"

    @property
    def messages(self) -> list[Any]:
        return [body for _, body in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.serving.add(task)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next(
                    int(line.split(":")[1])
                    for line in head.splitlines()
                    if line.lower().startswith("content-length")
                )
                self.requests.append((head, json.loads(await reader.readexactly(length))))
                self.came.set()
                if not self.answer:
                    await asyncio.Event().wait()
                writer.write(f"HTTP/1.1 {self.answer}\r\n{self.extra}content-length: 0\r\n\r\n".encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            self.serving.discard(task)
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def hook() -> AsyncIterator[Hook]:
    one = Hook()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        serving = list(one.serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving)
