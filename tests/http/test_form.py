"""Parsing of a form's fields and file, with the body split at every position."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chunkd import Buffer
from s3api.body import Source
from s3api.errors import S3Error
from s3api.http.form import FormFile, boundary_of


def part(name: str, value: bytes, more: str = "") -> bytes:
    return b'--B\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n' % (
        name.encode(),
        more.encode(),
        value,
    )


FILE = part("file", b"the bytes\r\n--not B", '; filename="a b.txt"\r\nContent-Type: text/plain')
END = b"--B--\r\n"


def source(data: bytes, step: int) -> Source:
    pieces = [data[at : at + step] for at in range(0, len(data), step)][::-1]

    async def next_pieces() -> Sequence[Buffer]:
        return [pieces.pop()] if pieces else []

    return next_pieces


async def content(form: FormFile) -> bytes:
    out = b""
    while pieces := await form.pieces():
        out += b"".join(pieces)
    return out


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
async def test_fields_and_file(step: int) -> None:
    data = part("Key", "é/${filename}".encode()) + part("policy", b"") + FILE + part("after", b"x") + END
    form = await FormFile.open(source(data, step), b"B", keep_fields=True)
    assert form.fields == {"key": "é/${filename}", "policy": ""}
    assert (form.name, form.type) == ("a b.txt", "text/plain")
    assert await content(form) == b"the bytes\r\n--not B"
    assert form.fields == {"key": "é/${filename}", "policy": ""}


async def test_fields_that_nobody_asked_for_are_passed_over() -> None:
    form = await FormFile.open(source(part("a", b"1") * 2 + FILE + END, 5), b"B")
    assert form.fields == {}


async def test_a_field_twice() -> None:
    data = part("acl", b"private") + part("ACL", b"public-read") + FILE + END
    with pytest.raises(S3Error) as caught:
        await FormFile.open(source(data, 9), b"B", keep_fields=True)
    assert caught.value.code == "InvalidArgument"


async def test_fields_are_bounded() -> None:
    data = part("a", b"x" * 60) + part("b", b"x" * 60) + FILE + END
    with pytest.raises(S3Error, match="MaxPostPreDataLengthExceededError"):
        await FormFile.open(source(data, 9), b"B", most_field_bytes=100, keep_fields=True)
    await FormFile.open(source(data, 9), b"B", most_field_bytes=120, keep_fields=True)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (part("a", b"1") + END, "IncorrectNumberOfFilesInPostRequest"),
        (part("a", b"1"), "IncompleteBody"),
        (b"nothing of the kind", "MalformedPOSTRequest"),
    ],
)
async def test_forms_without_a_file(data: bytes, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        await FormFile.open(source(data, 4), b"B", keep_fields=True)
    assert caught.value.code == code


async def test_a_form_that_ends_early_or_has_two_files() -> None:
    for data, code in ((FILE, "IncompleteBody"), (FILE + FILE + END, "IncorrectNumberOfFilesInPostRequest")):
        form = await FormFile.open(source(data, 11), b"B", keep_fields=True)
        with pytest.raises(S3Error) as caught:
            await content(form)
        assert caught.value.code == code


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "text/plain"])
def test_boundaries_that_are_none(kind: str) -> None:
    with pytest.raises(S3Error, match="MalformedPOSTRequest"):
        boundary_of(kind)
