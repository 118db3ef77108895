from __future__ import annotations

from typing import Any

import pytest

from s3api.gateway.website_rules import Redirect, Visit, Website, directory_path, error_page


def visit(key: str, query: str = "") -> Visit:
    return Visit(key, "http", "b.s3-website.localhost:8260", query)


def ruled(*rules: dict[str, Any]) -> Website:
    return Website({"IndexDocument": {"Suffix": "index.html"}, "RoutingRules": list(rules)})


@pytest.mark.parametrize(
    ("key", "page", "directory"),
    [
        ("", "index.html", None),
        ("docs/", "docs/index.html", None),
        ("docs", "docs", "docs/index.html"),
        ("a/b.html", "a/b.html", "a/b.html/index.html"),
    ],
)
def test_where_a_page_is(key: str, page: str, directory: str | None) -> None:
    site = ruled()
    assert (site.page(key), site.directory(key)) == (page, directory)
    assert site.before(visit(key)) is None


def test_all_requests_go_elsewhere() -> None:
    site = Website({"RedirectAllRequestsTo": {"HostName": "example.com"}})
    assert site.before(visit("a b/é", "x=1")) == Redirect(301, "http://example.com/a%20b/%C3%A9?x=1")
    secure = Website({"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}})
    assert secure.before(visit("")) == Redirect(301, "https://example.com/")


def test_the_examples_of_the_user_guide() -> None:
    renamed = ruled(
        {"Condition": {"KeyPrefixEquals": "docs/"}, "Redirect": {"ReplaceKeyPrefixWith": "documents/"}}
    )
    assert renamed.before(visit("x")) is None
    here = "http://b.s3-website.localhost:8260"
    assert renamed.before(visit("docs/x")) == Redirect(301, f"{here}/documents/x")
    deleted = ruled(
        {
            "Condition": {"KeyPrefixEquals": "images/"},
            "Redirect": {"ReplaceKeyWith": "folderdeleted.html", "Protocol": "https"},
        }
    )
    assert deleted.before(visit("images/x")) == Redirect(
        301, "https://b.s3-website.localhost:8260/folderdeleted.html"
    )
    failed = ruled(
        {
            "Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "images/"},
            "Redirect": {"HostName": "other.example", "ReplaceKeyPrefixWith": "report-404/"},
        }
    )
    assert failed.before(visit("images/x")) is None
    assert failed.after(visit("images/x"), 403) is None
    assert failed.after(visit("x"), 404) is None
    assert failed.after(visit("images/x"), 404) == Redirect(301, "http://other.example/report-404/x")


def test_the_first_rule_that_fits() -> None:
    site = ruled(
        {"Condition": {"KeyPrefixEquals": "a"}, "Redirect": {"HostName": "one", "HttpRedirectCode": "307"}},
        {"Redirect": {"HostName": "two"}},
    )
    assert site.before(visit("abc")) == Redirect(307, "http://one/abc")
    assert site.before(visit("xyz")) == Redirect(301, "http://two/xyz")


def test_a_location_can_not_be_broken_out_of() -> None:
    site = ruled({"Redirect": {"ReplaceKeyPrefixWith": ""}})
    found = site.before(visit("a\r\nSet-Cookie: x?y#z"))
    assert found is not None
    assert found.location.endswith("/a%0D%0ASet-Cookie:%20x%3Fy%23z")


def test_directories_get_their_slash_on_this_host() -> None:
    assert directory_path("docs/a b") == "/docs/a%20b/"
    assert directory_path("/evil.example") == "/%2Fevil.example/"


def test_an_error_page() -> None:
    page = error_page(404, {"Code": "NoSuchKey", "Key": "<script>"}, {"Code": "AccessDenied"}).decode()
    assert "<title>404 Not Found</title>" in page
    assert "<li>Code: NoSuchKey</li>" in page
    assert "<li>Key: &lt;script&gt;</li>" in page
    assert "Custom Error Document" in page
    assert "<li>Code: AccessDenied</li>" in page
    assert "599 Error" in error_page(599, {}).decode()
