"""Work of a command on the metadata store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from metadata.errors import NoSuchAccount
from s3api.settings import Settings, SettingsError

if TYPE_CHECKING:
    from metadata import Metadata
    from metadata.records import Account

T = TypeVar("T")


def with_metadata(settings: Settings, work: Callable[[Metadata], Awaitable[T]]) -> T:
    """Open the metadata store, await `work` on it, and return its result."""
    import asyncio

    from s3api.database import opened_metadata

    async def opened() -> T:
        async with opened_metadata(settings) as metadata:
            return await work(metadata)

    return asyncio.run(opened())


async def find_account(metadata: Metadata, text: str | None) -> Account:
    """The account of that name, number, e-mail or canonical ID; None for the first account.

    Raises SettingsError where there is none.
    """
    from s3api.access.key_generation import first_account

    first = await metadata.accounts.ensure(first_account())
    if text is None:
        return first
    try:
        return await metadata.accounts.find(text)
    except NoSuchAccount:
        raise SettingsError(f"there is no account {text}") from None
