"""The part of `Metadata` about accounts, their users, keys and policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metadata.records import AccessKey, Account, IamUser, Identity
from metadata.transactions import accounts

if TYPE_CHECKING:
    from metadata.engines.runner import Runner


class Accounts:
    """One method, one transaction, as in `Metadata`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._write, self._read = runner.write, runner.read

    async def account(self, account_id: str) -> Account:
        """By canonical id. Raises NoSuchAccount."""
        return await self._read(accounts.account, account_id)

    async def accounts(self) -> list[Account]:
        """The oldest first."""
        return await self._read(accounts.accounts)

    async def find_account(self, text: str) -> Account:
        """By canonical id, number, name or e-mail. Raises NoSuchAccount."""
        return await self._read(accounts.find_account, text)

    async def create_account(self, new: Account) -> None:
        """Raises AccountExists."""
        await self._write(None, accounts.create_account, new)

    async def ensure_account(self, new: Account) -> Account:
        """The account of that id as it stands, made now where it is not there. Raises AccountExists."""
        return await self._write(None, accounts.ensure_account, new)

    async def change_account(
        self, account_id: str, *, name: str | None = None, email: str | None = None
    ) -> Account:
        """Raises NoSuchAccount, AccountExists."""
        return await self._write(None, accounts.change_account, account_id, name, email)

    async def identity(self, account_id: str, user_name: str | None) -> Identity:
        """Raises NoSuchAccount, NoSuchUser."""
        return await self._read(accounts.identity, account_id, user_name)

    async def users(self, account_id: str) -> list[IamUser]:
        """By name, in any case."""
        return await self._read(accounts.users, account_id)

    async def user(self, account_id: str, name: str) -> IamUser:
        """Raises NoSuchUser."""
        return await self._read(accounts.user, account_id, name)

    async def create_user(self, new: IamUser) -> None:
        """Raises UserExists."""
        await self._write(None, accounts.create_user, new)

    async def rename_user(self, account_id: str, user_name: str, *, name: str, path: str) -> None:
        """Raises NoSuchUser, UserExists."""
        await self._write(None, accounts.rename_user, account_id, user_name, name, path)

    async def delete_user(self, account_id: str, user_name: str) -> None:
        """Raises NoSuchUser; UserInUse while it has keys or policies."""
        await self._write(None, accounts.delete_user, account_id, user_name)

    async def user_keys(self, account_id: str, user_name: str | None) -> list[AccessKey]:
        """Those of a user, or (None) of the account itself."""
        return await self._read(accounts.user_keys, account_id, user_name)

    async def set_access_key(self, access_key: str, *, state: str) -> None:
        """Raises NoSuchAccessKey."""
        await self._write(None, accounts.set_access_key, access_key, state)

    async def delete_access_key(self, access_key: str) -> None:
        """Raises NoSuchAccessKey."""
        await self._write(None, accounts.delete_access_key, access_key)

    async def user_policies(self, account_id: str, user_name: str) -> list[tuple[str, str]]:
        """Names and documents, by name."""
        return await self._read(accounts.user_policies, account_id, user_name)

    async def put_user_policy(self, account_id: str, user_name: str, name: str, document: str) -> None:
        """Raises NoSuchUser."""
        await self._write(None, accounts.put_user_policy, account_id, user_name, name, document)

    async def delete_user_policy(self, account_id: str, user_name: str, name: str) -> bool:
        """Whether it was there."""
        return await self._write(None, accounts.delete_user_policy, account_id, user_name, name)
