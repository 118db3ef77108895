"""What the sinks of a gateway are told of each request: S3's and REST's, answered, refused and broken off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from s3api.observe import CLIENT_GONE, AccessRecord
from s3api.serving.app import App, create_app
from s3api.settings import load
from tests.gateway_process import ACCESS_KEY, SECRET_KEY

MEMORY_NODES = tuple(f"memory://{number}" for number in range(6))
HOST = "http://127.0.0.1"


class Seen(list[AccessRecord]):
    """A sink."""

    def __call__(self, record: AccessRecord) -> None:
        self.append(record)

    @contextmanager
    def one(self) -> Iterator[AccessRecord]:
        """What exactly one request left that is made meanwhile."""
        before = len(self)
        record = AccessRecord({}, "")
        yield record
        (found,) = self[before:]
        record.__dict__.update(found.__dict__)


@asynccontextmanager
async def serving(data: Path, **settings: Any) -> AsyncIterator[tuple[App, httpx.AsyncClient, Seen]]:
    app = create_app(
        load(data=data, nodes=MEMORY_NODES, access_key=ACCESS_KEY, secret_key=SECRET_KEY, **settings)
    )
    seen = Seen()
    app.sinks.all.append(seen)
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 4711))
    async with (
        app._api.router.lifespan_context(app._api),
        httpx.AsyncClient(transport=transport, base_url=HOST) as client,
    ):
        yield app, client, seen


def signed(method: str, path: str, body: bytes = b"", *, presigned: bool = False, **headers: str) -> Any:
    """Keyword arguments of an httpx request, signed by botocore."""
    request = AWSRequest(method, HOST + path, headers=headers, data=body)
    request.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
    keys = Credentials(ACCESS_KEY, SECRET_KEY)
    make = S3SigV4QueryAuth if presigned else S3SigV4Auth
    make(keys, "s3", "us-east-1").add_auth(request)
    return {"method": method, "url": request.url, "headers": dict(request.headers.items()), "content": body}


async def test_what_was_answered(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, client, seen):
        with seen.one() as made:
            await client.request(**signed("PUT", "/photos"))
        assert (made.operation, made.bucket, made.key, made.status) == ("CreateBucket", "photos", None, 200)
        with seen.one() as put:
            answer = await client.request(**signed("PUT", "/photos/a%20b", b"x" * 1000, referer="http://r/"))
        assert (put.operation, put.bucket, put.key) == ("PutObject", "photos", "a b")
        assert (put.access_key, put.client, put.header("referer")) == (ACCESS_KEY, "192.0.2.7", "http://r/")
        assert (put.status, put.code, put.received, put.sent) == (200, "", 1000, 0)
        assert put.request_id == answer.headers["x-amz-request-id"]
        assert put.output is not None
        assert put.output["ETag"] == answer.headers["etag"]
        assert put.owner
        assert put.call is not None
        assert put.call.owner == put.owner
        assert 0 < put.answered - put.began <= put.seconds
        with seen.one() as got:
            await client.request(**signed("GET", "/photos/a%20b"))
        assert (got.operation, got.status, got.received, got.sent) == ("GetObject", 200, 0, 1000)


async def test_what_was_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, client, seen):
        await client.request(**signed("PUT", "/photos"))
        with seen.one() as unsigned:
            await client.get("/photos?location")
        assert (unsigned.operation, unsigned.status, unsigned.code) == (
            "GetBucketLocation",
            403,
            "AccessDenied",
        )
        assert (unsigned.access_key, unsigned.owner) == (None, "")
        with seen.one() as missing:
            answer = await client.request(**signed("GET", "/photos/key"))
        assert (missing.status, missing.code, missing.access_key) == (404, "NoSuchKey", ACCESS_KEY)
        assert missing.sent == len(answer.content)
        with seen.one() as forged:
            request = signed("GET", "/photos/key")
            request["headers"]["Authorization"] = request["headers"]["Authorization"][:-4] + "0000"
            await client.request(**request)
        assert (forged.operation, forged.code) == ("GetObject", "SignatureDoesNotMatch")
        assert forged.access_key is None


async def test_a_presigned_url_shows_neither_signature_nor_key(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, client, seen):
        with seen.one() as got:
            await client.request(**signed("GET", "/photos/key?versionId=null", presigned=True))
        assert got.access_key == ACCESS_KEY
        assert "X-Amz-Signature=-" in got.target
        assert "X-Amz-Credential=-" in got.target
        assert "versionId=null" in got.target
        assert ACCESS_KEY not in got.target


async def test_rest(tmp_path: Path) -> None:
    async with serving(tmp_path, rest_open=True) as (_, client, seen):
        with seen.one() as put:
            answer = await client.put("/api/file", content=b"12345")
        assert (put.operation, put.status, put.received) == ("rest.put_file", 201, 5)
        assert (put.bucket, put.key) == ("files", answer.json()["id"])
        assert put.request_id == answer.headers["x-request-id"]
        with seen.one() as got:
            await client.get(answer.headers["location"])
        assert (got.operation, got.sent, got.key) == ("rest.get_file", 5, answer.json()["id"])
        with seen.one() as missing:
            answer = await client.get("/api/file/none")
        assert (missing.status, missing.code) == (404, "NoSuchKey")
        assert answer.json()["request_id"] == answer.headers["x-request-id"] == missing.request_id
        with seen.one() as nowhere:
            await client.get("/api/nowhere")
        assert (nowhere.operation, nowhere.status, nowhere.code) == ("rest.other", 404, "NotFound")


async def test_rest_names_who_showed_a_key_pair(tmp_path: Path) -> None:
    async with serving(tmp_path, rest_open=False) as (_, client, seen):
        with seen.one() as got:
            await client.get("/api/file", auth=(ACCESS_KEY, SECRET_KEY))
        assert (got.access_key, got.status) == (ACCESS_KEY, 200)
        with seen.one() as refused:
            await client.get("/api/file", auth=(ACCESS_KEY, "wrong"))
        assert (refused.access_key, refused.status, refused.code) == (None, 401, "AccessDenied")


async def test_a_client_that_goes_before_its_answer(tmp_path: Path) -> None:
    async with serving(tmp_path) as (app, client, seen):
        await client.request(**signed("PUT", "/photos"))
        request = client.build_request(**signed("PUT", "/photos/key", b"x" * 1000))
        scope = {
            "type": "http", "method": "PUT", "scheme": "http", "raw_path": b"/photos/key",
            "path": "/photos/key", "query_string": b"",
            "headers": [(k.lower(), v) for k, v in request.headers.raw], "client": None,
        }  # fmt: skip
        messages = iter(
            [{"type": "http.request", "body": b"x" * 10, "more_body": True}, {"type": "http.disconnect"}]
        )

        async def receive() -> Any:
            await asyncio.sleep(0)
            return next(messages)

        async def send(message: Any) -> None:
            pytest.fail(f"nobody is there for {message}")

        with seen.one() as gone:
            await app(scope, receive, send)
        assert (gone.status, gone.code, gone.received, gone.client) == (499, CLIENT_GONE, 10, "")
