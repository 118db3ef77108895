"""Look-up of key pairs and their callers, in the metadata store.

A pair belongs to an account or to one of its users, who may do what policies allow. What was looked up is
believed for `key_cache_s`; that is how long a revoked pair or policy may go on. `root_key` has the root pair.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from metadata.errors import NoSuchAccessKey, NoSuchAccount, NoSuchUser
from metadata.records import AccessKey, Account
from s3api.access.caller import ANONYMOUS, Caller
from s3api.access.key_generation import ACTIVE, account_number
from s3api.access.policy import read_user_policy

if TYPE_CHECKING:
    from metadata import Metadata

CACHED = 1024


class Keys:
    """Key pairs and callers, cached. One instance for all requests of a gateway."""

    def __init__(self, root: AccessKey, metadata: Metadata, *, cache_s: float) -> None:
        self.root = root
        self.root_principal = Caller(root.owner, account_number(root.owner))
        self._metadata, self.cache_s = metadata, cache_s
        self._cache: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()

    async def find(self, access_key: str) -> AccessKey | None:
        """Find a key pair; None if it does not exist or was revoked. Raises MetadataUnavailable."""
        if access_key == self.root.access_key:
            return self.root
        if (cached := self._cached(access_key)) is not None:
            known: AccessKey = cached
            return known
        try:
            found = await self._metadata.access_keys.get(access_key)
        except NoSuchAccessKey:
            return None
        if found.state != ACTIVE:
            return None
        self._keep(access_key, found)
        return found

    async def principal(self, key: AccessKey) -> Caller:
        """Find the caller that a key pair belongs to; ANONYMOUS if its account or user is gone."""
        if key is self.root:
            return self.root_principal
        at = ("principal", key.owner, key.user_name)
        if (cached := self._cached(at)) is not None:
            known: Caller = cached
            return known
        try:
            identity = await self._metadata.accounts.identity(key.owner, key.user_name)
        except (NoSuchAccount, NoSuchUser):
            return ANONYMOUS
        number, user = identity.account.number, identity.user
        if user is None:
            found = Caller(key.owner, number)
        else:
            policies = tuple((name, read_user_policy(text)) for name, text in identity.policies)
            found = Caller(key.owner, number, user.name, user.path, user.id, policies=policies)
        self._keep(at, found)
        return found

    async def account(self, canonical: str) -> Account | None:
        """Find an account by its canonical id; None if it does not exist."""
        at = ("account", canonical)
        if (cached := self._cached(at)) is not None:
            known: Account = cached
            return known
        try:
            found = await self._metadata.accounts.get(canonical)
        except NoSuchAccount:
            return None
        self._keep(at, found)
        return found

    def number(self, canonical: str) -> str:
        """Return the account number (twelve digits) of a canonical id."""
        known = self._cached(("account", canonical))
        return known.number if isinstance(known, Account) else account_number(canonical)

    def forget(self) -> None:
        """Empty the cache, after this process has changed accounts, users or keys."""
        self._cache.clear()

    def _cached(self, at: Hashable) -> Any:
        cached = self._cache.get(at)
        if cached is None:
            return None
        if cached[0] > time.monotonic():
            return cached[1]
        del self._cache[at]
        return None

    def _keep(self, at: Hashable, found: Any) -> None:
        self._cache[at] = (time.monotonic() + self.cache_s, found)
        if len(self._cache) > CACHED:
            self._cache.popitem(last=False)
