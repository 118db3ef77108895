"""/api/status: how this gateway fares."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from s3api.observe.status import status
from s3api.rest.problem_details import ProblemRoute

router = APIRouter(route_class=ProblemRoute, tags=["operation"])


@router.get("", summary="How the gateway fares")
async def get_status(request: Request) -> dict[str, Any]:
    """Version, uptime, requests, database, nodes, queues and caches; of several workers the sum."""
    state = request.app.state
    return await status(state.store, state.metrics, state.siblings)
