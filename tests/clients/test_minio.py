"""minio-py, the client of MinIO: streams of unknown length, composed objects, forms, versions."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3
from minio import Minio
from minio.commonconfig import ENABLED, ComposeSource, CopySource, Tags
from minio.datatypes import PostPolicy
from minio.deleteobjects import DeleteObject
from minio.versioningconfig import VersioningConfig

from tests.clients.trees import MIB, NAMES, objects_of, random_bytes
from tests.gateway_process import GatewayProcess

BUCKET = "minio-py"


@pytest.fixture
def minio(gateway: GatewayProcess) -> Minio:
    address = gateway.endpoint.partition("://")[2]
    return Minio(address, access_key=gateway.access_key, secret_key=gateway.secret_key, secure=False)


def put(minio: Minio, key: str, data: bytes, **more: Any) -> str | None:
    length = more.pop("length", len(data))
    written = minio.put_object(
        bucket_name=BUCKET, object_name=key, data=io.BytesIO(data), length=length, **more
    )
    return written.version_id


def test_as_its_users_use_it(minio: Minio, s3: Any, gateway: GatewayProcess) -> None:
    minio.make_bucket(bucket_name=BUCKET)
    assert minio.bucket_exists(bucket_name=BUCKET)
    large = random_bytes(11 * MIB, 1)
    whole = {name: random_bytes(number * 1000, number) for number, name in enumerate(NAMES)}
    for name, data in whole.items():
        put(minio, name, data, metadata={"a": "b"})
    put(minio, "stream", large, length=-1, part_size=5 * MIB)
    minio.copy_object(bucket_name=BUCKET, object_name="copy", source=CopySource(BUCKET, "stream"))
    sources = [ComposeSource(BUCKET, "stream"), ComposeSource(BUCKET, NAMES[1])]
    minio.compose_object(bucket_name=BUCKET, object_name="composed", sources=sources)
    wanted = whole | {"stream": large, "copy": large, "composed": large + whole[NAMES[1]]}
    assert objects_of(s3, BUCKET) == wanted
    listed = {found.object_name for found in minio.list_objects(bucket_name=BUCKET, recursive=True)}
    assert listed == set(wanted)
    part = minio.get_object(bucket_name=BUCKET, object_name="stream", offset=7, length=5)
    assert part.read() == large[7:12]

    tags = Tags.new_object_tags()
    tags["team"] = "blue green"
    minio.set_object_tags(bucket_name=BUCKET, object_name="copy", tags=tags)
    assert minio.get_object_tags(bucket_name=BUCKET, object_name="copy") == tags

    web = urllib3.PoolManager()
    got = web.request("GET", minio.presigned_get_object(bucket_name=BUCKET, object_name=NAMES[2]))
    assert got.data == whole[NAMES[2]]
    url = minio.presigned_put_object(bucket_name=BUCKET, object_name="put")
    assert web.request("PUT", url, body=b"put").status == 200
    policy = PostPolicy(BUCKET, datetime.now(UTC) + timedelta(hours=1))
    policy.add_equals_condition("key", "form")
    fields: dict[str, Any] = minio.presigned_post_policy(policy=policy) | {
        "key": "form",
        "file": ("f", b"form"),
    }
    assert web.request("POST", f"{gateway.endpoint}/{BUCKET}", fields=fields).status == 204
    assert {key: objects_of(s3, BUCKET)[key] for key in ("put", "form")} == {"put": b"put", "form": b"form"}

    minio.set_bucket_versioning(bucket_name=BUCKET, config=VersioningConfig(ENABLED))
    first, _ = put(minio, "copy", b"1"), put(minio, "copy", b"2")
    old = minio.get_object(bucket_name=BUCKET, object_name="copy", version_id=first)
    assert old.read() == b"1"
    every = minio.list_objects(bucket_name=BUCKET, recursive=True, include_version=True)
    gone = [DeleteObject(str(found.object_name), found.version_id) for found in every]
    assert list(minio.remove_objects(bucket_name=BUCKET, delete_object_list=gone)) == []
    minio.remove_bucket(bucket_name=BUCKET)
