"""A list given as columns is written byte for byte like the list of its structures."""

from __future__ import annotations

from typing import Any

import pytest

from s3api.columnar import Columns
from s3api.wire import Wire
from s3api.wire.scalars import escape
from s3api.wire.xml_columnar import escape_column

OWNER = {"ID": "one & only"}
COLUMNS: dict[str, list[Any]] = {
    "Key": ["a", "b&<c>", 'd"\r', "line\nbreak", "größe"],
    "LastModified": [0, 1_700_000_000_123_456, 1_700_000_000_999_999, 86_400_000_000, 5],
    "ETag": ['"abc"', '"abc-2"', '"a&b"', '"x"', '"y"'],
    "ChecksumAlgorithm": [["CRC32"], None, ["SHA1", "MD5"], ["CRC32"], None],
    "ChecksumType": ["FULL_OBJECT", None, "COMPOSITE", "FULL_OBJECT", None],
    "Size": [0, 1, 2**40, 3, 4],
    "StorageClass": ["STANDARD"] * 4 + ["GLACIER"],
    "Owner": [OWNER, OWNER, {"ID": "other"}, None, OWNER],
}


@pytest.mark.parametrize("names", [list(COLUMNS), ["Key"], ["Size", "Key"], ["Owner"]])
def test_columns_are_written_as_their_structures(names: list[str]) -> None:
    operation = Wire.load().operations["ListObjectsV2"]
    columns = Columns({name: COLUMNS[name] for name in names})
    by_columns = operation.render({"Name": "b", "Contents": columns}).body
    assert by_columns == operation.render({"Name": "b", "Contents": list(columns)}).body
    assert by_columns is not None
    assert by_columns.count(b"<Contents>") == 5


def test_columns_are_a_list_of_structures() -> None:
    columns = Columns({"Key": ["a", "b", "c"], "Size": [1, 2, 3]})
    assert len(columns) == 3
    assert columns[1] == {"Key": "b", "Size": 2}
    assert columns[1:] == [{"Key": "b", "Size": 2}, {"Key": "c", "Size": 3}]
    assert columns == [{"Key": "a", "Size": 1}, {"Key": "b", "Size": 2}, {"Key": "c", "Size": 3}]
    assert columns != [{"Key": "a", "Size": 1}]
    assert not Columns({})
    with pytest.raises(ValueError, match="different lengths"):
        Columns({"Key": ["a"], "Size": []})


@pytest.mark.parametrize(
    "texts",
    [[], [""], ["", ""], ["a", "b"], ["&amp;", '<"'], ["a\nb", "c"], ["\x01", "&"], ["\r"], ["%s", "%"]],
)
def test_many_texts_are_escaped_as_each_is(texts: list[str]) -> None:
    assert list(escape_column(texts)) == [escape(text) for text in texts]
