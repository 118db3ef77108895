"""Applies the lifecycle rules of all buckets, in passes, by one gateway at a time.

A pass goes through the buckets with rules by name, and through the versions below the rules' prefixes in
pages. Actions are ordinary transactions that require that the version is unchanged; object locks hold as for
any client. The progress is stored, so another gateway, or this one after a restart, continues the pass. After
each page the worker sleeps as long as the page took, to leave capacity to requests.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson

from metadata.bucket_settings import Buckets, BucketSettings
from metadata.errors import MetadataError, NoSuchBucket, NoSuchKey, NoSuchUpload, NoSuchVersion
from metadata.records import NO_CONDITIONS, OFF, Bucket, Conditions, DeleteRequest, Emit, Object, Walked
from s3api.lifecycle.calendar import DAY_S
from s3api.lifecycle.engine import MINIMUM_BYTES, Action, Engine, Upload, Version, VersionWalk
from s3api.lifecycle.rules import Rules, prefixes
from s3api.tasks.periodic import Leader, Periodic

if TYPE_CHECKING:
    from metadata import Metadata

log = logging.getLogger("sixfold.lifecycle")
KIND, NAME = "Lifecycle", "lifecycle"
EXPIRATION_EVENT, TRANSITION_EVENT = "LifecycleExpiration", "LifecycleTransition"
PAGE_SIZE, DELETE_BATCH = 256, 100
MAX_PAUSE_S = 1.0
CHECK_EVERY_S = 60.0
MakeEventMaker = Callable[[Bucket, BucketSettings, str], Emit | None]
"""Returns the event maker of a bucket for a kind of event, None if the bucket has no notifications."""

OnAction = Callable[[Bucket, BucketSettings, str, Version, str], None]
"""Called after each action with the bucket, its settings, the action, the version and its new storage class.
An aborted upload is a version without id."""


class LeaseLost(Exception):
    """Another gateway holds the lease now."""


@dataclass(frozen=True, slots=True)
class BucketWork:
    """One bucket with its rules and the event makers of their actions."""

    bucket: Bucket
    settings: BucketSettings
    engine: Engine
    event_makers: Mapping[str, Emit | None]


@dataclass(slots=True)
class Progress:
    """Progress of a pass; stored as JSON.

    Buckets before `bucket` are done; in it, versions up to `after` (key and rank) below `prefix`. `began_us`,
    `done_us`: begin and end of the pass, `done_us` 0 while it runs.
    """

    began_us: int = 0
    done_us: int = 0
    bucket: str = ""
    prefix: str = ""
    after: tuple[str, int] | None = None


class LifecycleWorker:
    """Runs the passes.

    `every_s`: time from the begin of a pass to the begin of the next. `day_s`: length of a day. `leader`:
    None for a worker that only runs once.
    """

    def __init__(
        self,
        metadata: Metadata,
        buckets: Buckets,
        *,
        leader: Leader | None,
        clock_us: Callable[[], int],
        make_event_maker: MakeEventMaker,
        on_action: OnAction | None = None,
        day_s: float = DAY_S,
        every_s: float = 3600,
        minimum_bytes: int = MINIMUM_BYTES,
    ) -> None:
        self._metadata, self._buckets, self._leader = metadata, buckets, leader
        self._clock_us, self._make_event_maker, self._on_action = clock_us, make_event_maker, on_action
        self._day_s, self._every_us, self._minimum_bytes = day_s, int(every_s * 1e6), minimum_bytes
        self.counts: Counter[str] = Counter()
        self._task = Periodic(
            NAME,
            self._step,
            period_s=min(every_s, CHECK_EVERY_S),
            passing=(MetadataError, LeaseLost),
            log=log,
        )

    def start(self) -> None:
        self._task.start()

    async def close(self) -> None:
        await self._task.close()
        if self._leader is not None:
            await self._task.guarded("releasing the lease", self._leader.release)

    async def _step(self) -> None:
        if self._leader is None or not await self._leader.leads():
            return
        text = await self._metadata.walks.progress(NAME)
        progress = Progress(**orjson.loads(text)) if text else Progress()
        if progress.done_us and self._clock_us() - progress.began_us < self._every_us:
            return
        if progress.done_us or not progress.began_us:
            progress = Progress(began_us=self._clock_us())
        await self._run_pass(progress)

    async def run_once(self) -> Counter[str]:
        """Run one whole pass now, and return how often each action was taken.

        Without the lease: another gateway may try the same actions at the same time.
        """
        await self._run_pass(Progress(began_us=self._clock_us()))
        return self.counts

    # --- the pass ----------------------------------------------------------------------------

    async def _run_pass(self, progress: Progress) -> None:
        if progress.bucket:
            await self._apply_to_bucket(progress)
        while names := await self._metadata.walks.buckets(KIND, after=progress.bucket, limit=100):
            for name in names:
                progress.bucket, progress.prefix, progress.after = name, "", None
                await self._apply_to_bucket(progress)
        progress.done_us, progress.bucket = self._clock_us(), ""
        await self._save_progress(progress)

    async def _apply_to_bucket(self, progress: Progress) -> None:
        """Apply the rules of a bucket. An unexpected failure must not keep the others from their turn."""
        try:
            await self._apply_rules(progress)
        except (MetadataError, LeaseLost):
            raise
        except Exception:
            log.exception("lifecycle of %s failed; the next pass tries again", progress.bucket)

    async def _apply_rules(self, progress: Progress) -> None:
        try:
            bucket, settings = await self._buckets.find(progress.bucket)
            rules = settings.parse(KIND, Rules.parse)
            if rules is None:
                return
            engine = Engine(rules, bucket.versioning != OFF, self._day_s, self._minimum_bytes)
            event_makers = {
                kind: self._make_event_maker(bucket, settings, kind)
                for kind in (EXPIRATION_EVENT, TRANSITION_EVENT)
            }
            work = BucketWork(bucket, settings, engine, event_makers)
            before = self.counts.copy()
            await self._apply_to_versions(work, progress)
            await self._abort_uploads(work)
            if now := self.counts - before:
                log.info("lifecycle of %s: %s", bucket.name, ", ".join(f"{n} {a}" for a, n in now.items()))
        except NoSuchBucket:
            return  # deleted meanwhile

    async def _apply_to_versions(self, work: BucketWork, progress: Progress) -> None:
        engine = work.engine
        rule_prefixes = prefixes(
            rule
            for rule in engine.rules.enabled
            if rule.applies_to_current or (engine.versioned and rule.applies_to_noncurrent)
        )
        for prefix in rule_prefixes:
            if prefix < progress.prefix:
                continue  # already done before the pass was interrupted
            if prefix != progress.prefix:
                progress.prefix, progress.after = prefix, None
            version_walk = VersionWalk(engine, self._clock_us())
            async for page in self._read_pages(work.bucket, progress):
                due = []
                for version, only_version in page:
                    if found := version_walk.evaluate(version, only_version=only_version):
                        due.append(found)
                for at in range(0, len(due), DELETE_BATCH):
                    await self._carry_out(work, due[at : at + DELETE_BATCH])

    async def _read_pages(
        self, bucket: Bucket, progress: Progress
    ) -> AsyncIterator[list[tuple[Version, bool]]]:
        """Yield pages of versions, each with whether it is the only one of its key; sleep after each."""
        before: Walked | None = None
        held: Walked | None = None  # the last of a page: the next page shows whether its key has others
        while True:
            began = time.monotonic()
            after = progress.after
            found = await self._metadata.walks.versions(
                bucket, prefix=progress.prefix, after=after, limit=PAGE_SIZE
            )
            rows = [held, *found] if held else list(found)
            last_page = len(found) < PAGE_SIZE
            held = rows.pop() if rows and not last_page else None
            page = []
            for at, row in enumerate(rows):
                following = rows[at + 1] if at + 1 < len(rows) else held
                others = (before, following)
                only_version = all(other is None or other.key != row.key for other in others)
                page.append((_version(row), only_version))
                before = row
            yield page
            if last_page:
                return
            progress.after = (found[-1].key, found[-1].rank)
            await self._save_page(progress, rows)
            await asyncio.sleep(min(time.monotonic() - began, MAX_PAUSE_S))

    async def _save_page(self, progress: Progress, rows: Sequence[Walked]) -> None:
        """Store the progress at the begin of a key: the action on a version depends on the newer ones."""
        if self._leader is not None and not await self._leader.leads():
            raise LeaseLost("another gateway holds the lease of the lifecycle worker")
        if rows:
            await self._save_progress(replace(progress, after=(rows[-1].key, -(1 << 62))))

    async def _save_progress(self, progress: Progress) -> None:
        if self._leader is not None:
            await self._metadata.walks.keep_progress(NAME, orjson.dumps(progress).decode())

    # --- actions -----------------------------------------------------------------------------

    async def _carry_out(self, work: BucketWork, due: Sequence[Action]) -> None:
        bucket = work.bucket
        removals = [each for each in due if each.action != "move"]
        moves = [each for each in due if each.action == "move"]
        if removals:
            requests = [_delete_request(each, bucket) for each in removals]
            results = await self._metadata.objects.delete_many(
                bucket.name, requests, owner=bucket.owner, emit=work.event_makers[EXPIRATION_EVENT]
            )
            for each, result in zip(removals, results, strict=True):
                if not isinstance(result, MetadataError) and result.found:
                    self._record_action(work, each.action, each.version, each.rule_id)
        outcomes = await asyncio.gather(
            *(self._transition(bucket, each, work.event_makers[TRANSITION_EVENT]) for each in moves)
        )
        for each, moved in zip(moves, outcomes, strict=True):
            if moved:
                self._record_action(work, each.action, each.version, each.rule_id, each.storage_class)

    async def _transition(self, bucket: Bucket, due: Action, emit: Emit | None) -> bool:
        version, moved = due.version, False

        def change(found: Object) -> Object:
            nonlocal moved
            moved = (
                found.modified_us == version.since_us
                and found.properties.storage_class == version.storage_class
            )
            if not moved:
                return found
            return replace(found, properties=replace(found.properties, storage_class=due.storage_class))

        version_id = version.version_id if bucket.versioning != OFF else None
        try:
            await self._metadata.objects.alter(bucket.name, version.key, version_id, change, emit)
        except (NoSuchKey, NoSuchVersion):
            return False
        return moved

    def _record_action(
        self, work: BucketWork, action: str, version: Version, rule_id: str, storage_class: str = ""
    ) -> None:
        self.counts[action] += 1
        log.debug("%s: %s %r by rule %r", work.bucket.name, action, version.key, rule_id)
        if self._on_action is not None:
            self._on_action(work.bucket, work.settings, action, version, storage_class)

    async def _abort_uploads(self, work: BucketWork) -> None:
        bucket, engine = work.bucket, work.engine
        rule_prefixes = prefixes(rule for rule in engine.rules.enabled if rule.abort_days is not None)
        for prefix in rule_prefixes:
            key: str | None = None
            upload_id: str | None = None
            while True:
                page = await self._metadata.uploads.list(
                    bucket.name, prefix=prefix, key_marker=key, upload_id_marker=upload_id, limit=PAGE_SIZE
                )
                for each in page.uploads:
                    if engine.must_abort(Upload(each.key, each.id, each.initiated_us), self._clock_us()):
                        await self._abort(work, each.key, each.id)
                key, upload_id = page.next_key_marker, page.next_upload_id_marker
                if key is None:
                    break

    async def _abort(self, work: BucketWork, key: str, upload_id: str) -> None:
        try:
            await self._metadata.uploads.abort(work.bucket.name, key, upload_id)
        except NoSuchUpload:
            return
        found = work.engine.abort_date(key, 0)
        self._record_action(work, "abort", Version(key, "", self._clock_us()), found[1] if found else "")


def _version(row: Walked) -> Version:
    return Version(
        row.key, row.version_id, row.modified_us, row.size, row.storage_class, row.tags, row.marker
    )


def _delete_request(due: Action, bucket: Bucket) -> DeleteRequest:
    """Return the request that deletes a version if it is unchanged."""
    version = due.version
    unchanged = Conditions(if_match_modified_us=version.since_us)
    if due.action == "expire" or bucket.versioning == OFF:
        return DeleteRequest(version.key, unchanged)
    return DeleteRequest(version.key, NO_CONDITIONS, version.version_id, unless_current=not version.is_marker)
