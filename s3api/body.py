"""The payload of one request: read piece by piece, decoded, limited, and checked against its declaration.

A `Source` returns raw pieces as they arrive and [] at the end; a `Decoder` may remove the aws-chunked coding.
Bytes are read only on demand, so a request that is refused early costs no transfer, and a client that waits
for 100-continue sends nothing. Knows no HTTP framework, no operation and no node.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, cast

from chunkd import Buffer
from s3api.errors import S3Error
from s3api.tasks.first_step import Resumed, in_task

# A piece costs 250 bytes beside its own: a body that comes byte by byte would take 250 times its length.
MOST_PIECES = 1024

Source = Callable[[], Coroutine[Any, Any, Sequence[Buffer]]]


class Decoder(Protocol):
    """Removes a transfer coding, such as `s3api.signatures.aws_chunked.ChunkedDecoder`."""

    @property
    def trailers(self) -> Mapping[str, str]: ...

    def feed(self, data: Buffer) -> Sequence[Buffer]: ...

    def finish(self) -> None: ...


class ClientGone(Exception):
    """The client closed the connection before its body or its answer was complete."""


class Body:
    """A request's payload.

    `length` is the declared length of the decoded bytes, None without a declaration. `sha256` is the hex
    digest that the signature covers, None for an unsigned payload; `trailer_names` are the announced trailer
    fields, in lower case; `awaited` says that the client waits for 100-continue before it sends the body.
    Raises S3Error IncompleteBody for too few or too many bytes, EntityTooLarge past `limit_bytes`,
    RequestTimeout after `idle_s` without a byte, whatever the decoder raises, and ClientGone.
    """

    __slots__ = (
        "_decoder", "_ended", "_idle_s", "_limit", "_pieces", "_source",
        "awaited", "length", "received", "sha256", "trailer_names",
    )  # fmt: skip

    def __init__(
        self,
        source: Source,
        length: int | None = None,
        *,
        decoder: Decoder | None = None,
        sha256: str | None = None,
        trailer_names: Sequence[str] = (),
        limit_bytes: int | None = None,
        idle_s: float | None = 60.0,
        awaited: bool = False,
    ) -> None:
        self._source, self._decoder, self._limit, self._idle_s = source, decoder, limit_bytes, idle_s
        self.length, self.sha256, self.trailer_names = length, sha256, trailer_names
        self.awaited = awaited
        self.received = 0
        self._pieces: deque[memoryview] = deque()
        self._ended = False

    @property
    def trailers(self) -> Mapping[str, str]:
        """The trailer fields by lower-case name, complete only after the last byte is read."""
        return self._decoder.trailers if self._decoder else {}

    async def fill(self, view: memoryview) -> int:
        """Copy bytes to the front of `view` until it is full or the body ends; return their number."""
        done, room = 0, len(view)
        while done < room:
            if not self._pieces and not await self._more():
                break
            piece = self._pieces[0]
            n = min(len(piece), room - done)
            view[done : done + n] = piece[:n]
            done += n
            if n == len(piece):
                self._pieces.popleft()
            else:
                self._pieces[0] = piece[n:]
        return done

    async def read_all(self, most: int) -> Buffer:
        """Read the whole body. Raises EntityTooLarge for more than `most` bytes.

        Copies nothing if the body arrives in one piece.
        """
        parts: list[Buffer] = []
        rest = bytearray()
        size = 0
        while self._pieces or await self._more():
            piece = self._pieces.popleft()
            size += len(piece)
            if size > most:
                raise S3Error("EntityTooLarge", MaxSizeAllowed=str(most))
            if len(parts) < MOST_PIECES:
                parts.append(piece)
            else:
                rest += piece
        if rest:
            parts.append(rest)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def pieces(self) -> Sequence[Buffer]:
        """Return the next bytes, [] at the checked end: a `Source` for another reader."""
        taken = list(self._pieces) if self._pieces or await self._more() else []
        self._pieces.clear()
        return taken

    async def _more(self) -> bool:
        """Read until there is at least one piece; False at the checked end."""
        while not self._ended:
            raw = await self._next()
            if not raw:
                self._finish()
                return False
            for data in raw:
                for piece in self._decoder.feed(data) if self._decoder else (data,):
                    if len(piece):
                        self._accept(memoryview(piece))
            if self._pieces:
                return True
        return False

    async def _next(self) -> Sequence[Buffer]:
        """Return the source's next pieces. Sets a timer only if they have not arrived yet: most have."""
        fetching = self._source().__await__()
        try:
            waited_for = fetching.send(None)
        except StopIteration as there:
            return cast(Sequence[Buffer], there.value)
        await in_task()
        try:
            async with asyncio.timeout(self._idle_s):
                return cast(Sequence[Buffer], await Resumed(fetching, waited_for))
        except TimeoutError:
            raise S3Error("RequestTimeout") from None

    def _accept(self, piece: memoryview) -> None:
        self.received += len(piece)
        if self._limit is not None and self.received > self._limit:
            raise S3Error("EntityTooLarge", MaxSizeAllowed=str(self._limit))
        if self.length is not None and self.received > self.length:
            raise S3Error("IncompleteBody")
        self._pieces.append(piece)

    def _finish(self) -> None:
        self._ended = True
        if self._decoder:
            self._decoder.finish()
        if self.length is not None and self.received != self.length:
            raise S3Error("IncompleteBody")
