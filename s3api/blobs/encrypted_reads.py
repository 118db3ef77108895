"""Read encrypted blobs: find the segments that a range touches, and decrypt them.

Extents count plaintext, blobs hold ciphertext. A range becomes `SegmentRun`s of whole segments, which the
reader fetches like any other bytes. They are decrypted a buffer at a time (at most 1 MiB), large buffers in a
thread.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from chunkd import Buffer
from metadata.records import Blob, Extent
from s3api.blobs.stripe_reader import DataUnavailable
from s3api.crypto import PLAIN_BYTES, SEGMENT_BYTES, BlobCipher, ContentKey, Tampered

DECRYPT_INLINE_BYTES = SEGMENT_BYTES  # up to this size, decrypted on the event loop
RunInThread = Callable[[Callable[[], bytes]], Awaitable[bytes]]


class DecryptionFailed(DataUnavailable):
    """A blob does not decrypt with the object's key, though its chunks are sound."""

    def __init__(self, blob_id: bytes) -> None:
        super().__init__(blob_id, 0, 0)

    def __str__(self) -> str:
        return f"blob {self.blob_id.hex()} does not decrypt: it was altered, or encrypted with another key"


@dataclass(frozen=True, slots=True)
class SegmentRun:
    """Adjacent segments of one blob, from number `first` on, stored at [at, stop) of it.

    Of their plaintext, `length` bytes after the first `skip` are requested.
    """

    blob: Blob
    first: int
    at: int
    stop: int
    skip: int
    length: int


def segment_runs(extents: Sequence[Extent], start: int, stop: int) -> list[SegmentRun]:
    """The segments to fetch for bytes [start, stop) of an object, of plaintext."""
    out: list[SegmentRun] = []
    for extent in extents:
        low, high = max(start, extent.start), min(stop, extent.start + extent.length)
        if low >= high:
            continue
        begin = low - extent.start + extent.offset
        end = begin + high - low
        first, last = begin // PLAIN_BYTES, (end - 1) // PLAIN_BYTES
        stored_stop = min((last + 1) * SEGMENT_BYTES, extent.blob.size)
        skip = begin - first * PLAIN_BYTES
        out.append(SegmentRun(extent.blob, first, first * SEGMENT_BYTES, stored_stop, skip, end - begin))
    return out


def stored_extents(runs: Sequence[SegmentRun]) -> list[Extent]:
    """The runs as extents of ciphertext, one after the other."""
    out: list[Extent] = []
    start = 0
    for run in runs:
        out.append(Extent(start, run.stop - run.at, run.blob, run.at))
        start += run.stop - run.at
    return out


def decrypt_run(run: SegmentRun, stored: Buffer, key: ContentKey) -> Buffer:
    """The plaintext of a run whose ciphertext is in one buffer. Raises DecryptionFailed."""
    plain = _decrypt(run, key.blob(run.blob.id), stored, run.first)
    if run.skip or run.length != len(plain):
        return memoryview(plain)[run.skip : run.skip + run.length]
    return plain


async def decrypt_stream(
    stream: AsyncGenerator[Buffer, None],
    runs: Sequence[SegmentRun],
    key: ContentKey,
    run_in_thread: RunInThread,
) -> AsyncGenerator[Buffer, None]:
    """Stream the plaintext of `runs` from a stream of their ciphertext.

    Raises what the stream raises, and DecryptionFailed.
    """
    async with aclosing(stream):
        for run in runs:
            skip, left = run.skip, run.length
            async for plain in _decrypt_parts(stream, run, key, run_in_thread):
                piece = memoryview(plain)[skip : skip + left]
                skip, left = max(0, skip - len(plain)), left - len(piece)
                yield piece


async def _decrypt_parts(
    stream: AsyncIterator[Buffer], run: SegmentRun, key: ContentKey, run_in_thread: RunInThread
) -> AsyncIterator[bytes]:
    """Decrypt one run, buffer by buffer.

    A buffer never extends past the end of a run. In the last stripe of a blob a segment may extend past the
    end of a buffer.
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
            if whole <= DECRYPT_INLINE_BYTES:
                yield _decrypt(run, cipher, stored, number)
            else:
                yield await run_in_thread(partial(_decrypt, run, cipher, stored, number))
            number += -(-whole // SEGMENT_BYTES)


def _decrypt(run: SegmentRun, cipher: BlobCipher, stored: Buffer, first: int) -> bytes:
    try:
        return cipher.decrypt(stored, first)
    except Tampered:
        raise DecryptionFailed(run.blob.id) from None
