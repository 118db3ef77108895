from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest

from s3api.errors import S3Error
from s3api.gateway.form_fields import Posted, insert_file_name, post_response, read_form, redirect_location


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a.txt", "user/a.txt"),
        ("C:\\photos\\a.txt", "user/a.txt"),
        ("/home/me/a.txt", "user/a.txt"),
        ("", "user/"),
    ],
)
def test_the_name_of_the_file_in_the_key(name: str, key: str) -> None:
    assert insert_file_name({"key": "user/${filename}", "acl": "${filename}"}, name) == {
        "key": key,
        "acl": "${filename}",
    }


def test_fields_become_headers() -> None:
    posted = read_form(
        {
            "key": "k",
            "acl": "public-read",
            "content-type": "text/plain",
            "x-amz-meta-a": "1",
            "x-amz-storage-class": "STANDARD",
            "x-amz-date": "20300101T000000Z",
            "x-amz-signature": "s",
            "x-ignore-me": "x",
            "policy": "p",
            "submit": "Upload",
            "tagging": "<Tagging/>",
            "success_action_status": "201",
        }
    )
    assert posted == Posted(
        "k",
        {
            "x-amz-acl": "public-read",
            "content-type": "text/plain",
            "x-amz-meta-a": "1",
            "x-amz-storage-class": "STANDARD",
        },
        "<Tagging/>",
        "",
        201,
    )


@pytest.mark.parametrize(("fields", "code"), [
    ({}, "InvalidArgument"),
    ({"key": ""}, "InvalidArgument"),
    ({"key": "a\0b"}, "InvalidArgument"),
    ({"key": "é" * 513}, "KeyTooLongError"),
])  # fmt: skip
def test_keys_that_are_none(fields: dict[str, str], code: str) -> None:
    with pytest.raises(S3Error) as caught:
        read_form(fields)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("status", "answered"), [("200", 200), ("201", 201), ("204", 204), ("404", 204), ("", 204)]
)
def test_statuses(status: str, answered: int) -> None:
    assert read_form({"key": "k", "success_action_status": status}).status == answered


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("http://a.example/done", True),
        ("https://a.example:8080/?x=1#top", True),
        ("javascript:alert(1)", False),
        ("/done", False),
        ("http://", False),
        ("http://a.example/\r\nset-cookie: x", False),
        ("http://[", False),
    ],
)
def test_redirects(url: str, taken: bool) -> None:
    assert read_form({"key": "k", "success_action_redirect": url}).redirect == (url if taken else "")
    assert read_form({"key": "k", "redirect": url}).redirect == (url if taken else "")


def test_where_a_browser_goes() -> None:
    there = redirect_location("http://a.example/done", "b", "a b&c", '"e"')
    assert there == "http://a.example/done?bucket=b&key=a%20b%26c&etag=%22e%22"
    with_query = redirect_location("http://a.example/?x=1#top", "b", "k", '"e"')
    assert with_query == "http://a.example/?x=1&bucket=b&key=k&etag=%22e%22#top"


def test_the_document_of_a_201() -> None:
    root = fromstring(post_response("http://h/b/k", "b", "<k>", '"e"'))
    assert [(child.tag, child.text) for child in root] == [
        ("Location", "http://h/b/k"),
        ("Bucket", "b"),
        ("Key", "<k>"),
        ("ETag", '"e"'),
    ]
