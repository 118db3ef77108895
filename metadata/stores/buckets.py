"""Buckets and the documents of their settings."""

from __future__ import annotations

from collections.abc import Mapping

from metadata.engines.runner import Runner
from metadata.ids import now_us
from metadata.records import OFF, Bucket
from metadata.transactions import buckets, listing, reads


class BucketStore:
    """Buckets and their setting documents: `metadata.buckets`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def create(
        self,
        name: str,
        *,
        region: str,
        owner: str,
        now_us: int,
        versioning: str = OFF,
        configs: Mapping[str, str] | None = None,
    ) -> Bucket:
        """Create a bucket. `configs`: its first setting documents, JSON by kind. Raises BucketExists."""
        arguments = (name, region, owner, now_us, versioning, configs or {})
        return await self._runner.write(None, buckets.create_bucket, *arguments)

    async def get(self, name: str) -> Bucket:
        """Read a bucket's row. Raises NoSuchBucket."""
        return await self._runner.read_cached(reads.get_bucket, name)

    async def set_versioning(self, bucket: str, state: str, *, at_revision: int | None = None) -> None:
        """Set versioning to "Enabled" or "Suspended". Raises NoSuchBucket; SettingsChanged where the bucket's
        revision is no longer `at_revision`.
        """
        await self._runner.write(None, buckets.set_versioning, bucket, state, at_revision)

    async def put_config(
        self, bucket: str, kind: str, document: str, *, id: str = "", at_revision: int | None = None
    ) -> None:
        """Store a setting document (JSON), replacing the one of the same kind and id. Raises NoSuchBucket;
        SettingsChanged where the bucket's revision is no longer `at_revision`.
        """
        await self._runner.write(None, buckets.put_config, bucket, kind, id, document, at_revision)

    async def delete_config(self, bucket: str, kind: str, *, id: str = "") -> bool:
        """Delete a setting document; True where there was one. Raises NoSuchBucket."""
        return await self._runner.write(None, buckets.delete_config, bucket, kind, id)

    async def configs(self, bucket_id: int) -> dict[tuple[str, str], str]:
        """Read all setting documents of a bucket, by kind and id."""
        return await self._runner.read(buckets.configs, bucket_id)

    async def delete(self, name: str) -> None:
        """Delete an empty bucket and abort its uploads in progress. Raises NoSuchBucket, BucketNotEmpty."""
        await self._runner.write(None, buckets.delete_bucket, name, now_us())

    async def list(
        self,
        *,
        owner: str | None = None,
        prefix: str = "",
        region: str | None = None,
        after: str | None = None,
        limit: int = 10_000,
    ) -> tuple[list[Bucket], str | None]:
        """List buckets by name, after `after`. Returns the page, and its last name if there are more."""
        return await self._runner.read(listing.list_buckets, owner, prefix, region, after or "", limit)
