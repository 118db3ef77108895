"""GetObjectTagging, PutObjectTagging, DeleteObjectTagging."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from metadata.records import Object
from s3api.operations.call import Call, Output
from s3api.operations.steps.conditions import check_version
from s3api.operations.steps.notifications import event_maker
from s3api.operations.steps.tag_sets import Tags, object_tags, tag_set


async def get_object_tagging(call: Call, *, Bucket: str, Key: str, VersionId: str | None = None) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html"""
    check_version(VersionId)
    found = await call.metadata.objects.get(Bucket, Key, VersionId)
    return {"TagSet": tag_set(found.extras.tags), **_version_output(found)}


async def put_object_tagging(
    call: Call, *, Bucket: str, Key: str, Tagging: dict[str, Any], VersionId: str | None = None
) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html"""
    return await _replace_tags(call, Bucket, Key, VersionId, object_tags(Tagging), "ObjectTagging:Put")


async def delete_object_tagging(call: Call, *, Bucket: str, Key: str, VersionId: str | None = None) -> Output:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html"""
    return await _replace_tags(call, Bucket, Key, VersionId, {}, "ObjectTagging:Delete")


async def _replace_tags(
    call: Call, bucket: str, key: str, version_id: str | None, tags: Tags, kind: str
) -> Output:
    check_version(version_id)

    def set_tags(found: Object) -> Object:
        return replace(found, extras=replace(found.extras, tags=tags or None))

    emit = event_maker(call, kind)
    return _version_output(await call.metadata.objects.alter(bucket, key, version_id, set_tags, emit))


def _version_output(found: Object) -> Output:
    return {"VersionId": found.version_id if found.versioned else None}
