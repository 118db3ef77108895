"""`sixfold explain`: why a request was refused, by the request ID of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from s3api.access.denials import Denials
from s3api.cli.lazy import new_app
from s3api.cli.options import of_data
from s3api.cli.output import out, time_text
from s3api.settings import Settings, SettingsError

app = new_app(one_command=True)


@app.command("explain")
@of_data
def explain(
    settings: Settings, request_id: Annotated[str, typer.Argument(help="The x-amz-request-id of the answer.")]
) -> None:
    """Show which policy statement refused a request (403), or that no statement allowed it."""
    entries = Denials(settings.data).find(request_id.strip().upper())
    if not entries:
        raise SettingsError(
            f"there is no refusal of a request {request_id} among the newest, kept in {settings.data}"
        )
    for entry in entries:
        out().print("\n".join(_lines(entry)), markup=False)


def _lines(entry: Mapping[str, Any]) -> list[str]:
    return [
        f"request     {entry['request_id']}, {time_text(entry.get('time_us', 0) / 1e6)}",
        f"who         {entry.get('principal')} from {entry.get('source_ip') or 'an unknown address'}",
        f"what        {entry.get('operation')}: {entry.get('action')}",
        f"on          {entry.get('resource')}",
        f"was denied  {entry.get('reason')}",
        f"decided by  {entry.get('statement') or 'no statement: nothing allowed it'}",
    ]
