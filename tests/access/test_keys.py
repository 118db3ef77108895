"""The file of the root key pair, and the cache of access keys."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from metadata.errors import NoSuchAccessKey
from metadata.records import AccessKey
from s3api.access.key_generation import ACTIVE, ROOT_OWNER, new_key_pair
from s3api.access.keys import CACHED, Keys
from s3api.access.root_key import credentials_path, root_key
from s3api.settings import Settings, SettingsError, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(data=tmp_path / "data")


@pytest.fixture
def open_mask() -> Iterator[None]:
    import os

    before = os.umask(0)
    yield
    os.umask(before)


def test_the_first_start_makes_a_pair_and_keeps_it(settings: Settings, open_mask: None) -> None:
    pair, is_new = root_key(settings)
    path = credentials_path(settings)
    assert is_new
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (len(pair.access_key), len(pair.secret_key)) == (20, 40)
    again, is_new = root_key(settings)
    assert not is_new
    assert (again.access_key, again.secret_key) == (pair.access_key, pair.secret_key)
    assert [file.name for file in path.parent.iterdir()] == ["credentials"]


def test_aws_clients_read_the_file(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.session

    pair, _ = root_key(settings)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials_path(settings)))
    found = botocore.session.Session().get_credentials()
    assert (found.access_key, found.secret_key) == (pair.access_key, pair.secret_key)


def test_processes_that_start_together_agree(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        pairs = [future.result() for future in [pool.submit(root_key, settings) for _ in range(32)]]
    assert len({pair.access_key for pair, _ in pairs}) == 1
    assert sum(is_new for _, is_new in pairs) == 1


def test_given_keys_are_used_and_not_written_down(tmp_path: Path) -> None:
    settings = load(data=tmp_path / "data", access_key="given", secret_key="secret")
    pair, is_new = root_key(settings)
    assert (pair.access_key, pair.secret_key, pair.owner, is_new) == ("given", "secret", ROOT_OWNER, False)
    assert not settings.data.exists()


@pytest.mark.parametrize("text", ["", "nonsense", "[default]\naws_access_key_id = x\n", "\x00"])
def test_a_damaged_file_is_said_so(settings: Settings, text: str) -> None:
    root_key(settings)
    credentials_path(settings).write_text(text)
    with pytest.raises(SettingsError, match="is no credentials file"):
        root_key(settings)


def test_the_owner_is_a_canonical_id() -> None:
    import hashlib

    assert hashlib.sha256(b"sixfold root account").hexdigest() == ROOT_OWNER
    assert new_key_pair().owner == ROOT_OWNER
    assert new_key_pair().secret_key not in repr(new_key_pair())


class Table:
    """The access keys of a metadata store; counts look-ups."""

    def __init__(self) -> None:
        self.rows: dict[str, AccessKey] = {}
        self.asked = 0

    async def get(self, name: str) -> AccessKey:
        self.asked += 1
        if name not in self.rows:
            raise NoSuchAccessKey(name)
        return self.rows[name]


def keys_over(table: Any, cache_s: float) -> Keys:
    metadata: Any = SimpleNamespace(access_keys=table)
    return Keys(new_key_pair(), metadata, cache_s=cache_s)


async def test_look_ups_are_cached_and_misses_are_not() -> None:
    table = Table()
    keys = keys_over(table, 60)
    pair = new_key_pair()
    assert await keys.find(pair.access_key) is None
    table.rows[pair.access_key] = pair
    assert await keys.find(pair.access_key) == pair
    assert await keys.find(pair.access_key) == pair
    assert table.asked == 2
    assert await keys.find(keys.root.access_key) == keys.root
    assert table.asked == 2


async def test_a_revoked_pair_is_refused_when_the_cache_forgets() -> None:
    table = Table()
    keys = keys_over(table, 0.02)
    pair = new_key_pair()
    table.rows[pair.access_key] = pair
    assert await keys.find(pair.access_key)
    table.rows[pair.access_key] = AccessKey(pair.access_key, pair.secret_key, pair.owner, "revoked", 0)
    async with asyncio.timeout(5):
        while await keys.find(pair.access_key):  # noqa: ASYNC110 - the cache has no event to wait for
            await asyncio.sleep(0.005)


async def test_the_cache_is_bounded() -> None:
    table = Table()
    keys = keys_over(table, 60)
    for number in range(CACHED + 10):
        name = f"key{number}"
        table.rows[name] = AccessKey(name, "s", ROOT_OWNER, ACTIVE, 0)
        await keys.find(name)
    table.asked = 0
    assert await keys.find(f"key{CACHED + 9}")
    assert table.asked == 0
    assert await keys.find("key0")
    assert table.asked == 1
