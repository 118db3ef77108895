"""Multipart uploads in progress and their parts."""

from __future__ import annotations

import os
from collections.abc import Sequence

from metadata.engines.runner import Runner
from metadata.ids import now_us
from metadata.keys import check_key
from metadata.records import NO_CONDITIONS, Conditions, Content, NewObject, Part, Upload, UploadPage
from metadata.transactions import listing, reads, uploads


class UploadStore:
    """Multipart uploads in progress: `metadata.uploads`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def create(self, upload: Upload) -> None:
        """Begin a multipart upload. Raises NoSuchBucket."""
        check_key(upload.key)
        await self._runner.write(None, uploads.create_upload, upload, os.urandom(16))

    async def get(self, bucket: str, key: str, upload_id: str) -> Upload:
        """Read an upload in progress. Raises NoSuchBucket, NoSuchUpload."""
        check_key(key)
        return await self._runner.read(reads.get_upload, bucket, key, upload_id)

    async def put_part(self, bucket: str, key: str, upload_id: str, part: Part, content: Content) -> None:
        """Store a part, replacing the one of its number. Raises NoSuchBucket, NoSuchUpload, BlobGone."""
        check_key(key)
        arguments = (bucket, key, upload_id, part, content, now_us())
        await self._runner.write((upload_id, part.number), uploads.put_part, *arguments)

    async def list_parts(self, upload_id: str, *, after: int, limit: int) -> list[Part]:
        """List the parts of an upload in progress with numbers above `after`."""
        return await self._runner.read(reads.list_parts, upload_id, after, limit)

    async def complete(
        self, upload: Upload, parts: Sequence[Part], new: NewObject, conditions: Conditions = NO_CONDITIONS
    ) -> str | None:
        """Make an object of these parts, given as they were read, in order; discard the upload's other parts.
        Returns the new version's id, None in a bucket without versioning.

        Of `new.content` only the size is used. Raises NoSuchBucket, NoSuchUpload, PartChanged, NoSuchKey,
        PreconditionFailed.
        """
        arguments = (upload, list(parts), new, conditions, now_us())
        return await self._runner.write(None, uploads.complete_upload, *arguments)

    async def abort(self, bucket: str, key: str, upload_id: str) -> None:
        """Discard an upload in progress with its parts. Raises NoSuchBucket, NoSuchUpload."""
        check_key(key)
        await self._runner.write(None, uploads.abort_upload, bucket, key, upload_id, now_us())

    async def list(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: str | None = None,
        key_marker: str | None = None,
        upload_id_marker: str | None = None,
        limit: int = 1000,
    ) -> UploadPage:
        """List uploads in progress by key, then id. Raises NoSuchBucket."""
        check_key(prefix + (key_marker or ""))
        arguments = (bucket, prefix, delimiter, key_marker, upload_id_marker, limit)
        return await self._runner.read(listing.list_uploads, *arguments)
