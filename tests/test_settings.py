"""Where settings come from, which wins, and what an operator is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from chunkd.file_settings import SettingFileError
from chunkd.loopback import is_loopback
from chunkd.settings import Settings as ChunkdSettings
from s3api.settings import (
    DEFAULT_NODES,
    SETTINGS,
    SettingsError,
    load,
    put_into_environment,
    without_password,
)


def test_defaults_need_nothing() -> None:
    settings = load()
    assert (settings.http.host, settings.http.port, settings.http.workers, settings.blobs.parity) == (
        "127.0.0.1",
        8260,
        1,
        2,
    )
    assert settings.data == Path.cwd() / "sixfold-data"
    assert settings.nodes.addresses == DEFAULT_NODES
    assert len(settings.nodes.addresses) == 6
    assert settings.database_url == f"sqlite:///{settings.data}/metadata.sqlite3"


def test_names_and_defaults_stay() -> None:
    """Users have these names in files and units: a setting that goes, or that has another default, must be
    announced.
    """
    found = {f"SIXFOLD_{name.upper()} {name} {default_of(name)!r}" for name in SETTINGS}
    assert found == set((Path(__file__).parent / "settings_names.txt").read_text().splitlines())


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_described_and_found_by_its_name(name: str) -> None:
    assert SETTINGS[name].field.description
    assert load().get(name) == default_of(name) or name == "data"


def test_values_of_other_settings_by_name() -> None:
    before, after = load(), load(port=1, parity=1, region="eu-west-1", key_cache_s=3)
    mixed = before.with_values_of(after, ["port", "region"])
    assert (mixed.http.port, mixed.region, mixed.blobs.parity) == (1, "eu-west-1", 2)
    assert before.http.port == 8260


def test_names_in_the_environment_may_be_of_lower_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("sixfold_port", "1004")
    assert load().http.port == 1004


def default_of(name: str) -> object:
    return SETTINGS[name].field.get_default(call_default_factory=True)


def test_each_source_beats_the_ones_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "sixfold.toml"
    file.write_text('port = 1001\nregion = "from-file"\nparity = 1\n')
    monkeypatch.setenv("SIXFOLD_CONFIG", str(file))
    assert (load().http.port, load().region) == (1001, "from-file")
    monkeypatch.setenv("SIXFOLD_PORT", "1002")
    assert (load().http.port, load().region) == (1002, "from-file")
    assert load(port=1003).http.port == 1003
    assert load(port=None).http.port == 1002
    assert load().blobs.parity == 1


def test_the_file_named_by_the_caller_beats_the_one_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.toml").write_text("port = 1\n")
    (tmp_path / "b.toml").write_text("port = 2\n")
    monkeypatch.setenv("SIXFOLD_CONFIG", str(tmp_path / "a.toml"))
    assert load(config=tmp_path / "b.toml").http.port == 2


@pytest.mark.parametrize(
    "text",
    ["redis://a/0 redis://b/1", "redis://a/0,redis://b/1", '["redis://a/0", "redis://b/1"]'],
)
@pytest.mark.parametrize("name", ["SIXFOLD_NODES", "SIXFOLD_NODE"])
def test_lists_in_the_environment(text: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODES", "not-ours")
    monkeypatch.setenv(name, text)
    assert load().nodes.addresses == ("redis://a/0", "redis://b/1")


def test_a_secret_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("AKEY\n")
    (tmp_path / "secret").write_text("hush-hush\r\n")
    (tmp_path / "nodes").write_text("redis://:hush@a/0\nredis://:hush@b/1\n")
    for name, file in (("ACCESS_KEY", "key"), ("SECRET_KEY", "secret"), ("NODES", "nodes")):
        monkeypatch.setenv(f"SIXFOLD_{name}_FILE", str(tmp_path / file))
    settings = load()
    assert settings.access.access_key == "AKEY"
    assert settings.access.secret_key is not None
    assert settings.access.secret_key.get_secret_value() == "hush-hush"
    assert settings.nodes.addresses == ("redis://:hush@a/0", "redis://:hush@b/1")
    assert load(access_key="OTHER").access.access_key == "OTHER"
    monkeypatch.setenv("SIXFOLD_ACCESS_KEY", "BOTH")
    with pytest.raises(SettingsError, match="SIXFOLD_ACCESS_KEY and SIXFOLD_ACCESS_KEY_FILE are both set"):
        load()


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"\xff\xfehush", "is not UTF-8 text")]
)
def test_a_secret_file_that_cannot_be_read_stops_the_start(
    content: bytes | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("SIXFOLD_NODE_TOKEN_FILE", str(file))
    monkeypatch.setenv("CHUNKD_TOKEN_FILE", str(file))
    with pytest.raises(SettingsError, match=f"SIXFOLD_NODE_TOKEN_FILE.*{said}") as caught:
        load()
    assert "hush" not in str(caught.value)
    with pytest.raises(SettingFileError, match=f"CHUNKD_TOKEN_FILE.*{said}"):
        ChunkdSettings()


def test_chunkd_takes_its_token_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("hush\n")
    monkeypatch.setenv("CHUNKD_TOKEN_FILE", str(tmp_path / "token"))
    assert ChunkdSettings(host="0.0.0.0").secret() == "hush"


def test_the_password_of_the_database_may_come_alone() -> None:
    def url(database: str) -> str:
        return load(database=database, database_password="hu/sh@").database_url

    assert url("postgresql://u@h:5/d") == "postgresql://u:hu%2Fsh%40@h:5/d"
    assert url("postgresql://u:own@h/d") == "postgresql://u:own@h/d"
    assert "hu/sh@" not in repr(load(database="postgresql://u@h/d", database_password="hu/sh@"))


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIXFOLD_ACCESS_KEY", "")
    monkeypatch.setenv("SIXFOLD_PORT", "")
    assert load().access.access_key is None
    assert load().http.port == 8260


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"port": 70000}, "port: "),
        ({"access_key": "abcd"}, "access_key and secret_key come together"),
        ({"secret_key": "abcd"}, "access_key and secret_key come together"),
        ({"access_key": "a/b", "secret_key": "s"}, "access_key: "),
        ({"parity": 5}, "parity: "),
        ({"rest_bucket": "api"}, "rest_bucket: "),
        ({"domains": ("not a domain",)}, "domains: "),
        ({"config": Path("/no/such/file.toml")}, "there is no settings file /no/such/file.toml"),
        ({"tls_cert": "a.pem"}, "tls_cert and tls_key come together"),
        ({"trusted_proxies": ("10.0.0.1/8",)}, "trusted_proxies: .*host bits"),
        ({"public_endpoints": ("s3.example.org",)}, "public_endpoints: .*write https://host"),
        ({"public_endpoints": ("https://a/b",)}, "public_endpoints: .*write https://host"),
        ({"no_such_setting": 1}, "no_such_setting: there is no such setting"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(given: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        load(**given)
    assert "\n" not in str(caught.value)


def test_a_file_with_an_unknown_name_or_no_toml_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "sixfold.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(SettingsError, match="prot: there is no such setting"):
        load(config=file)
    file.write_text("port = = 1\n")
    with pytest.raises(SettingsError, match="cannot be read"):
        load(config=file)


def test_no_secret_in_a_repr_or_an_error() -> None:
    settings = load(
        access_key="AKEY",
        secret_key="hush-hush",
        node_token="hush-token",
        database="postgresql://u:hush-db@h/d",
        nodes=("redis://:hush-node@h/0",) * 6,
    )
    assert "hush" not in repr(settings) + str(settings)
    with pytest.raises(SettingsError) as caught:
        load(secret_key="hush-hush", access_key="bad/key")
    assert "hush" not in str(caught.value)


def test_a_worker_gets_the_same_settings_by_its_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sixfold.toml").write_text("parity = 1\nport = 5\n")
    given = {
        "config": tmp_path / "sixfold.toml",
        "host": None,
        "port": 4,
        "data": tmp_path,
        "nodes": ("lmdb:a#1", "lmdb:a#2"),
        "access_key": "AKEY",
        "secret_key": "hush",
    }
    for name in ("SECRET_KEY_FILE", "CONFIG", "NODE", "NODES"):
        monkeypatch.setenv(f"SIXFOLD_{name}", "/left/over")
    for name in ("SECRET_KEY", "ACCESS_KEY", "PORT", "DATA"):
        monkeypatch.setenv(f"SIXFOLD_{name}", "")  # so that it is taken away again
    monkeypatch.delenv("SIXFOLD_SECRET_KEY_FILE")
    monkeypatch.setenv("SIXFOLD_HOST", "127.0.0.7")
    settings = load(**given)
    monkeypatch.setenv("SIXFOLD_SECRET_KEY_FILE", "/left/over")
    put_into_environment(**given)
    assert load() == settings
    assert (settings.http.host, settings.http.port, settings.blobs.parity) == ("127.0.0.7", 4, 1)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("s3.localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_urls_are_shown_without_passwords() -> None:
    assert without_password("postgresql://u:p@h:5/d") == "postgresql://u:***@h:5/d"
    assert without_password("redis://:p@h/0") == "redis://:***@h/0"
    assert without_password("lmdb:chunks#1") == "lmdb:chunks#1"


@pytest.mark.parametrize("name", ["api", "a..b", "192.168.0.1", "xn--bucket", "files-.old", "Files", "ab"])
def test_the_bucket_of_the_rest_interface_has_a_name_that_s3_allows(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIXFOLD_REST_BUCKET", name)
    with pytest.raises(SettingsError, match="not a bucket name"):
        load()
