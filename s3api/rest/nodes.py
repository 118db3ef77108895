"""/api/nodes: list the nodes with their status, and add a node while the store runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from s3api.errors import S3Error
from s3api.nodes import admit_node
from s3api.rest.problem_details import ProblemRoute
from s3api.settings import without_password
from s3api.store import Store

router = APIRouter(route_class=ProblemRoute, tags=["nodes"])


class NewNode(BaseModel):
    address: str = Field(max_length=1024, examples=["redis://10.0.0.7:6379/0"])
    capacity_bytes: int | None = Field(None, gt=0)


@router.get("", summary="List the nodes")
async def list_nodes(request: Request) -> dict[str, Any]:
    """List the nodes as this gateway sees them: use, chunks and latency are at most seconds old."""
    return {"nodes": _nodes(request)}


@router.post("", status_code=201, summary="Add a node")
async def add_node(request: Request, new: NewNode) -> dict[str, Any]:
    """The node must answer. Every gateway of this store uses it within seconds."""
    store: Store = request.app.state.store
    try:
        row = await admit_node(store.metadata, store.settings, new.address, capacity_bytes=new.capacity_bytes)
    except ValueError as why:
        raise S3Error("InvalidArgument", str(why), ArgumentName="address") from None
    await store.blobs.cluster.refresh()
    return next(node for node in _nodes(request) if node["id"] == row.id)


def _nodes(request: Request) -> list[dict[str, Any]]:
    store: Store = request.app.state.store
    return [
        asdict(node) | {"address": without_password(node.address)} for node in store.blobs.cluster.status()
    ]
