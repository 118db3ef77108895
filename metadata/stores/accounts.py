"""Accounts, their users with policies, and access keys."""

from __future__ import annotations

from metadata.engines.runner import Runner
from metadata.records import AccessKey, Account, IamUser, Identity
from metadata.transactions import accounts, maintenance, reads


class AccountStore:
    """Accounts: `metadata.accounts`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, account_id: str) -> Account:
        """Read an account by canonical id. Raises NoSuchAccount."""
        return await self._runner.read(accounts.account, account_id)

    async def find(self, text: str) -> Account:
        """Find an account by canonical id, number, name or e-mail. Raises NoSuchAccount."""
        return await self._runner.read(accounts.find_account, text)

    async def create(self, new: Account) -> None:
        """Create an account. Raises AccountExists."""
        await self._runner.write(None, accounts.create_account, new)

    async def ensure(self, new: Account) -> Account:
        """Read the account of that id, or create it. Raises AccountExists where another has its name."""
        return await self._runner.write(None, accounts.ensure_account, new)

    async def update(self, account_id: str, *, name: str | None = None, email: str | None = None) -> Account:
        """Change the given columns. Raises NoSuchAccount, AccountExists."""
        return await self._runner.write(None, accounts.change_account, account_id, name, email)

    async def identity(self, account_id: str, user_name: str | None) -> Identity:
        """Read an account and, where one is named, a user with its policies. Raises NoSuchAccount,
        NoSuchUser.
        """
        return await self._runner.read(accounts.identity, account_id, user_name)

    async def list(self) -> list[Account]:
        """List all accounts, the oldest first."""
        return await self._runner.read(accounts.accounts)


class UserStore:
    """`metadata.users`: the IAM users of accounts and their inline policies."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, account_id: str, name: str) -> IamUser:
        """Read a user; case does not matter. Raises NoSuchUser."""
        return await self._runner.read(accounts.user, account_id, name)

    async def create(self, new: IamUser) -> None:
        """Create a user. Raises UserExists."""
        await self._runner.write(None, accounts.create_user, new)

    async def rename(self, account_id: str, user_name: str, *, name: str, path: str) -> None:
        """Give a user another name or path; keys and policies follow. Raises NoSuchUser, UserExists."""
        await self._runner.write(None, accounts.rename_user, account_id, user_name, name, path)

    async def delete(self, account_id: str, user_name: str) -> None:
        """Delete a user. Raises NoSuchUser; UserInUse while it has keys or policies."""
        await self._runner.write(None, accounts.delete_user, account_id, user_name)

    async def policies(self, account_id: str, user_name: str) -> list[tuple[str, str]]:
        """Read the names and documents of a user's inline policies, by name."""
        return await self._runner.read(accounts.user_policies, account_id, user_name)

    async def put_policy(self, account_id: str, user_name: str, name: str, document: str) -> None:
        """Store an inline policy, replacing the one of that name. Raises NoSuchUser."""
        await self._runner.write(None, accounts.put_user_policy, account_id, user_name, name, document)

    async def delete_policy(self, account_id: str, user_name: str, name: str) -> bool:
        """Delete an inline policy; True where there was one."""
        return await self._runner.write(None, accounts.delete_user_policy, account_id, user_name, name)

    async def list(self, account_id: str) -> list[IamUser]:
        """List an account's users by name, ignoring case."""
        return await self._runner.read(accounts.users, account_id)


class AccessKeyStore:
    """`metadata.access_keys`: the key pairs that requests are signed with."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def get(self, access_key: str) -> AccessKey:
        """Read a key pair, revoked ones too (see its `state`). Raises NoSuchAccessKey."""
        return await self._runner.read(reads.access_key, access_key)

    async def put(self, key: AccessKey) -> None:
        """Store a key pair, replacing the one of the same access key."""
        await self._runner.write(None, maintenance.put_access_key, key)

    async def revoke(self, access_key: str) -> None:
        """Set a key's state to "revoked". Raises NoSuchAccessKey."""
        await self._runner.write(None, maintenance.revoke_access_key, access_key)

    async def set_state(self, access_key: str, state: str) -> None:
        """Set a key's state. Raises NoSuchAccessKey."""
        await self._runner.write(None, accounts.set_access_key, access_key, state)

    async def delete(self, access_key: str) -> None:
        """Delete a key pair. Raises NoSuchAccessKey."""
        await self._runner.write(None, accounts.delete_access_key, access_key)

    async def of_user(self, account_id: str, user_name: str | None) -> list[AccessKey]:
        """List the keys of a user, or (None) of the account's root."""
        return await self._runner.read(accounts.user_keys, account_id, user_name)

    async def list(self) -> list[AccessKey]:
        """List all key pairs."""
        return await self._runner.read(reads.access_keys)
