"""All that a gateway works on, opened in order and closed in reverse: metadata, nodes, blobs, keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from chunkd import Node, NodeInUse, open_node
from metadata import Metadata
from metadata.bucket_settings import Buckets
from metadata.errors import NodeExists
from metadata.ids import now_us
from metadata.records import NodeRow
from s3api.access.key_generation import first_account
from s3api.access.keys import Keys
from s3api.access.root_key import root_key
from s3api.blobs import BlobStore, NodeStatus
from s3api.blobs.cluster import Cluster
from s3api.database import instance, opened_metadata
from s3api.events.targets import Targets
from s3api.kms import DataKeys, KeyFile
from s3api.settings import MIN_NODES, Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Store:
    settings: Settings
    metadata: Metadata
    blobs: BlobStore
    keys: Keys
    buckets: Buckets
    data_keys: DataKeys
    targets: Targets


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """Open everything. Raises SettingsError, with one line for the operator, and MetadataUnavailable."""
    root, _ = root_key(settings)
    targets = event_targets(settings)
    async with AsyncExitStack() as stack:
        metadata = await stack.enter_async_context(opened_metadata(settings))
        await register_nodes(metadata, settings)
        blobs = await BlobStore.open(
            metadata,
            settings.blobs,
            settings.nodes,
            base=settings.data,
            exclusive=settings.exclusive,
            holder=instance(),
        )
        stack.push_async_callback(blobs.close)
        data_keys = open_data_keys(settings)
        stack.push_async_callback(data_keys.close)
        await metadata.accounts.ensure(first_account())
        keys = Keys(root, metadata, cache_s=settings.access.key_cache_s)
        yield Store(settings, metadata, blobs, keys, Buckets(metadata), data_keys, targets)


def event_targets(settings: Settings) -> Targets:
    """Raises SettingsError."""
    try:
        return Targets(settings.events.targets)
    except ValueError as why:
        raise SettingsError(f"event_targets: {why}") from None


async def register_nodes(metadata: Metadata, settings: Settings) -> None:
    """Register the nodes of the settings that are not yet. SettingsError where too few are registered."""
    known = {row.address for row in await metadata.nodes.list()}
    wanted = settings.nodes.addresses if settings.nodes.given or not known else ()
    for address in dict.fromkeys(wanted):
        if address not in known:
            with suppress(NodeExists):
                await metadata.nodes.add(address, capacity_bytes=None, now_us=now_us())
            known.add(address)
    if len(known) < MIN_NODES:
        raise SettingsError(
            f"{len(known)} nodes are registered and an object is cut in six: register at least {MIN_NODES}, "
            "with --node ADDRESS or `sixfold node add ADDRESS`"
        )


async def admit_node(
    metadata: Metadata, settings: Settings, address: str, *, capacity_bytes: int | None
) -> NodeRow:
    """Register a node that answers now, or that a running gateway has to itself.

    Raises ValueError (no address of a node), NodeDown, NodeExists.
    """
    with suppress(NodeInUse):
        async with opened_node(settings, address) as node:
            await node.ping()
    return await metadata.nodes.add(address, capacity_bytes=capacity_bytes, now_us=now_us())


@asynccontextmanager
async def opened_node(settings: Settings, address: str) -> AsyncIterator[Node]:
    """As a gateway of these settings opens it. Raises ValueError (no node's address), OSError, NodeError."""
    node = await open_node(
        address,
        base=settings.data,
        token=settings.nodes.token_text,
        timeout_s=settings.nodes.timeout_s,
        ca=settings.nodes.ca,
    )
    try:
        yield node
    finally:
        await node.close()


def key_file(settings: Settings) -> KeyFile:
    return KeyFile(settings.key_file_path, region=settings.region)


def open_data_keys(settings: Settings) -> DataKeys:
    """The keys of encryption: those of the key file, which the first use makes, and of a key service."""
    given = settings.encryption
    remote = None
    if given.kms_endpoint and given.kms_access_key and given.kms_secret_key:
        from s3api.kms.remote import RemoteKeys  # only here: httpx and botocore take 0.15 s to import

        remote = RemoteKeys(
            given.kms_endpoint,
            region=given.kms_region or settings.region,
            access_key=given.kms_access_key,
            secret_key=given.kms_secret_key.get_secret_value(),
            timeout_s=given.kms_timeout_s,
        )
    return DataKeys(
        key_file(settings),
        remote,
        by_default=given.by_default,
        customer_keys_need_tls=given.customer_keys_need_tls,
    )


async def probe_nodes(metadata: Metadata, settings: Settings) -> list[NodeStatus]:
    """Open every registered node, and return its status."""
    cluster = Cluster(
        metadata, settings.nodes, base=settings.data, exclusive=False, parity=settings.blobs.parity
    )
    try:
        await cluster.refresh()
        return cluster.status()
    finally:
        await cluster.close()
