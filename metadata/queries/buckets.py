"""Statements about buckets and the documents of their settings."""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from metadata.queries.statements import Statement, change, one, rows
from metadata.queries.tables import (
    bucket,
    bucket_config,
    given,
    limited,
    object_,
    upload,
    version,
)

_BUCKET = bucket.c["id", "name", "region", "owner", "created_us", "versioning", "revision"]
_put_config = insert(bucket_config).values({c.name: given(c.name) for c in bucket_config.c})


class Buckets:
    get = one(select(*_BUCKET).where(bucket.c.name == given("bucket")))
    id = one(select(bucket.c.id).where(bucket.c.name == given("bucket")))
    add = one(
        insert(bucket)
        .values({name: given(name) for name in ("name", "region", "owner", "created_us", "versioning")})
        .on_conflict_do_nothing()
        .returning(bucket.c.id),
        writes=True,
    )
    # The lock keeps other gateways from adding objects between the check and the deletion: their foreign keys
    # need the row.
    lock = one(select(bucket.c.id).where(bucket.c.name == given("bucket")).with_for_update())
    any_object = one(
        select(literal_column("1"))
        .select_from(object_)
        .where(object_.c.bucket_id == given("bucket_id"))
        .limit(1)
    )
    any_version = one(
        select(literal_column("1"))
        .select_from(version)
        .where(version.c.bucket_id == given("bucket_id"))
        .limit(1)
    )
    # Serializes writes that have no object to lock: a bucket's new keys and its delete markers.
    exclusive = one(
        select(bucket.c.id).where(bucket.c.id == given("bucket_id")).with_for_update(key_share=True)
    )
    changed = change(
        update(bucket)
        .where(bucket.c.id == given("bucket_id"))
        .values(
            revision=bucket.c.revision + literal_column("1"),
            versioning=func.coalesce(given("new_versioning", bucket.c.versioning.type), bucket.c.versioning),
        )
    )
    configs = rows(
        select(*bucket_config.c["kind", "id", "document"])
        .where(bucket_config.c.bucket_id == given("bucket_id"))
        .order_by(bucket_config.c.kind, bucket_config.c.id)
    )
    put_config = change(
        _put_config.on_conflict_do_update(
            index_elements=["bucket_id", "kind", "id"], set_={"document": _put_config.excluded.document}
        )
    )
    remove_config = change(
        delete(bucket_config).where(
            bucket_config.c.bucket_id == given("bucket_id"),
            bucket_config.c.kind == given("kind"),
            bucket_config.c.id == given("id", bucket_config.c.id.type),
        )
    )
    remove_configs = change(delete(bucket_config).where(bucket_config.c.bucket_id == given("bucket_id")))
    uploads = rows(select(upload.c.id, upload.c.parts_id).where(upload.c.bucket_id == given("bucket_id")))
    remove = change(delete(bucket).where(bucket.c.id == given("bucket_id")))

    @staticmethod
    def page(*, owner: bool, region: bool, bounded: bool) -> Statement:
        conditions: list[ColumnElement[bool]] = [
            bucket.c.name > given("after"),
            bucket.c.name >= given("prefix"),
        ]
        conditions += [bucket.c.owner == given("owner")] if owner else []
        conditions += [bucket.c.region == given("region")] if region else []
        conditions += [bucket.c.name < given("stop")] if bounded else []
        return rows(select(*_BUCKET).where(*conditions).order_by(bucket.c.name).limit(limited()))
