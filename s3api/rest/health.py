"""/api/health: whether the process runs (live) and whether it can serve (ready). Needs no authentication."""

from __future__ import annotations

import asyncio

import orjson
from fastapi import APIRouter, Request, Response

from metadata.errors import MetadataError
from s3api.blobs import NodesFull, TooFewNodes
from s3api.rest.problem_details import ProblemRoute, problem
from s3api.store import Store

DATABASE_TIMEOUT_S = 5.0

router = APIRouter(route_class=ProblemRoute, tags=["health"])


@router.get("/live", summary="The process runs")
async def live() -> Response:
    return Response(orjson.dumps({"status": "live"}), media_type="application/json")


@router.get("/ready", summary="Objects can be read and written")
async def ready(request: Request) -> Response:
    """503 with the reasons if the database does not answer, or too few nodes do."""
    store: Store = request.app.state.store
    reasons = [reason for reason in (await _database(store), _nodes(store)) if reason]
    if reasons:
        return problem(503, "NotReady", "; ".join(reasons), {"retry-after": "2"})
    return Response(orjson.dumps({"status": "ready"}), media_type="application/json")


async def _database(store: Store) -> str | None:
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S):
            await store.metadata.ping()
    except (MetadataError, TimeoutError):
        return "the database does not answer"
    return None


def _nodes(store: Store) -> str | None:
    nodes = store.blobs.cluster.status()
    up = sum(node.up for node in nodes)
    try:
        store.blobs.cluster.place()
    except TooFewNodes:
        return f"{up} of {len(nodes)} nodes answer, too few to write to"
    except NodesFull:
        return "no node has room"
    return None
