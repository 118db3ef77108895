"""`sixfold status`: the status of a running gateway."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from s3api.cli.lazy import new_app
from s3api.cli.options import of_data
from s3api.cli.output import new_table, out, size_text
from s3api.settings import Settings, SettingsError

if TYPE_CHECKING:
    from rich.table import Table

app = new_app(one_command=True)
BAR_WIDTH = 20


@app.command("status")
@of_data
def status(
    settings: Settings,
    endpoint: Annotated[
        str | None,
        typer.Option(help="URL of the gateway [default: the one that serves the data directory]."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, as /api/status answers.")] = False,
) -> None:
    """Show the status of the running gateway: requests, database, nodes, queues, caches."""
    from s3api.cli.running_gateway import ask

    found = ask(settings, "/api/status", endpoint=endpoint)
    if found is None:
        where = endpoint or f"the data directory {settings.data}"
        raise SettingsError(f"no gateway answers for {where}")
    if as_json:
        out().print_json(json.dumps(found))
        return
    screen = out()
    screen.print(_summary(found))
    screen.print()
    screen.print(_nodes(found["nodes"]["list"]))


def _summary(found: dict[str, Any]) -> Table:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    uptime = timedelta(seconds=int(found["uptime_s"]))
    requests, database, nodes = found["requests"], found["database"], found["nodes"]
    table.add_row("sixfold", f"{found['version']}, up {uptime}, {found['workers']} worker(s)")
    table.add_row("memory", size_text(found["memory_bytes"]))
    table.add_row(
        "requests",
        f"{requests['total']:,} ({requests['failed']:,} failed), {requests['in_flight']} in flight, "
        f"{size_text(requests['received_bytes'])} in, {size_text(requests['sent_bytes'])} out",
    )
    if database["up"]:
        commit = f", commits in {database['commit_ms']} ms" if database["commit_ms"] else ""
        state = f"answers in {database['latency_ms']} ms{commit}, {database['waiting']} writes waiting"
        state += _copies(database["replication"])
    else:
        state = "[bold red]does not answer[/]"
    table.add_row("database", f"{database['address']}: {state}")
    able = "" if nodes["writable"] else ", [bold red]too few or too full to write to[/]"
    table.add_row("nodes", f"{nodes['up']} of {nodes['all']} up{able}")
    table.add_row("queues", ", ".join(f"{name} {length:,}" for name, length in found["queues"].items()))
    for name, cache in found["caches"].items():
        table.add_row(
            f"{name} cache", f"hit rate {cache['hit_ratio']:.1%} of {cache['hits'] + cache['misses']:,}, "
            f"{size_text(cache['bytes'])}"
        )  # fmt: skip
    return table


def _copies(replication: dict[str, Any] | None) -> str:
    """The replication lag of the database's standbys, "" where there are none."""
    if not replication or not (replication["standbys"] or replication["standby"]):
        return ""
    who = (
        "[bold red]it is a standby[/],"
        if replication["standby"]
        else f"{replication['standbys']} standby(s),"
    )
    lag_s, lag_bytes = replication["lag_s"], replication["lag_bytes"]
    seconds = f"{lag_s:.1f} s" if lag_s is not None else "an unknown time"
    behind = f"{seconds} ({size_text(lag_bytes)})" if lag_bytes is not None else seconds
    return f"; {who} {behind} behind"


def _nodes(nodes: list[dict[str, Any]]) -> Table:
    table = new_table("node", "address", "state", "fill", "", "used", "capacity", "chunks", "latency")
    table.pad_edge = False
    for node in nodes:
        fill = node["used_bytes"] / node["capacity_bytes"] if node["capacity_bytes"] else None
        table.add_row(
            str(node["id"]),
            node["address"],
            f"[green]{node['state']}[/]" if node["up"] else f"[bold red]down[/]: {node['reason']}",
            _bar(fill),
            f"{fill:.1%}" if fill is not None else "?",
            size_text(node["used_bytes"]),
            size_text(node["capacity_bytes"]),
            f"{node['chunks']:,}",
            f"{node['latency_ms']:.1f} ms" if node["latency_ms"] is not None else "",
        )
    return table


def _bar(fill: float | None) -> str:
    filled = min(BAR_WIDTH, round((fill or 0) * BAR_WIDTH))
    colour = "red" if (fill or 0) > 0.9 else "cyan"
    return f"[{colour}]{'█' * filled}[/][dim]{'░' * (BAR_WIDTH - filled)}[/]"
