"""The REST API: files under /api/file, nodes, users, status and health; its description is under /api/docs.

A file is an ordinary object of one bucket, and every route calls the same operations as S3. Errors are
problem details (RFC 9457).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from s3api import __version__
from s3api.rest import events, files, health, metrics, nodes, reload, status, users
from s3api.rest.authentication import Access
from s3api.rest.problem_details import RESPONSES, register
from s3api.settings import Settings

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_api(settings: Settings, *, lifespan: Lifespan) -> FastAPI:
    """Make the FastAPI application. `lifespan` sets `app.state.store` and `app.state.backend`; the current
    settings are in `app.state.settings`.
    """
    api = FastAPI(
        title="Sixfold",
        version=__version__,
        summary="Files, nodes and health of a Sixfold store. S3 is at /.",
        lifespan=lifespan,
        docs_url="/api/docs",
        swagger_ui_oauth2_redirect_url=None,
        openapi_url="/api/openapi.json",
        redoc_url=None,
        redirect_slashes=False,
        responses=RESPONSES,
    )
    api.state.settings = settings
    access = [Depends(Access())]
    proven, scrapers = [Depends(Access(always=True))], [Depends(Access(token=True))]
    mounts: tuple[tuple[str, APIRouter, list[Any]], ...] = (
        ("/api/health", health.router, []),
        ("/api/file", files.router, access),
        ("/api/events", events.router, access),
        ("/api/nodes", nodes.router, access),
        ("/api/status", status.router, access),
        ("/api/reload", reload.router, access),
        ("/api/users", users.router, proven),
        ("/api/explain", users.explanations, proven),
        ("/api/metrics", metrics.router, scrapers),
    )
    for prefix, router, dependencies in mounts:
        api.include_router(router, prefix=prefix, dependencies=dependencies)
    register(api, {prefix: router for prefix, router, _ in mounts})
    return api
