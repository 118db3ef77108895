"""Reading blobs that are encrypted: which segments a range touches, and their bytes decrypted on the way.

Extents count plaintext, blobs hold ciphertext. A range becomes `Run`s of whole segments; the reader fetches
them as it fetches anything, and what it brings is decrypted a buffer at a time (1 MiB at the most), large
ones off the event loop.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from chunkd import Buffer
from metadata.records import Blob, Extent
from s3api.blobs.reader import DataUnavailable
from s3api.crypto import PLAIN_BYTES, SEGMENT_BYTES, BlobCipher, ContentKey, Tampered

INLINE_BYTES = 64 << 10
InThread = Callable[[Callable[[], bytes]], Awaitable[bytes]]


class DecryptionFailed(DataUnavailable):
    """Bytes of a blob do not verify under the object's key, though its chunks are sound."""

    def __init__(self, blob_id: bytes) -> None:
        super().__init__(blob_id, 0, 0)

    def __str__(self) -> str:
        return f"blob {self.blob_id.hex()} does not decrypt: it was altered, or has another key"


@dataclass(frozen=True, slots=True)
class Run:
    """Segments of one blob from number `first` on, stored at [at, stop) of it; of their plaintext `length`
    bytes are wanted after the first `skip`.
    """

    blob: Blob
    first: int
    at: int
    stop: int
    skip: int
    length: int


def runs_of(extents: Sequence[Extent], start: int, stop: int) -> list[Run]:
    """What must be fetched for bytes [start, stop) of an object."""
    out: list[Run] = []
    for extent in extents:
        low, high = max(start, extent.start), min(stop, extent.start + extent.length)
        if low >= high:
            continue
        begin = low - extent.start + extent.offset
        end = begin + high - low
        first, last = begin // PLAIN_BYTES, (end - 1) // PLAIN_BYTES
        stored_stop = min((last + 1) * SEGMENT_BYTES, extent.blob.size)
        skip = begin - first * PLAIN_BYTES
        out.append(Run(extent.blob, first, first * SEGMENT_BYTES, stored_stop, skip, end - begin))
    return out


def stored_extents(runs: Sequence[Run]) -> list[Extent]:
    """The runs as extents of what is stored, one behind the other."""
    out: list[Extent] = []
    start = 0
    for run in runs:
        out.append(Extent(start, run.stop - run.at, run.blob, run.at))
        start += run.stop - run.at
    return out


def opened(run: Run, stored: Buffer, key: ContentKey) -> Buffer:
    """The plaintext of a run that is in hand as a whole. Raises DecryptionFailed."""
    plain = _decrypted(run, key.blob(run.blob.id), stored, run.first)
    if run.skip or run.length != len(plain):
        return memoryview(plain)[run.skip : run.skip + run.length]
    return plain


async def decrypted(
    stream: AsyncGenerator[Buffer, None], runs: Sequence[Run], key: ContentKey, in_thread: InThread
) -> AsyncGenerator[Buffer, None]:
    """The plaintext of `runs`, out of the bytes of their stored extents. Raises what the stream does, and
    DecryptionFailed.
    """
    async with aclosing(stream):
        for run in runs:
            skip, left = run.skip, run.length
            async for plain in _plain(stream, run, key, in_thread):
                piece = memoryview(plain)[skip : skip + left]
                skip, left = max(0, skip - len(plain)), left - len(piece)
                yield piece


async def _plain(
    stream: AsyncIterator[Buffer], run: Run, key: ContentKey, in_thread: InThread
) -> AsyncIterator[bytes]:
    """One run, decrypted. A buffer of the stream never reaches over its end; a segment may reach over a
    buffer's, in the last stripe of a blob.
    """
    cipher = key.blob(run.blob.id)
    number, left = run.first, run.stop - run.at
    rest: Buffer = b""
    while left:
        buffer = await anext(stream)
        left -= len(buffer)
        data = b"".join((rest, buffer)) if rest else buffer
        whole = len(data) - len(data) % SEGMENT_BYTES if left else len(data)
        rest = memoryview(data)[whole:]
        if whole:
            stored = memoryview(data)[:whole]
            if whole <= INLINE_BYTES:
                yield _decrypted(run, cipher, stored, number)
            else:
                yield await in_thread(partial(_decrypted, run, cipher, stored, number))
            number += -(-whole // SEGMENT_BYTES)


def _decrypted(run: Run, cipher: BlobCipher, stored: Buffer, first: int) -> bytes:
    try:
        return cipher.open(stored, first)
    except Tampered:
        raise DecryptionFailed(run.blob.id) from None
