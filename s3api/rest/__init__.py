"""REST beside S3: files under /api/file, the nodes, health, and the description of all of it under /api/docs.

A file is an ordinary object of one bucket, and every route calls the same operations as S3 does. Refusals are
problem details (RFC 9457).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import Depends, FastAPI

from s3api import __version__
from s3api.rest import events, files, health, metrics, nodes, reload, status, users
from s3api.rest.access import Access
from s3api.rest.problems import register
from s3api.settings import Settings

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_api(settings: Settings, *, lifespan: Lifespan) -> FastAPI:
    """The FastAPI application. `lifespan` puts the opened `Store` into `app.state.store`; the settings that
    hold are in `app.state.settings`.
    """
    api = FastAPI(
        title="Sixfold",
        version=__version__,
        summary="Files, nodes and health of a Sixfold store. S3 is at /.",
        lifespan=lifespan,
        docs_url="/api/docs",
        openapi_url="/api/openapi.json",
        redoc_url=None,
        redirect_slashes=False,
    )
    register(api)
    api.state.settings = settings
    access = [Depends(Access())]
    api.include_router(health.router, prefix="/api/health")
    api.include_router(files.router, prefix="/api/file", dependencies=access)
    api.include_router(events.router, prefix="/api/events", dependencies=access)
    api.include_router(nodes.router, prefix="/api/nodes", dependencies=access)
    api.include_router(status.router, prefix="/api", dependencies=access)
    api.include_router(reload.router, prefix="/api", dependencies=access)
    proven = [Depends(Access(always=True))]
    api.include_router(users.router, prefix="/api/users", dependencies=proven)
    api.include_router(users.explanations, prefix="/api/explain", dependencies=proven)
    scrapers = [Depends(Access(token=True))]
    api.include_router(metrics.router, prefix="/api/metrics", dependencies=scrapers)
    return api
