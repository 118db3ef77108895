"""Ids and frames of a stripe's chunks, and the buffer in which a full stripe is encoded.

A chunk's id is its blob's id (16 bytes, UUIDv7: neighbours in time are neighbours on the node), the stripe's
number (4 bytes, big-endian) and the slot (1 byte). A frame (`chunkd.frame`) is stored under it: a header with
checksums, then the payload.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from chunkd import Buffer, frame
from metadata.records import Blob
from s3api.blobs.erasure import DATA_CHUNKS, STRIPE_BYTES, chunk_offsets, encode_parity, encode_parity_into
from s3api.crypto import PLAIN_BYTES, SEGMENT_BYTES, TAG_BYTES, ContentKey

BLOB_ID_BYTES = 16
MAX_STRIPES = 1 << 32
SEGMENTS = STRIPE_BYTES // SEGMENT_BYTES  # of an encrypted blob, in each of its full stripes

Chunks = Sequence[tuple[bytes, Buffer]]
"""Chunks as a node takes them: (chunk id, frame), in the order of their slots."""


class StripeResult(NamedTuple):
    """The outcome of writing one stripe.

    `missing`: the slots whose chunk was not stored; None if too many failed, so that the stripe is not safe.
    `late`: a node has not answered yet and may still be reading the buffers.
    """

    missing: Sequence[int] | None
    late: bool


ALL_STORED = StripeResult((), late=False)


def chunk_id(blob_id: bytes, stripe: int, slot: int) -> bytes:
    """The id of a chunk: 21 bytes."""
    return blob_id + stripe.to_bytes(4, "big") + slot.to_bytes(1, "big")


def parse_chunk_id(name: bytes) -> tuple[bytes, int, int]:
    """(blob id, stripe, slot).

    Raises ValueError if `name` is no chunk id.
    """
    if len(name) != BLOB_ID_BYTES + 5:
        raise ValueError(f"{name.hex()} is no chunk id")
    return name[:BLOB_ID_BYTES], int.from_bytes(name[16:20], "big"), name[20]


def stripe_count(blob: Blob) -> int:
    return -(-blob.size // blob.stripe_bytes)


def stripe_size(blob: Blob, stripe: int) -> int:
    return min(blob.stripe_bytes, blob.size - stripe * blob.stripe_bytes)


def chunks_by_node(blob: Blob, stripes: Iterator[int] | range) -> dict[int, list[bytes]]:
    """The ids of a blob's chunks in `stripes`, by node id."""
    out: dict[int, list[bytes]] = {}
    for stripe in stripes:
        for slot, node in enumerate(blob.nodes):
            out.setdefault(node, []).append(chunk_id(blob.id, stripe, slot))
    return out


def encode_stripe(blob_id: bytes, data: Buffer, parity: int) -> Sequence[tuple[bytes, Buffer]]:
    """Encode the only stripe of a small blob: all chunks (id, frame), by slot. Copies `data` once."""
    view = memoryview(data)
    payloads: list[Buffer] = [view[start:stop] for start, stop in pairwise(chunk_offsets(len(data)))]
    payloads += encode_parity(payloads, parity)
    return encode_chunks(blob_id, 0, payloads)


def encode_chunks(blob_id: bytes, stripe: int, payloads: Sequence[Buffer]) -> Sequence[tuple[bytes, Buffer]]:
    """Frame the payloads of a stripe; payloads[i] is slot i. Copies them."""
    base = blob_id + stripe.to_bytes(4, "big")
    return frame.encode_many(base, payloads)


