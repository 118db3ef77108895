"""Decoder of aws-chunked bodies: verifies the chunks' signatures while the payload arrives.

    chunk    = hex-size [";chunk-signature=" 64hex] CRLF payload CRLF    (the last: size 0, no payload line)
    trailers = *(name ":" value CRLF) ["x-amz-trailer-signature:" 64hex CRLF] CRLF

Pieces are returned before their chunk's signature has been verified: do not commit them before `finish` has
returned. Errors are raised as soon as they are known; after one the decoder must not be used again.
Sources: S3 API reference, sigv4-streaming and sigv4-streaming-trailers. Deviations are marked below.
"""

from __future__ import annotations

import re
from hashlib import sha256

from s3api.errors import S3Error
from s3api.signatures.signing import EMPTY_SHA256, constant_time_equal
from s3api.signatures.verification import VerifiedRequest, signature_mismatch

Buffer = bytes | bytearray | memoryview

MAX_LINE_BYTES = 256
MAX_TRAILER_BYTES = 4096
MIN_SIGNED_CHUNK_BYTES = 8192
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,16})")
_SIGNED_CHUNK = re.compile(rb"([0-9a-fA-F]{1,16});chunk-signature=([0-9a-f]{64})")
_TRAILER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~]*)")
_TRAILER_SIGNATURE = "x-amz-trailer-signature"

_SIZE, _PAYLOAD, _PAYLOAD_END, _TRAILERS, _DONE = range(5)


