"""/api/status: the status of this gateway."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from s3api.observe.status import status
from s3api.rest.problem_details import ProblemRoute

router = APIRouter(route_class=ProblemRoute, tags=["operation"])


@router.get("", summary="Status of the gateway")
async def get_status(request: Request) -> dict[str, Any]:
    """Version, uptime, requests, database, nodes, queues and caches, summed over all workers."""
    state = request.app.state
    return await status(state.store, state.metrics, state.siblings)
