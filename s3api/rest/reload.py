"""POST /api/reload: reload the settings as SIGHUP does, and return the result."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request

from s3api.rest.problem_details import ProblemRoute, Refused
from s3api.settings import SettingsError

router = APIRouter(route_class=ProblemRoute, tags=["operation"])


@router.post("", summary="Read the settings again")
async def reload(request: Request) -> dict[str, Any]:
    """Returns the names of the settings that take effect now (`changed`), and of those that need a `restart`.
    400 if the settings are invalid; then nothing changes. Other workers follow within a second.
    """
    state = request.app.state
    try:
        done = state.reload()
    except SettingsError as why:
        raise Refused(400, "InvalidSettings", str(why)) from None
    state.siblings.reload()
    return asdict(done)
