"""`sixfold explain`: why a request was refused, by the id that its answer had."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from s3api.access.denials import Denials
from s3api.cli.options import Config, Data
from s3api.cli.output import out
from s3api.settings import SettingsError, load


def explain(
    request_id: Annotated[str, typer.Argument(help="The x-amz-request-id of the answer.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Say what decided a refusal (403) of this gateway: which statement, or that none allowed it."""
    settings = load(config=config, data=data)
    found = Denials(settings.data).find(request_id.strip().upper())
    if not found:
        raise SettingsError(
            f"nothing is known of a refusal of request {request_id}: the newest are kept, in {settings.data}"
        )
    for entry in found:
        out().print("\n".join(_lines(entry)), markup=False)


def _lines(entry: Mapping[str, Any]) -> list[str]:
    when = datetime.fromtimestamp(entry.get("time_us", 0) / 1e6, UTC)
    return [
        f"request     {entry['request_id']}, {when:%Y-%m-%d %H:%M:%S}Z",
        f"who         {entry.get('principal')} from {entry.get('source_ip') or 'somewhere'}",
        f"what        {entry.get('operation')}: {entry.get('action')}",
        f"on          {entry.get('resource')}",
        f"was denied  {entry.get('reason')}",
        f"decided by  {entry.get('statement') or 'no statement: nothing allowed it'}",
    ]
