"""`sixfold status`: what a running gateway says of itself, drawn."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from s3api.cli.options import Config, Data
from s3api.cli.output import out, size_text
from s3api.cli.running_gateway import ask
from s3api.settings import SettingsError, load

BAR_WIDTH = 20


def status(
    config: Config = None,
    data: Data = None,
    endpoint: Annotated[
        str | None, typer.Option(help="URL of the gateway [the one that serves the data directory].")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As /api/status answers it.")] = False,
) -> None:
    """How the running gateway fares: requests, database, nodes, queues, caches."""
    settings = load(config=config, data=data)
    found = ask(settings, "/api/status", endpoint=endpoint)
    if found is None:
        where = endpoint or f"the data directory {settings.data}"
        raise SettingsError(f"no gateway answers for {where}")
    if as_json:
        out().print_json(orjson.dumps(found).decode())
        return
    screen = out()
    screen.print(_summary(found))
    screen.print()
    screen.print(_nodes(found["nodes"]["list"]))


def _summary(found: dict[str, Any]) -> Table:
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
        commit = f", a commit takes {database['commit_ms']} ms" if database["commit_ms"] else ""
        state = f"answers in {database['latency_ms']} ms{commit}, {database['waiting']} writes wait"
        state += _copies(database["replication"])
    else:
        state = "[bold red]does not answer[/]"
    table.add_row("database", f"{database['address']}: {state}")
    able = "" if nodes["writable"] else ", [bold red]too few or too full to write to[/]"
    table.add_row("nodes", f"{nodes['up']} of {nodes['all']} up{able}")
    table.add_row("queues", ", ".join(f"{name} {length:,}" for name, length in found["queues"].items()))
    for name, cache in found["caches"].items():
        table.add_row(
            f"{name} cache", f"{cache['hit_ratio']:.1%} of {cache['hits'] + cache['misses']:,} looks hit, "
            f"{size_text(cache['bytes'])}"
        )  # fmt: skip
    return table


def _copies(replication: dict[str, Any] | None) -> str:
    """How far they are behind, where there are any."""
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
    table = Table(
        "node", "address", "state", "fill", "", "used", "chunks", "latency", box=None, pad_edge=False
    )
    for node in nodes:
        fill = node["used_bytes"] / node["capacity_bytes"] if node["capacity_bytes"] else None
        table.add_row(
            str(node["id"]),
            node["address"],
            f"[green]{node['state']}[/]" if node["up"] else f"[bold red]down[/]: {node['reason']}",
            _bar(fill),
            f"{fill:.1%}" if fill is not None else "?",
            size_text(node["used_bytes"]),
            f"{node['chunks']:,}",
            f"{node['latency_ms']:.1f} ms" if node["latency_ms"] is not None else "",
        )
    return table


def _bar(fill: float | None) -> str:
    filled = min(BAR_WIDTH, round((fill or 0) * BAR_WIDTH))
    colour = "red" if (fill or 0) > 0.9 else "cyan"
    return f"[{colour}]{'█' * filled}[/][dim]{'░' * (BAR_WIDTH - filled)}[/]"
