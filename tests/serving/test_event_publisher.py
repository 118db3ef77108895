"""Event publisher: format of the messages, and refused destinations."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from s3api.events.publisher import DeliveryFailed, Publisher
from s3api.events.targets import read_target
from tests.services import free_port, redis_server
from tests.serving.hooks import hook

MESSAGE = {"Records": [{"eventName": "ObjectCreated:Put"}]}


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    one = Publisher(internal=True, timeout_s=5)
    yield one
    await one.close()


async def test_a_webhook_is_posted_json(publisher: Publisher) -> None:
    async with hook() as there:
        target = read_target("hook", there.url.replace("http://", "http://:t0ken@"))
        assert await publisher.publish(target, [MESSAGE, {"n": 2}]) == [None, None]
        head = there.requests[0][0].lower()
    assert sorted(map(str, there.messages)) == sorted(map(str, [MESSAGE, {"n": 2}]))
    assert head.startswith("post /hook?x=y http/1.1")
    for line in (
        "authorization: bearer t0ken",
        "content-type: application/json",
        f"host: 127.0.0.1:{there.port}",
    ):
        assert line in head.splitlines()


async def test_what_is_no_success(publisher: Publisher) -> None:
    async with hook() as there:
        for answer in ("500 Oops", "404 Not Found"):
            there.answer = answer
            (why,) = await publisher.publish(read_target("hook", there.url), [MESSAGE])
            assert isinstance(why, DeliveryFailed)
            assert answer.split()[0] in str(why)


async def test_redirects_are_not_followed(publisher: Publisher) -> None:
    async with hook() as there, hook() as other:
        there.answer, there.extra = "307 Temporary Redirect", f"location: {other.url}\r\n"
        (why,) = await publisher.publish(read_target("hook", there.url), [MESSAGE])
        assert "307" in str(why)
        assert other.requests == []


async def test_nobody_listens(publisher: Publisher) -> None:
    for url in (
        f"http://127.0.0.1:{free_port()}/",
        f"redis://127.0.0.1:{free_port()}",
        "http://no-such-host.invalid/",
    ):
        (why,) = await publisher.publish(read_target("hook", url), [MESSAGE])
        assert isinstance(why, DeliveryFailed)


async def test_a_silent_webhook_is_given_up() -> None:
    publisher = Publisher(internal=True, timeout_s=0.2)
    async with hook() as there:
        there.answer = ""
        (why,) = await publisher.publish(read_target("hook", there.url), [MESSAGE])
        assert isinstance(why, DeliveryFailed)
        await publisher.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "169.254.169.254", "2130706433"]
)
async def test_this_machine_is_no_webhook(host: str) -> None:
    publisher = Publisher(timeout_s=5)
    async with hook() as there:
        (why,) = await publisher.publish(read_target("hook", f"http://{host}:{there.port}/"), [MESSAGE])
        assert isinstance(why, DeliveryFailed)
        assert there.requests == []
    await publisher.close()


async def test_one_bad_address_of_a_name_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(self: Any, host: str, port: int, **_: Any) -> list[Any]:
        assert host == "hook.example"
        return [(socket.AF_INET, None, None, "", (address, port)) for address in ("203.0.113.9", "127.0.0.1")]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", resolve)
    publisher = Publisher(timeout_s=5)
    (why,) = await publisher.publish(read_target("hook", "http://hook.example/"), [MESSAGE])
    assert "this machine" in str(why)
    await publisher.close()


async def test_the_connection_goes_to_the_address_that_was_checked(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def resolve(self: Any, host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", resolve)
    async with hook() as there:
        target = read_target("hook", f"http://hook.example:{there.port}/")
        assert await publisher.publish(target, [MESSAGE]) == [None]
        assert f"host: hook.example:{there.port}" in there.requests[0][0].lower()
    # Whatever looks up afterwards looks up the address itself.
    assert asked[0] == "hook.example"
    assert set(asked[1:]) <= {"127.0.0.1"}


async def test_a_redis_stream(publisher: Publisher, tmp_path: Path) -> None:
    server = redis_server(tmp_path)
    try:
        url = f"redis://127.0.0.1:{server.port}/0"
        target = read_target("audit", f"{url}?stream=s3&length=1000")
        assert await publisher.publish(target, [MESSAGE, {"n": 2}]) == [None, None]
        async with Redis.from_url(url) as client:
            entries = await client.xrange("s3")
        assert [json.loads(fields[b"event"]) for _, fields in entries] == [MESSAGE, {"n": 2}]
    finally:
        server.stop()
