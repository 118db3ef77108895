"""Opens the metadata store of the settings.

Most commands of the CLI need nothing else of a store, so this imports nothing of access, blobs and keys.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from metadata import Metadata, open_metadata
from s3api.settings import Settings, SettingsError


@asynccontextmanager
async def opened_metadata(settings: Settings) -> AsyncIterator[Metadata]:
    """Open the metadata store, and migrate its tables to this version.

    Raises SettingsError, MetadataUnavailable.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        metadata = await open_metadata(settings.database_url, instance=instance())
    except ValueError as why:
        raise SettingsError(str(why)) from None
    try:
        yield metadata
    finally:
        await metadata.close()


def instance() -> str:
    """A name of this process among all gateways of one database, for lease rows."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
