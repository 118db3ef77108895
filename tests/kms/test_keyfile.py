"""The key file: created once, private, and rotated without losing older data keys."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from s3api.errors import S3Error
from s3api.kms import KeyFile, LocalKeys
from s3api.kms.keyfile import DEFAULT_ALIAS, S3_ALIAS, KeyFileError

CONTEXT = {"aws:s3:arn": "arn:aws:s3:::b/k"}
PREFIX = "arn:aws:kms:us-east-1:000000000000:"


def key_file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "kms.json", region="us-east-1")


async def test_the_first_use_makes_it_readable_by_its_owner_alone(tmp_path: Path) -> None:
    file = key_file(tmp_path)
    assert not file.path.exists()
    made = await LocalKeys(file).generate(None, CONTEXT)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [key.aliases for key in file.all()] == [(S3_ALIAS,), (DEFAULT_ALIAS,)]
    assert made.key == file.find(DEFAULT_ALIAS).arn
    assert os.listdir(tmp_path) == ["kms.json"]


def test_processes_that_make_it_at_once_have_the_same_keys(tmp_path: Path) -> None:
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(key_file(tmp_path).all())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(keys == found[0] for keys in found)


async def test_a_key_is_found_by_each_of_its_names(tmp_path: Path) -> None:
    file = key_file(tmp_path)
    key = file.add(id="testkey-1", alias="alias/mine")
    for name in ("testkey-1", PREFIX + "key/testkey-1", "alias/mine", PREFIX + "alias/mine"):
        assert file.find(name) == key
        assert (await LocalKeys(file).generate(name, CONTEXT)).key == key.arn
    for clash in ({"id": "testkey-1"}, {"id": "other", "alias": "alias/mine"}):
        with pytest.raises(KeyFileError, match="already"):
            file.add(**clash)
    for bad in ({"id": "a b"}, {"alias": "mine"}, {"id": ""}):
        if bad == {"id": ""}:
            assert len(file.add(id="").id) == 36
            continue
        with pytest.raises(KeyFileError):
            file.add(**bad)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fake-key-id", "Invalid keyId 'fake-key-id'"),
        (
            "134f2428-0000-4000-8000-000000000000",
            f"Key '{PREFIX}key/134f2428-0000-4000-8000-000000000000' does not exist",
        ),
        (PREFIX + "key/none", f"Key '{PREFIX}key/none' does not exist"),
        ("arn:aws:kms:us-west-2:000000000000:key/none", "Invalid arn us-west-2"),
    ],
)
async def test_a_key_that_is_not_there_is_an_error_in_kms_words(
    tmp_path: Path, name: str, message: str
) -> None:
    with pytest.raises(S3Error) as refused:
        await LocalKeys(key_file(tmp_path)).generate(name, CONTEXT)
    assert (refused.value.code, refused.value.message) == ("KMS.NotFoundException", message)


async def test_a_rotated_key_opens_what_it_wrapped_before(tmp_path: Path) -> None:
    file = key_file(tmp_path)
    service, file_of_another_gateway = LocalKeys(file), key_file(tmp_path)
    before = await service.generate(None, CONTEXT)
    rotated = file.rotate(DEFAULT_ALIAS)
    after = await service.generate(None, CONTEXT)
    assert len(rotated.secrets) == 2
    assert before.key == after.key == rotated.arn
    assert before.wrapped[:8] != after.wrapped[:8]
    for other in (service, LocalKeys(file_of_another_gateway)):
        assert await other.decrypt(before.key, before.wrapped, CONTEXT) == before.secret
        assert await other.decrypt(after.key, after.wrapped, CONTEXT) == after.secret


async def test_a_disabled_key_does_nothing_until_it_is_enabled(tmp_path: Path) -> None:
    file = key_file(tmp_path)
    service = LocalKeys(file)
    made = await service.generate(None, CONTEXT)
    file.set_enabled(made.key, enabled=False)
    for refused in (
        service.generate(None, CONTEXT),
        service.encrypt(made.key, made.secret, CONTEXT),
        service.decrypt(made.key, made.wrapped, CONTEXT),
    ):
        with pytest.raises(S3Error, match="is disabled") as why:
            await refused
        assert why.value.code == "KMS.DisabledException"
    file.set_enabled(made.key, enabled=True)
    assert await service.decrypt(made.key, made.wrapped, CONTEXT) == made.secret


async def test_the_wrong_key_or_context_does_not_open(tmp_path: Path) -> None:
    file = key_file(tmp_path)
    service, made = LocalKeys(file), await LocalKeys(file).generate(None, CONTEXT)
    for attempt in (
        (made.key, made.wrapped, {}),
        (S3_ALIAS, made.wrapped, CONTEXT),
        (made.key, bytes(72), CONTEXT),
        (made.key, b"", CONTEXT),
    ):
        with pytest.raises(S3Error) as refused:
            await service.decrypt(*attempt)
        assert refused.value.code == "KMS.KMSInvalidStateException"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"version": 2, "keys": []}', '{"version": 1, "keys": [{}]}']
)
def test_what_is_no_key_file_is_said_and_not_written_over(tmp_path: Path, text: str) -> None:
    file = key_file(tmp_path)
    file.path.write_text(text)
    with pytest.raises(KeyFileError, match=r"kms\.json"):
        file.all()
    assert file.path.read_text() == text


def test_a_file_that_goes_away_is_not_made_anew(tmp_path: Path) -> None:
    file = key_file(tmp_path)
    file.all()
    file.path.unlink()
    with pytest.raises(KeyFileError, match="gone"):
        file.find("never heard of")
    assert not file.path.exists()


def test_no_secret_is_in_a_repr(tmp_path: Path) -> None:
    file = key_file(tmp_path)
    for key in file.all():
        assert repr(key.secrets[0].secret) not in repr(file.all())
        assert "secret=" not in repr(key)


def test_changes_at_once_lose_none(tmp_path: Path) -> None:
    key_file(tmp_path).all()

    def add(number: int) -> None:
        key_file(tmp_path).add(id=f"key-{number}")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(key_file(tmp_path).all()) == 2 + 12
