"""aws-chunked bodies, whole or spoilt ("Transferring Payload in Multiple Chunks")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from compat_tests.handmade import Answer, Headers, Raw, Request, Seal, sign_chunk, sign_trailer

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CHUNK_BYTES = 64 * 1024


def same(part: bytes) -> bytes:
    return part


@dataclass(slots=True)
class Stream:
    """A PUT in chunks. `spoil_chunk` and `spoil_trailer` change bytes after they were signed."""

    raw: Raw
    path: str
    body: bytes
    signed: bool = True
    trailers: dict[str, str] = field(default_factory=dict)
    chunk_bytes: int = CHUNK_BYTES
    decoded_length: str = ""
    headers: Headers = field(default_factory=dict)
    spoil_chunk: Callable[[bytes], bytes] = same
    spoil_trailer: Callable[[bytes], bytes] = same

    @property
    def mode(self) -> str:
        if not self.signed:
            return UNSIGNED_TRAILER
        return SIGNED_TRAILER if self.trailers else SIGNED

    def send(self, spoil: Callable[[bytes], bytes] = same) -> Answer:
        """`spoil` changes the encoded body as a whole; Content-Length follows it."""
        return self.raw.send(self.request(spoil))

    def request(self, spoil: Callable[[bytes], bytes] = same) -> Request:
        request, seal = self._head()
        request.body = spoil(self._encode(seal))
        request.headers["content-length"] = str(len(request.body))
        return request

    def _head(self) -> tuple[Request, Seal]:
        headers: Headers = {
            "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": self.decoded_length or str(len(self.body)),
            **self.headers,
        }
        if self.trailers:
            headers["x-amz-trailer"] = ",".join(self.trailers)
        return self.raw.sealed("PUT", self.path, headers=headers, payload=self.mode)

    def _encode(self, seal: Seal) -> bytes:
        pieces = [self.body[at : at + self.chunk_bytes] for at in range(0, len(self.body), self.chunk_bytes)]
        encoded, previous = [], seal.signature
        for piece in [*pieces, b""]:
            head = b"%x" % len(piece)
            if self.signed:
                previous = sign_chunk(seal, previous, piece)
                head += b";chunk-signature=" + previous.encode()
            encoded.append(head + b"\r\n" + (self.spoil_chunk(piece) + b"\r\n" if piece else b""))
        return b"".join(encoded) + self._encoded_trailers(seal, previous) + b"\r\n"

    def _encoded_trailers(self, seal: Seal, previous: str) -> bytes:
        lines = [f"{name}:{value}".encode() for name, value in self.trailers.items()]
        encoded = b"".join(self.spoil_trailer(line) + b"\r\n" for line in lines)
        if self.signed and lines:
            signature = sign_trailer(seal, previous, b"".join(line + b"\n" for line in lines))
            encoded += b"x-amz-trailer-signature:" + signature.encode() + b"\r\n"
        return encoded
