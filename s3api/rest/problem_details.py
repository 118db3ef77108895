"""Errors as problem details (RFC 9457), with S3's error code beside the HTTP status.

`ProblemRoute` turns every exception of a route into a response, with the same status codes as for S3.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from chunkd import NodeError
from metadata.errors import InvalidKey, NodeExists
from s3api.body import ClientGone
from s3api.observe import CLIENT_GONE, AccessRecord
from s3api.operations import failures
from s3api.wire.error_codes import ERRORS
from s3api.wire.errors import RETRY_AFTER

MEDIA_TYPE = "application/problem+json"
_DETAILS = {
    "NoSuchKey": "There is no such file.",
    "NoSuchBucket": "There is no such file.",
    "IncorrectNumberOfFilesInPostRequest": "A form must have exactly one file, in its field `file`.",
}
_HIDDEN = frozenset({"BucketName", "HostId"})


class Problem(BaseModel):
    """Why a request failed."""

    title: str = Field(description="The phrase of the status")
    status: int
    detail: str = Field(description="For people")
    code: str = Field(description="S3's error code, if S3 has one")


RESPONSES: dict[int | str, dict[str, Any]] = {
    status_class: {"description": text, "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}}
    for status_class, text in (("4XX", "The request was refused"), ("5XX", "The store cannot serve it now"))
}
"""The error responses of every route, for the description of the API."""


class Refused(Exception):
    """An error for which S3 has no code. `headers` are added to the response."""

    def __init__(self, status: int, code: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, code, detail)
        self.status, self.code, self.detail, self.headers = status, code, detail, headers or {}


class ProblemRoute(APIRoute):
    """A route whose exceptions become problem details. Unexpected ones are logged once."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except (HTTPException, RequestValidationError):  # FastAPI's own, handled by `register`
                raise
            except ClientGone:
                request.state.record.code = CLIENT_GONE
                return Response(status_code=HTTPStatus.BAD_REQUEST)  # the client is gone
            except Exception as error:  # noqa: BLE001 - REST's error boundary
                return refusal(error, request.state.record)

        return answer


def register(api: FastAPI, mounted: Mapping[str, APIRouter]) -> None:
    """Make problem details of the errors of FastAPI itself: unknown paths, methods, bad parameters.

    `mounted`: the routers by prefix."""

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = request.state.record.code = HTTPStatus(error.status_code).phrase.replace(" ", "")
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(sorted(_methods(mounted, request.url.path)))
        return problem(error.status_code, code, str(error.detail), headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        text = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
        request.state.record.code = "InvalidArgument"
        return problem(400, "InvalidArgument", text)

    api.add_exception_handler(HTTPException, http)
    api.add_exception_handler(RequestValidationError, invalid)


def _methods(mounted: Mapping[str, APIRouter], path: str) -> set[str]:
    """Return the methods of a path. Starlette names only those of the first matching route."""
    routes = [
        (prefix + route.path, route.methods or set())
        for prefix, router in mounted.items()
        for route in router.routes
        if isinstance(route, APIRoute)
    ]
    return {
        method for template, methods in routes if compile_path(template)[0].match(path) for method in methods
    }


def problem(
    status: int, code: str, detail: str, headers: dict[str, str] | None = None, **more: str
) -> Response:
    """Make the response. `type` is omitted, that is about:blank, so `title` is the phrase of the status."""
    content = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail, "code": code, **more}
    return Response(orjson.dumps(content), status, headers, MEDIA_TYPE)


def refusal(error: Exception, record: AccessRecord) -> Response:
    """Make the response for any exception of an operation."""
    match error:
        case Refused():
            known = (error.status, error.code, error.detail, error.headers)
        case InvalidKey():
            known = (400, "InvalidArgument", str(error), {})
        case NodeExists():
            known = (409, "NodeExists", "A node of this address is registered already.", {})
        case NodeError():
            known = (422, "NodeDown", f"The address does not answer as a storage node: {error}", {})
        case _:
            return _s3_refusal(error, record)
    record.code = known[1]
    return problem(*known)


def _s3_refusal(error: Exception, record: AccessRecord) -> Response:
    refused = failures.s3_error(error, {}, record.request_id)
    status, message = ERRORS[refused.code]
    headers = {}
    if size := refused.details.get("ActualObjectSize"):
        headers["content-range"] = f"bytes */{size}"
    if refused.code in RETRY_AFTER:
        headers["retry-after"] = RETRY_AFTER[refused.code].decode()
    more = {name: value for name, value in refused.details.items() if name not in _HIDDEN}
    detail = refused.message or _DETAILS.get(refused.code, message)
    record.code = code = "NoSuchKey" if refused.code == "NoSuchBucket" else refused.code
    return problem(status, code, detail, headers, request_id=record.request_id, **more)
