"""/api/metrics: what this gateway has counted, all its workers together, as Prometheus reads it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from s3api.observe.exposition import CONTENT_TYPE, merge, text
from s3api.observe.metrics import Metrics
from s3api.observe.workers import Siblings
from s3api.rest.problem_details import ProblemRoute

router = APIRouter(route_class=ProblemRoute, tags=["operation"])


@router.get("", summary="Metrics for Prometheus", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Of several workers the sum; theirs are a second old at most."""
    counted: Metrics = request.app.state.metrics
    siblings: Siblings = request.app.state.siblings
    families = await counted.families(request.app.state.store)
    return Response(text(merge(families, siblings.told())), headers={"content-type": CONTENT_TYPE})