class StripeBuffer:
    """A buffer for one full stripe and its parity, with space for the frame header before each chunk.

    The bytes of a request are copied once, from the socket's buffer to where the node's client reads them.
    Reused from request to request: freshly allocated megabytes cost page faults. If the stripe will be
    encrypted (`tagged`), space for the tag is left after each segment, and it is encrypted in place: `filled`
    counts the bytes that the nodes will store, `length` those that the client sent.
    """

    CHUNK = STRIPE_BYTES // DATA_CHUNKS
    PITCH = frame.header_length(CHUNK) + CHUNK

    __slots__ = ("_encrypted_as", "_view", "filled", "length", "parity", "tagged")

    def __init__(self, parity: int) -> None:
        self._view = memoryview(bytearray(self.size(parity)))
        self.parity = parity
        self.reset()

    def reset(self, *, tagged: bool = False) -> None:
        """Empty it."""
        self.filled = self.length = 0
        self.tagged = tagged
        self._encrypted_as: tuple[bytes, int] | None = None

    @classmethod
    def size(cls, parity: int) -> int:
        """The memory that a buffer takes, in bytes."""
        return cls.PITCH * (DATA_CHUNKS + parity)

    def free_span(self) -> memoryview:
        """Where to receive the next bytes: up to the end of the current chunk, or segment."""
        slot, at = divmod(self.filled, self.CHUNK)
        end = at - at % SEGMENT_BYTES + PLAIN_BYTES if self.tagged else self.CHUNK
        return self._payload(slot)[at:end]

    def advance(self, received: int, *, ended: bool) -> None:
        """Count bytes received into `free_span`. `ended`: no more will come."""
        self.filled += received
        self.length += received
        if self.tagged and (within := self.filled % SEGMENT_BYTES) and (ended or within == PLAIN_BYTES):
            self.filled += TAG_BYTES

    @property
    def full(self) -> bool:
        return self.filled == STRIPE_BYTES

    def filled_parts(self) -> list[memoryview]:
        """The bytes to store, in order."""
        count = -(-self.filled // self.CHUNK)
        return [self._payload(slot)[: self.filled - slot * self.CHUNK] for slot in range(count)]

    def plaintext(self) -> list[memoryview]:
        """The bytes that the client sent, in order. Not valid after `encrypt`."""
        if not self.tagged:
            return self.filled_parts()
        return [segment[:-TAG_BYTES] for segment in self._segments()]

    def encrypt(self, key: ContentKey, blob_id: bytes, stripe: int) -> None:
        """Encrypt in place, for a stripe of a blob. Decrypts first if it was encrypted for another blob.

        Called in a thread.
        """
        if self._encrypted_as == (blob_id, stripe):
            return
        segments = self._segments()
        if self._encrypted_as:
            old_id, old_stripe = self._encrypted_as
            cipher, first = key.blob(old_id), old_stripe * SEGMENTS
            for number, segment in enumerate(segments, first):
                cipher.decrypt_in_place(segment, number)
        cipher, first = key.blob(blob_id), stripe * SEGMENTS
        for number, segment in enumerate(segments, first):
            cipher.encrypt_in_place(segment, number)
        self._encrypted_as = blob_id, stripe

    def _segments(self) -> list[memoryview]:
        return [
            piece[at : at + SEGMENT_BYTES]
            for piece in self.filled_parts()
            for at in range(0, len(piece), SEGMENT_BYTES)
        ]

    def encode(self, blob_id: bytes, stripe: int) -> Sequence[tuple[bytes, Buffer]]:
        """Encode the stripe: all chunks (id, frame), by slot. A full stripe is framed in place.

        Called in a thread.
        """
        if not self.full:
            data = b"".join(self.filled_parts())
            at = chunk_offsets(len(data))
            view = memoryview(data)
            payloads: list[Buffer] = [view[at[i] : at[i + 1]] for i in range(DATA_CHUNKS)]
            return encode_chunks(blob_id, stripe, [*payloads, *encode_parity(payloads, self.parity)])
        encode_parity_into(self.filled_parts(), [self._payload(DATA_CHUNKS + i) for i in range(self.parity)])
        out: list[tuple[bytes, Buffer]] = []
        for slot in range(DATA_CHUNKS + self.parity):
            name = chunk_id(blob_id, stripe, slot)
            framed = self._view[slot * self.PITCH : (slot + 1) * self.PITCH]
            frame.encode_in_place(name, framed)
            out.append((name, framed))
        return out

    def _payload(self, slot: int) -> memoryview:
        return self._view[(slot + 1) * self.PITCH - self.CHUNK : (slot + 1) * self.PITCH]
