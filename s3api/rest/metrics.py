"""/api/metrics: the metrics of all workers of this gateway in Prometheus' text format."""

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
    """The sum over all workers. Values of other workers are at most a second old."""
    counted: Metrics = request.app.state.metrics
    siblings: Siblings = request.app.state.siblings
    families = await counted.families(request.app.state.store)
    return Response(text(merge(families, siblings.counts())), headers={"content-type": CONTENT_TYPE})