class ChunkedDecoder:
    """Decoder of one body. `decoded_length` overrides the length that the request declares.

    `feed` is plain computation on its own state: calls may come from any thread, one at a time. In the
    signed modes it hashes (2 GB/s, without the GIL for pieces over 2 KiB), so a large piece may be fed in a
    worker thread; in the unsigned mode a thread costs more than it saves.
    """

    __slots__ = (
        "_chunk_bytes_left",
        "_chunks",
        "_declared_bytes",
        "_empty_lines",
        "_hash",
        "_length",
        "_line",
        "_missing",
        "_payload",
        "_previous",
        "_signature",
        "_signer",
        "_small_chunk_bytes",
        "_state",
        "_trailer_bytes",
        "_trailers_signed",
        "trailers",
    )

    def __init__(self, verified: VerifiedRequest, decoded_length: int | None = None) -> None:
        payload = verified.payload
        if not payload.mode.streaming:
            raise ValueError(f"{payload.mode} is not a streaming mode")
        length = payload.decoded_length if decoded_length is None else decoded_length
        if length is None:
            raise S3Error("MissingContentLength")
        self._payload, self._signer, self._length = payload, verified.chunk_signer, length
        self._previous = verified.chunk_signer.seed_signature if verified.chunk_signer else b""
        self._signature = b""
        self._hash = sha256()
        self._state, self._line = _SIZE, b""
        self._chunk_bytes_left = self._declared_bytes = self._chunks = self._small_chunk_bytes = 0
        self._trailer_bytes = self._empty_lines = 0
        self._trailers_signed = False
        self._missing = set(payload.trailers)
        self.trailers: dict[str, str] = {}

    @property
    def complete(self) -> bool:
        """Whether the whole body has arrived, with correct signatures."""
        return self._state == _DONE

    def feed(self, data: Buffer) -> list[memoryview]:
        """Decode the next bytes of the stream; return the payload in them, as views of `data`.

        Raises SignatureDoesNotMatch, IncompleteBody, InvalidChunkSizeError, MalformedTrailerError.
        """
        view = memoryview(data)
        pieces: list[memoryview] = []
        at, end = 0, len(view)
        while at < end:
            if self._state == _PAYLOAD:
                piece = view[at : at + self._chunk_bytes_left]
                at += len(piece)
                self._consume_payload(piece)
                pieces.append(piece)
            else:
                at = self._read_line(view, at)
        return pieces

    def finish(self) -> None:
        """End the stream. Raises IncompleteBody unless the body is complete."""
        if self._state != _DONE or self._line:
            raise S3Error("IncompleteBody", "The request body terminated unexpectedly")

    def _consume_payload(self, piece: memoryview) -> None:
        if self._signer:
            self._hash.update(piece)
        self._chunk_bytes_left -= len(piece)
        if not self._chunk_bytes_left:
            if self._signer:
                self._check_chunk(self._hash.hexdigest().encode())
                self._hash = sha256()
            self._state = _PAYLOAD_END

    def _read_line(self, view: memoryview, at: int) -> int:
        """Consume bytes up to the end of a line, or all of them. Returns the position after them."""
        room = MAX_LINE_BYTES - len(self._line)
        text = bytes(view[at : at + room])
        end = text.find(b"\n") + 1
        if not end:
            if len(text) == room:
                raise _malformed("a line is too long")
            self._line += text
            return at + len(text)
        line, self._line = self._line + text[:end], b""
        self._handle_line(line)
        return at + end

    def _handle_line(self, line: bytes) -> None:
        if self._state == _TRAILERS:
            self._trailer_line(line)
        elif not line.endswith(b"\r\n"):
            raise _malformed("a line does not end in CRLF")
        elif self._state == _SIZE:
            self._size_line(line[:-2])
        elif line != b"\r\n":
            raise _malformed("there is more than was declared")
        elif self._state == _PAYLOAD_END:
            self._state = _SIZE
        else:
            self._empty_line()

    def _size_line(self, line: bytes) -> None:
        match = (_SIGNED_CHUNK if self._signer else _CHUNK).fullmatch(line)
        if match is None:
            raise _malformed("a chunk's header is malformed")
        size = int(match[1], 16)
        self._check_size(size)
        self._chunks += 1
        if self._signer:
            self._signature = match[2]
        if size:
            self._chunk_bytes_left, self._state = size, _PAYLOAD
            return
        if self._signer:
            self._check_chunk(EMPTY_SHA256)
        self._state = _TRAILERS

    def _check_size(self, size: int) -> None:
        """Check a chunk's size. S3 requires 8 KiB in every chunk but the last non-empty one. This decoder
        requires it of signed chunks only, as each costs a signature; Node.js sends small unsigned chunks."""
        if size and self._small_chunk_bytes and self._signer:
            raise S3Error(
                "InvalidChunkSizeError",
                f"Only the last chunk is allowed to have a size less than {MIN_SIGNED_CHUNK_BYTES} bytes",
                Chunk=str(self._chunks + 1),
                BadChunkSize=str(self._small_chunk_bytes),
            )
        self._small_chunk_bytes = size if size < MIN_SIGNED_CHUNK_BYTES else 0
        self._declared_bytes += size
        if self._declared_bytes > self._length or (not size and self._declared_bytes < self._length):
            raise S3Error(
                "IncompleteBody",
                "You did not provide the number of bytes specified by x-amz-decoded-content-length",
            )

    def _check_chunk(self, payload_sha256: bytes) -> None:
        assert self._signer is not None
        self._check(self._signer.chunk_string_to_sign(self._previous, payload_sha256), self._signature)
        self._previous = self._signature

    def _check(self, text: bytes, provided: bytes) -> None:
        assert self._signer is not None
        if not constant_time_equal(self._signer.sign(text), provided):
            raise signature_mismatch(self._signer.access_key, text, provided)

    def _trailer_line(self, line: bytes) -> None:
        """Parse a line of the trailers. Accepts minio-go's deviations: LF alone at the end of a trailer, and
        an empty line before the signature."""
        self._trailer_bytes += len(line)
        if self._trailer_bytes > MAX_TRAILER_BYTES:
            raise _bad_trailer("The trailers are too long.")
        text = line[:-1].removesuffix(b"\r")
        if not text:
            self._end_of_trailers()
            return
        match = _TRAILER.fullmatch(text)
        if match is None:
            raise _bad_trailer()
        name, value = match[1].decode().lower(), match[2].strip()
        if self._trailers_signed:
            raise _bad_trailer()
        if name == _TRAILER_SIGNATURE and self._signs_trailers and not self._missing:
            self._check_trailers(value)
        elif name in self._missing:
            self._missing.remove(name)
            self.trailers[name] = value.decode()
        else:
            raise _bad_trailer()

    @property
    def _signs_trailers(self) -> bool:
        """Whether the trailers must be signed. Without any, the chunks' signatures cover all."""
        return self._signer is not None and bool(self._payload.trailers)

    def _check_trailers(self, provided: bytes) -> None:
        assert self._signer is not None
        canonical = "".join(f"{name}:{value}\n" for name, value in sorted(self.trailers.items()))
        digest = sha256(canonical.encode()).hexdigest().encode()
        self._check(self._signer.trailer_string_to_sign(self._previous, digest), provided)
        self._trailers_signed = True

    def _end_of_trailers(self) -> None:
        if self._missing:
            raise _bad_trailer()
        if self._trailers_signed or not self._signs_trailers:
            self._state = _DONE
        else:
            self._empty_line()

    def _empty_line(self) -> None:
        """Accept one extra empty line, as minio-go sends it before the signature of the trailers or after
        unsigned ones."""
        if self._empty_lines:
            raise _malformed("there is more than was declared")
        self._empty_lines += 1


def _malformed(why: str) -> S3Error:
    """Make the error for broken chunk framing. S3 uses the code of a truncated body; the message differs."""
    return S3Error("IncompleteBody", f"The aws-chunked request body is malformed: {why}")


def _bad_trailer(message: str | None = None) -> S3Error:
    return S3Error(
        "MalformedTrailerError",
        message
        or "The request contained trailing data that was not well-formed "
        "or did not conform to our published schema.",
    )
