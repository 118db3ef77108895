"""What a connection needs of the application that it serves."""

from __future__ import annotations

from typing import Protocol

from s3api.http.proxies import Proxies
from s3api.http.request import Answer, Request


class S3Application(Protocol):
    """An application that answers S3 requests without ASGI. Requests for /api still reach it by ASGI."""

    @property
    def proxies(self) -> Proxies | None:
        """The trusted proxies in front of the gateway, None without any."""

    async def answer_s3(self, request: Request, answer: Answer) -> None:
        """Answer one S3 request by calling `answer` once. Raises nothing for a client that has gone."""

    def stopping(self) -> None:
        """End the responses that never end by themselves: the server is about to shut down."""
