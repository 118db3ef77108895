"""aws-chunked request bodies, valid or corrupted ("Transferring Payload in Multiple Chunks")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from compat_tests.handmade import Answer, ChunkSigning, Headers, Raw, Request, sign_chunk, sign_trailer

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CHUNK_BYTES = 64 * 1024


def same(part: bytes) -> bytes:
    return part


@dataclass(slots=True)
class Stream:
    """A PUT in chunks. `corrupt_chunk` and `corrupt_trailer` change bytes after they were signed."""

    raw: Raw
    path: str
    body: bytes
    signed: bool = True
    trailers: dict[str, str] = field(default_factory=dict)
    chunk_bytes: int = CHUNK_BYTES
    decoded_length: str = ""
    headers: Headers = field(default_factory=dict)
    corrupt_chunk: Callable[[bytes], bytes] = same
    corrupt_trailer: Callable[[bytes], bytes] = same

    @property
    def mode(self) -> str:
        if not self.signed:
            return UNSIGNED_TRAILER
        return SIGNED_TRAILER if self.trailers else SIGNED

    def send(self, corrupt: Callable[[bytes], bytes] = same) -> Answer:
        """Send the request. `corrupt` changes the whole encoded body; Content-Length is set after it."""
        return self.raw.send(self.request(corrupt))

    def request(self, corrupt: Callable[[bytes], bytes] = same) -> Request:
        request, signing = self._head()
        request.body = corrupt(self._encode(signing))
        request.headers["content-length"] = str(len(request.body))
        return request

    def _head(self) -> tuple[Request, ChunkSigning]:
        headers: Headers = {
            "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": self.decoded_length or str(len(self.body)),
            **self.headers,
        }
        if self.trailers:
            headers["x-amz-trailer"] = ",".join(self.trailers)
        return self.raw.signed_with_chain("PUT", self.path, headers=headers, payload=self.mode)

    def _encode(self, signing: ChunkSigning) -> bytes:
        pieces = [self.body[at : at + self.chunk_bytes] for at in range(0, len(self.body), self.chunk_bytes)]
        encoded, previous = [], signing.signature
        for piece in [*pieces, b""]:
            head = b"%x" % len(piece)
            if self.signed:
                previous = sign_chunk(signing, previous, piece)
                head += b";chunk-signature=" + previous.encode()
            encoded.append(head + b"\r\n" + (self.corrupt_chunk(piece) + b"\r\n" if piece else b""))
        return b"".join(encoded) + self._encoded_trailers(signing, previous) + b"\r\n"

    def _encoded_trailers(self, signing: ChunkSigning, previous: str) -> bytes:
        lines = [f"{name}:{value}".encode() for name, value in self.trailers.items()]
        encoded = b"".join(self.corrupt_trailer(line) + b"\r\n" for line in lines)
        if self.signed and lines:
            signature = sign_trailer(signing, previous, b"".join(line + b"\n" for line in lines))
            encoded += b"x-amz-trailer-signature:" + signature.encode() + b"\r\n"
        return encoded
