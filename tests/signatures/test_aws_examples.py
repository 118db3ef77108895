"""AWS's published examples: S3 API reference, "Signature Calculations for the Authorization Header" ff."""

from __future__ import annotations

import pytest

from s3api.signatures import ChunkedDecoder, PayloadMode, parse_signed_request

from .signer import ACCESS, EMPTY, HOST, NOW_US, SCOPE, SECRET, STAMP, Headers, verified

PAYLOAD = b"a" * 66560


def authorization(names: str, signature: str) -> bytes:
    credential = f"{ACCESS}/{SCOPE.decode()}"
    return f"AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={names},Signature={signature}".encode()


def request(names: str, signature: str, sha256: str = EMPTY, host: str = HOST, **more: str) -> Headers:
    headers = {"host": host, "x-amz-content-sha256": sha256, "x-amz-date": STAMP.decode()}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    fields = [(name.encode(), value.encode()) for name, value in headers.items()]
    return [*fields, (b"authorization", authorization(names, signature))]


PLAIN = "host;x-amz-content-sha256;x-amz-date"
GET_OBJECT = request(
    "host;range;x-amz-content-sha256;x-amz-date",
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    range="bytes=0-9",
)
PUT_OBJECT = request(
    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    date="Fri, 24 May 2013 00:00:00 GMT",
    x_amz_storage_class="REDUCED_REDUNDANCY",
)
LIFECYCLE = request(PLAIN, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
LIST = request(PLAIN, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
PRESIGNED = (
    b"X-Amz-Algorithm=AWS4-HMAC-SHA256"
    b"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    b"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    b"&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
)


@pytest.mark.parametrize(
    ("method", "path", "query", "headers"),
    [
        ("GET", b"/test.txt", b"", GET_OBJECT),
        ("PUT", b"/test%24file.text", b"", PUT_OBJECT),
        ("PUT", b"/test$file.text", b"", PUT_OBJECT),
        ("GET", b"/", b"lifecycle", LIFECYCLE),
        ("GET", b"/", b"lifecycle=", LIFECYCLE),
        ("GET", b"/", b"max-keys=2&prefix=J", LIST),
        ("GET", b"/", b"prefix=%4A&max-keys=2", LIST),
        ("GET", b"/test.txt", PRESIGNED, [(b"host", HOST.encode())]),
    ],
)
def test_requests(method: str, path: bytes, query: bytes, headers: Headers) -> None:
    claim = parse_signed_request(method, path, query, headers, NOW_US, "us-east-1")
    assert claim is not None
    assert claim.access_key == ACCESS
    assert claim.verify(SECRET).presigned == (query == PRESIGNED)


CHUNKS = request(
    "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
    "x-amz-decoded-content-length;x-amz-storage-class",
    "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "s3.amazonaws.com",
    content_encoding="aws-chunked",
    content_length="66824",
    x_amz_decoded_content_length="66560",
    x_amz_storage_class="REDUCED_REDUNDANCY",
)
CHUNKS_BODY = (
    b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
    + PAYLOAD[:65536]
    + b"\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
    + PAYLOAD[:1024]
    + b"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
)
TRAILER = request(
    "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
    "x-amz-storage-class;x-amz-trailer",
    "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "s3.amazonaws.com",
    content_encoding="aws-chunked",
    x_amz_decoded_content_length="66560",
    x_amz_storage_class="REDUCED_REDUNDANCY",
    x_amz_trailer="x-amz-checksum-crc32c",
)
TRAILER_BODY = (
    b"10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n"
    + PAYLOAD[:65536]
    + b"\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n"
    + PAYLOAD[:1024]
    + b"\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
)


@pytest.mark.parametrize(
    ("headers", "body", "mode", "trailers"),
    [
        (CHUNKS, CHUNKS_BODY, PayloadMode.SIGNED_CHUNKS, {}),
        (TRAILER, TRAILER_BODY, PayloadMode.SIGNED_CHUNKS_TRAILER, {"x-amz-checksum-crc32c": "sOO8/Q=="}),
    ],
)
def test_chunked_uploads(headers: Headers, body: bytes, mode: PayloadMode, trailers: dict[str, str]) -> None:
    proof = verified(("PUT", b"/examplebucket/chunkObject.txt", b"", headers))
    assert proof.mode is mode
    decoder = ChunkedDecoder(proof)
    assert b"".join(decoder.feed(body)) == PAYLOAD
    decoder.finish()
    assert decoder.complete
    assert decoder.trailers == trailers
