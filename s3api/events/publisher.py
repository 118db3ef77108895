"""Sends event messages to targets: webhooks (POST of JSON) and Redis streams (XADD).

A webhook's name is resolved for each message, and the connection goes to the address that was checked, so a
later change of the name cannot redirect it. HTTP redirects are not followed. `internal` allows webhooks to
this machine and its link; Redis targets may always be there, since only XADD is sent.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import orjson

from s3api.events.blocked_addresses import is_blocked
from s3api.events.targets import Target

if TYPE_CHECKING:
    from redis.asyncio import Redis

TIMEOUT_S = 10.0
MAX_CONCURRENT = 8
USER_AGENT = "Sixfold"
_RETRIED_STATUSES = frozenset({408, 425, 429})


class DeliveryFailed(Exception):
    """A target did not accept a message. The text gives the reason, without secrets.

    `refused`: the target works, but rejects this message.
    """

    def __init__(self, why: str, *, refused: bool = False) -> None:
        super().__init__(why)
        self.refused = refused


class Publisher:
    """Connections to all targets, opened at first use. All methods must run in one event loop."""

    def __init__(self, *, internal: bool = False, timeout_s: float = TIMEOUT_S) -> None:
        self._internal, self._timeout_s = internal, timeout_s
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._redis: dict[str, Redis] = {}

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        for redis in self._redis.values():
            await redis.aclose()

    async def publish(
        self, target: Target, messages: Sequence[dict[str, Any]]
    ) -> list[DeliveryFailed | None]:
        """Send messages to a target. Returns for each None, or why it failed."""
        if target.kind == "redis":
            return await self._add_to_stream(target, messages)
        slots = asyncio.Semaphore(MAX_CONCURRENT)

        async def post(message: dict[str, Any]) -> DeliveryFailed | None:
            async with slots:
                try:
                    await self._post(target, message)
                except DeliveryFailed as why:
                    return why
            return None

        return list(await asyncio.gather(*map(post, messages)))

    # --- webhooks ----------------------------------------------------------------------------

    async def _post(self, target: Target, message: dict[str, Any]) -> None:
        parts = urlsplit(target.url)
        host = parts.hostname or ""
        address = await self._address(host, parts.port or (443 if parts.scheme == "https" else 80))
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "host": parts.netloc.rpartition("@")[2],
        }
        if target.token:
            headers["authorization"] = f"Bearer {target.token}"
        try:
            async with asyncio.timeout(self._timeout_s):
                async with self._client(target).stream(
                    "POST",
                    httpx.URL(target.url).copy_with(host=address),
                    content=orjson.dumps(message),
                    headers=headers,
                    extensions={"sni_hostname": host},
                ) as answer:
                    status = answer.status_code
        except (httpx.HTTPError, TimeoutError, ssl.SSLError) as why:
            raise DeliveryFailed(f"no answer: {type(why).__name__}") from why
        if not 200 <= status < 300:
            raise DeliveryFailed(
                f"the target answered {status}", refused=status < 500 and status not in _RETRIED_STATUSES
            )

    async def _address(self, host: str, port: int) -> str:
        """Resolve the address to connect to. Raises DeliveryFailed if any address of the name is blocked."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError) as why:
            raise DeliveryFailed("the host name cannot be resolved") from why
        addresses = [str(each[4][0]) for each in found]
        if not self._internal and any(map(is_blocked, addresses)):
            raise DeliveryFailed("the address is blocked: this machine, its link or a metadata service")
        return addresses[0]

    def _client(self, target: Target) -> httpx.AsyncClient:
        """Return the HTTP client of a target. Targets share no connections, even with the same address."""
        if target.name not in self._clients:
            self._clients[target.name] = httpx.AsyncClient(
                verify=ssl.create_default_context(),
                timeout=self._timeout_s,
                limits=httpx.Limits(max_connections=MAX_CONCURRENT),
                follow_redirects=False,
                trust_env=False,
            )
        return self._clients[target.name]

    # --- Redis -------------------------------------------------------------------------------

    async def _add_to_stream(
        self, target: Target, messages: Sequence[dict[str, Any]]
    ) -> list[DeliveryFailed | None]:
        """Add all messages in one MULTI/EXEC: all are in the stream, or the answer is lost."""
        try:
            async with asyncio.timeout(self._timeout_s):
                async with self._connection(target).pipeline(transaction=True) as pipeline:
                    for message in messages:
                        fields: Any = {"event": orjson.dumps(message)}
                        pipeline.xadd(target.stream, fields, maxlen=target.length, approximate=True)
                    await pipeline.execute()
        except (redis_errors(), OSError, TimeoutError) as why:
            return [DeliveryFailed(f"no answer: {type(why).__name__}")] * len(messages)
        return [None] * len(messages)

    def _connection(self, target: Target) -> Redis:
        if target.name not in self._redis:
            from redis.asyncio import Redis

            self._redis[target.name] = Redis.from_url(
                target.url, socket_timeout=self._timeout_s, socket_connect_timeout=self._timeout_s
            )
        return self._redis[target.name]


def redis_errors() -> type[Exception]:
    """Return the exception class of redis-py, imported late because it loads OpenTelemetry's SDK."""
    from redis.exceptions import RedisError

    return RedisError
