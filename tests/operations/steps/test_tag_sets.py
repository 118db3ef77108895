from __future__ import annotations

import pytest

from s3api.errors import S3Error
from s3api.operations.steps.tag_sets import bucket_tags, header_tags, object_tags, tag_set


def document(*pairs: tuple[str, str]) -> dict[str, list[dict[str, str]]]:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs]}


def many(count: int) -> dict[str, list[dict[str, str]]]:
    return document(*((f"k{number}", "v") for number in range(count)))


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        (None, None),
        ("", None),
        ("&", None),
        ("a=b", {"a": "b"}),
        ("foo=bar&bar", {"foo": "bar", "bar": ""}),
        ("a+b=c%20d%2B&e=f=g", {"a b": "c d+", "e": "f=g"}),
        ("%C3%A9=%E2%82%AC".replace("%E2%82%AC", "%C3%A9"), {"é": "é"}),
    ],
)
def test_tags_in_a_header(text: str | None, tags: dict[str, str] | None) -> None:
    assert header_tags(text) == tags


@pytest.mark.parametrize("text", ["a=b&a=c", "a=%zz", "%ff=a", "a=%c3"])
def test_invalid_headers(text: str) -> None:
    with pytest.raises(S3Error) as caught:
        header_tags(text)
    assert caught.value.code == "InvalidArgument"
    assert caught.value.details == {"ArgumentName": "x-amz-tagging", "ArgumentValue": text}


@pytest.mark.parametrize(
    "pair",
    [
        ("", "v"),
        ("k" * 129, "v"),
        ("k", "v" * 257),
        ("k\U0001f600", "v"),
        ("k", "a&b"),
        ("k", "<v>"),
        ("aws:k", "v"),
        ("AWS:k", "v"),
    ],
)
def test_invalid_tags(pair: tuple[str, str]) -> None:
    with pytest.raises(S3Error) as caught:
        object_tags(document(pair))
    assert caught.value.code == "InvalidTag"
    with pytest.raises(S3Error, match="InvalidTag"):
        bucket_tags(document(pair)["TagSet"])


def test_the_longest_tags() -> None:
    pair = ("é" * 128, "+-=._:/@ 9" * 25)
    assert object_tags(document(pair)) == dict([pair])


def test_the_same_key_twice() -> None:
    with pytest.raises(S3Error, match="same key"):
        object_tags(document(("a", "1"), ("a", "2")))


def test_how_many_tags() -> None:
    assert len(object_tags(many(10))) == 10
    with pytest.raises(S3Error, match="BadRequest: Object tags"):
        object_tags(many(11))
    assert len(bucket_tags(many(50)["TagSet"])) == 50
    with pytest.raises(S3Error, match="BadRequest: Bucket tag"):
        bucket_tags(many(51)["TagSet"])
    with pytest.raises(S3Error, match="BadRequest"):
        header_tags("&".join(f"k{number}=v" for number in range(11)))


def test_a_set_is_in_order() -> None:
    assert tag_set({"b": "1", "a": ""}) == [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "1"}]
    assert tag_set(None) == []
