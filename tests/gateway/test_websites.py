"""Bucket websites over real HTTP: selection by host name, and the responses to browsers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway_process import GatewayProcess

DOCUMENT = {
    "IndexDocument": {"Suffix": "index.html"},
    "ErrorDocument": {"Key": "errors/lost.html"},
    "RoutingRules": [
        {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "docs/"}},
        {
            "Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "gone/"},
            "Redirect": {"HostName": "archive.example", "HttpRedirectCode": "302", "Protocol": "https"},
        },
    ],
}
PAGES = {
    "index.html": b"<h1>home</h1>",
    "docs/index.html": b"<h1>docs</h1>",
    "errors/lost.html": b"<h1>lost</h1>",
    "a b.txt": b"0123456789",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GatewayProcess, Any]]:
    """A gateway with the public bucket `pages` and the private bucket `hidden`."""
    with GatewayProcess(tmp_path_factory.mktemp("site")) as gateway:
        s3 = gateway.s3()
        for bucket in ("pages", "hidden", "plain"):
            s3.create_bucket(Bucket=bucket)
            if bucket != "plain":
                s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=DOCUMENT)
        s3.delete_public_access_block(Bucket="pages")
        s3.put_bucket_policy(Bucket="pages", Policy=json.dumps(readable("pages", list_too=True)))
        for key, body in PAGES.items():
            s3.put_object(Bucket="pages", Key=key, Body=body, ContentType="text/html")
        s3.put_object(Bucket="pages", Key="moved", Body=b"", WebsiteRedirectLocation="/docs/")
        yield gateway, s3


def readable(bucket: str, *, list_too: bool) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{bucket}"
    statements = [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{arn}/*"}]
    if list_too:
        statements.append({"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": arn})
    return {"Version": "2012-10-17", "Statement": statements}


@pytest.fixture
def visit(site: tuple[GatewayProcess, Any]) -> Iterator[Any]:
    gateway, _ = site
    with gateway.http() as client:

        def ask(path: str, bucket: str = "pages", method: str = "GET", **headers: str) -> httpx.Response:
            host = f"{bucket}.s3-website.localhost:{gateway.port}"
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            return client.request(method, path, headers={"host": host, **given}, follow_redirects=False)

        yield ask


def test_pages(visit: Any) -> None:
    for path, key in (("/", "index.html"), ("/docs/", "docs/index.html"), ("/a%20b.txt", "a b.txt")):
        answer = visit(path)
        assert (answer.status_code, answer.content) == (200, PAGES[key])
        assert answer.headers["content-type"] == "text/html"
        head = visit(path, method="HEAD")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(PAGES[key]))


def test_ranges_and_conditions(visit: Any) -> None:
    answer = visit("/a%20b.txt", range="bytes=2-4")
    assert (answer.status_code, answer.content) == (206, b"234")
    again = visit("/a%20b.txt", if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


def test_redirects(visit: Any, site: tuple[GatewayProcess, Any]) -> None:
    here = f"http://pages.s3-website.localhost:{site[0].port}"
    for path, status, location in (
        ("/docs", 302, "/docs/"),
        ("/moved", 301, "/docs/"),
        ("/old/x", 301, f"{here}/docs/x"),
        ("/gone/x", 302, "https://archive.example/gone/x"),
    ):
        answer = visit(path)
        assert (answer.status_code, answer.headers["location"], answer.content) == (status, location, b"")


def test_the_error_document(visit: Any) -> None:
    answer = visit("/nowhere")
    assert (answer.status_code, answer.content) == (404, PAGES["errors/lost.html"])
    assert answer.headers["x-amz-error-code"] == "NoSuchKey"
    ranged = visit("/nowhere", range="bytes=0-1")
    assert (ranged.status_code, ranged.content) == (404, PAGES["errors/lost.html"])


def test_errors_as_pages(visit: Any) -> None:
    for bucket, method, status, code in (
        ("hidden", "GET", 403, "AccessDenied"),
        ("plain", "GET", 404, "NoSuchWebsiteConfiguration"),
        ("nothing-here", "GET", 404, "NoSuchBucket"),
        ("pages", "PUT", 405, "MethodNotAllowed"),
        ("pages", "DELETE", 405, "MethodNotAllowed"),
    ):
        answer = visit("/", bucket, method)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert f"<li>Code: {code}</li>" in answer.text
        assert answer.headers["x-amz-error-code"] == code
    assert visit("/", method="PUT").headers["allow"] == "GET, HEAD"
    assert visit("/", x_amz_expected_bucket_owner="000000000000").status_code == 403
    assert visit("/a%20b.txt", range="bytes=99-").status_code == 416


def test_the_rest_interface_is_not_on_a_website(visit: Any) -> None:
    answer = visit("/api/health/ready")
    assert (answer.status_code, answer.content) == (404, PAGES["errors/lost.html"])


def test_all_requests_elsewhere(visit: Any, site: tuple[GatewayProcess, Any]) -> None:
    _, s3 = site
    s3.create_bucket(Bucket="www")
    elsewhere = {"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}}
    s3.put_bucket_website(Bucket="www", WebsiteConfiguration=elsewhere)
    answer = visit("/a/b?c=d", "www")
    assert (answer.status_code, answer.headers["location"]) == (301, "https://example.com/a/b?c=d")


def test_cors_on_a_website(visit: Any, site: tuple[GatewayProcess, Any]) -> None:
    _, s3 = site
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["http://page.example"]}
    s3.put_bucket_cors(Bucket="pages", CORSConfiguration={"CORSRules": [rule]})
    answer = visit("/", origin="http://page.example")
    assert answer.headers["access-control-allow-origin"] == "http://page.example"
    preflight = visit(
        "/", method="OPTIONS", origin="http://page.example", access_control_request_method="GET"
    )
    assert preflight.status_code == 200


def test_over_s3_the_same_objects_are_objects(site: tuple[GatewayProcess, Any], tmp_path: Path) -> None:
    _, s3 = site
    assert s3.get_object(Bucket="pages", Key="moved")["WebsiteRedirectLocation"] == "/docs/"
