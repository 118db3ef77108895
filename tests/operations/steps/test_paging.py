from __future__ import annotations

import pytest

from s3api.errors import S3Error
from s3api.operations.steps.paging import (
    common_prefix_of,
    encode_names,
    make_token,
    name_encoder,
    page_size,
    read_token,
)


@pytest.mark.parametrize("name", ["", "a", "a/b", "ünï/çödé", "x" * 1024, "\x01"])
@pytest.mark.parametrize("is_prefix", [True, False])
def test_tokens_round_trip(name: str, is_prefix: bool) -> None:
    assert read_token(make_token(name, is_prefix=is_prefix)) == (name, is_prefix)


@pytest.mark.parametrize("token", ["", "a", "photos/1.jpg", "AAAA", "ü", "A" * 500, "YWJj====", "a b"])
def test_invalid_tokens(token: str) -> None:
    with pytest.raises(S3Error, match="The continuation token provided is incorrect"):
        read_token(token)


def test_a_changed_token_is_refused() -> None:
    token = make_token("photos/1.jpg")
    for at in range(len(token) - 1):
        other = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(S3Error):
            read_token(other)


@pytest.mark.parametrize(("given", "size"), [(None, 1000), (0, 0), (1, 1), (1000, 1000), (2**31 - 1, 1000)])
def test_page_sizes(given: int | None, size: int) -> None:
    assert page_size(given, "maxKeys") == size


@pytest.mark.parametrize("given", [-1, 2**31])
def test_impossible_page_sizes(given: int) -> None:
    with pytest.raises(S3Error) as caught:
        page_size(given, "maxKeys")
    assert caught.value.details["ArgumentName"] == "maxKeys"


def test_encoding() -> None:
    encode = name_encoder("url")
    assert encode is not None
    assert encode("a b/c+d(3).png\x01ü") == "a%20b/c%2Bd%283%29.png%01%C3%BC"
    assert name_encoder(None) is None
    with pytest.raises(S3Error, match="Invalid Encoding Method"):
        name_encoder("base64")


@pytest.mark.parametrize(
    "names",
    [
        [],
        [""],
        ["plain", "a/b"],
        ["100%", "%25", "a b", "ü", "\U0001f600", "~*'()!"],
        ["one\nline", "two"],
        ["\n", ""],
        [chr(code) for code in range(1, 300)],
        ["a" + chr(code) for code in range(1, 40)],
    ],
)
def test_a_page_is_encoded_as_its_names_are(names: list[str]) -> None:
    encode = name_encoder("url")
    assert encode is not None
    assert list(encode_names(names, encode)) == [encode(name) for name in names]
    assert encode_names(names, None) == names


@pytest.mark.parametrize(
    ("marker", "prefix", "delimiter", "common"),
    [
        ("photos/", "", "/", "photos/"),
        ("photos/2006/x", "", "/", "photos/"),
        ("photos/2006/x", "photos/", "/", "photos/2006/"),
        ("photos/x", "photos/", "/", None),
        ("photos", "", "/", None),
        ("photos/", "", None, None),
        ("a", "photos/", "/", None),
        ("a--b--c", "", "--", "a--"),
    ],
)
def test_the_common_prefix_of_a_marker(
    marker: str, prefix: str, delimiter: str | None, common: str | None
) -> None:
    assert common_prefix_of(marker, prefix, delimiter) == common
