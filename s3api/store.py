"""`Store`: the metadata, blobs and keys of a gateway. `open_store` opens them in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from metadata import Metadata
from metadata.bucket_settings import Buckets
from s3api.access.key_generation import first_account
from s3api.access.keys import Keys
from s3api.access.root_key import root_key
from s3api.blobs import BlobStore
from s3api.database import instance, opened_metadata
from s3api.events.targets import Targets
from s3api.kms import DataKeys, KeyFile
from s3api.nodes import register_nodes
from s3api.settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Store:
    """The parts of a gateway that keep data."""

    settings: Settings
    metadata: Metadata
    blobs: BlobStore
    keys: Keys
    buckets: Buckets
    data_keys: DataKeys
    targets: Targets


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """Open all parts, and close them in reverse order.

    Raises SettingsError, with one line for the operator, and MetadataUnavailable.
    """
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
    """Read the targets of event notifications from the settings. Raises SettingsError."""
    try:
        return Targets(settings.events.targets)
    except ValueError as why:
        raise SettingsError(f"event_targets: {why}") from None


def key_file(settings: Settings) -> KeyFile:
    """The key file of the settings. It may not exist yet."""
    return KeyFile(settings.key_file_path, region=settings.region)


def open_data_keys(settings: Settings) -> DataKeys:
    """Open the encryption keys: the key file, created at its first use, and a key service if one is set."""
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
