"""Annotations of object versions."""

from __future__ import annotations

from metadata.engines.runner import Runner
from metadata.ids import now_us
from metadata.keys import check_key
from metadata.records import Annotation, Emit, NewAnnotation, Object
from metadata.transactions import object_annotations as transactions


class AnnotationStore:
    """Annotations of object versions: `metadata.annotations`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def put(
        self, found: Object, bucket: str, new: NewAnnotation, if_match: str | None, emit: Emit | None
    ) -> None:
        """Annotate a version, given as it was read. Raises BlobGone where it was replaced since,
        PreconditionFailed, TooManyAnnotations, and what `ObjectStore.get` raises.
        """
        arguments = (found, bucket, new, if_match, emit, now_us())
        await self._runner.write(None, transactions.put_annotation, *arguments)

    async def get(
        self, bucket: str, key: str, version_id: str | None, name: str
    ) -> tuple[Object, Annotation | None]:
        """Read a version and its annotation of that name. Raises what `ObjectStore.get` raises."""
        check_key(key)
        return await self._runner.read(transactions.get_annotation, bucket, key, version_id, name)

    async def delete(
        self, found: Object, bucket: str, name: str, if_match: str | None, emit: Emit | None
    ) -> None:
        """Delete an annotation. Raises ObjectLocked, and what `put` raises."""
        arguments = (found, bucket, name, if_match, emit, now_us())
        await self._runner.write(None, transactions.delete_annotation, *arguments)

    async def sweep(self, limit: int) -> int:
        """Delete annotations of deleted versions. Returns their number."""
        return await self._runner.write(None, transactions.sweep_annotations, limit, now_us())

    async def list(
        self, found: Object, *, prefix: str = "", after: str = "", limit: int = 1000
    ) -> list[Annotation]:
        """List a version's annotations by name, after `after`."""
        return await self._runner.read(transactions.list_annotations, found, prefix, after, limit)
