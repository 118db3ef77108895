"""boto3 with its defaults: CRC32 in trailers, its transfer manager, presigned URLs (used by curl)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig

from tests.clients.programs import Programs
from tests.clients.tls import tls_in_front
from tests.clients.trees import MIB, NAMES, make_file, objects_of, random_bytes
from tests.gateway_process import GatewayProcess

PARTS = TransferConfig(  # type: ignore[no-untyped-call]
    multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4
)


def test_defaults_and_odd_names(s3: Any) -> None:
    s3.create_bucket(Bucket="boto3-names")
    for number, name in enumerate(NAMES):
        stored = s3.put_object(Bucket="boto3-names", Key=name, Body=random_bytes(number * 1000, number))
        assert stored["ChecksumCRC32"]
    assert objects_of(s3, "boto3-names") == {
        name: random_bytes(number * 1000, number) for number, name in enumerate(NAMES)
    }
    answer = s3.delete_objects(Bucket="boto3-names", Delete={"Objects": [{"Key": name} for name in NAMES]})
    assert sorted(deleted["Key"] for deleted in answer["Deleted"]) == sorted(NAMES)
    s3.delete_bucket(Bucket="boto3-names")


def test_checksums_in_trailers(gateway: GatewayProcess, tmp_path: Path) -> None:
    """Over TLS boto3 sends bodies as aws-chunked with a CRC32 trailer."""
    sent: list[dict[str, Any]] = []
    with tls_in_front(gateway.port, tmp_path) as (endpoint, certificate):
        pair = {"aws_access_key_id": gateway.access_key, "aws_secret_access_key": gateway.secret_key}
        where = {"endpoint_url": endpoint, "verify": str(certificate), "region_name": "us-east-1"}
        s3: Any = boto3.client("s3", **where, **pair)  # type: ignore[no-untyped-call]
        s3.meta.events.register("before-send.s3", lambda request, **_: sent.append(request.headers))
        s3.create_bucket(Bucket="boto3-trailers")
        for size in (0, 1, 65_536, 2 * MIB + 3):
            body = random_bytes(size, size)
            stored = s3.put_object(Bucket="boto3-trailers", Key="k", Body=body, Metadata={"a": "b"})
            assert text(sent[-1]["X-Amz-Trailer"]) == "x-amz-checksum-crc32"
            assert text(sent[-1]["X-Amz-Content-SHA256"]) == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
            found = s3.get_object(Bucket="boto3-trailers", Key="k", ChecksumMode="ENABLED")
            assert found["ChecksumCRC32"] == stored["ChecksumCRC32"]
            assert (found["Body"].read(), found["Metadata"]) == (body, {"a": "b"})
        body = make_file(tmp_path / "large.bin", 12 * MIB)
        s3.upload_file(str(tmp_path / "large.bin"), "boto3-trailers", "large", Config=PARTS)
        s3.download_file("boto3-trailers", "large", str(tmp_path / "back.bin"), Config=PARTS)
        assert (tmp_path / "back.bin").read_bytes() == body


def test_files_in_parts(s3: Any, tmp_path: Path) -> None:
    body = make_file(tmp_path / "large.bin", 17 * MIB + 11)
    s3.create_bucket(Bucket="boto3-parts")
    s3.upload_file(str(tmp_path / "large.bin"), "boto3-parts", "large.bin", Config=PARTS)
    head = s3.head_object(Bucket="boto3-parts", Key="large.bin")
    assert (head["ContentLength"], head["ETag"][-3:]) == (len(body), '-4"')
    s3.download_file("boto3-parts", "large.bin", str(tmp_path / "back.bin"), Config=PARTS)
    assert (tmp_path / "back.bin").read_bytes() == body
    s3.copy({"Bucket": "boto3-parts", "Key": "large.bin"}, "boto3-parts", "copy.bin", Config=PARTS)
    into = io.BytesIO()
    s3.download_fileobj("boto3-parts", "copy.bin", into)
    assert into.getvalue() == body


def test_presigned_urls_with_curl(programs: Programs) -> None:
    s3 = programs.gateway.s3(signature_version="s3v4")
    s3.create_bucket(Bucket="boto3-presigned")
    body = make_file(programs.home / "photo.jpg", 300_001)
    for key in ("plain.jpg", "a b/é+%.jpg"):
        where = {"Bucket": "boto3-presigned", "Key": key}
        put = s3.generate_presigned_url("put_object", Params=where | {"ContentType": "image/jpeg"})
        programs.curl("--upload-file", "photo.jpg", "--header", "Content-Type: image/jpeg", put)
        assert programs.curl(s3.generate_presigned_url("get_object", Params=where)) == body
        assert s3.head_object(**where)["ContentType"] == "image/jpeg"
        programs.curl("--request", "DELETE", s3.generate_presigned_url("delete_object", Params=where))
    assert objects_of(s3, "boto3-presigned") == {}


def text(value: str | bytes) -> str:
    """botocore keeps headers that it makes as str or bytes."""
    return value.decode() if isinstance(value, bytes) else value
