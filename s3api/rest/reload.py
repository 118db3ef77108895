"""POST /api/reload: what SIGHUP does, with an answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request

from s3api.rest.problem_details import ProblemRoute, Refused
from s3api.settings import SettingsError

router = APIRouter(route_class=ProblemRoute, tags=["operation"])


@router.post("", summary="Read the settings again")
async def reload(request: Request) -> dict[str, Any]:
    """The names of settings that count from now on (`changed`), and of those that have changed and want a
    `restart`. 400 where they cannot be used, and then nothing has changed. Other workers follow within a
    second.
    """
    state = request.app.state
    try:
        done = state.reload()
    except SettingsError as why:
        raise Refused(400, "InvalidSettings", str(why)) from None
    state.siblings.reload()
    return asdict(done)
