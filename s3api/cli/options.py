"""The options that several commands share. None: not given here, so the environment, the file or the default
counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from s3api.settings import Settings

Config = Annotated[
    Path | None, typer.Option(help="A TOML file of settings.", envvar="SIXFOLD_CONFIG", show_envvar=True)
]
Data = Annotated[
    Path | None, typer.Option(help="The data directory [./sixfold-data]. Also SIXFOLD_DATA.", file_okay=False)
]
Database = Annotated[
    str | None,
    typer.Option(help="URL of the metadata database [SQLite in the data directory]. Also SIXFOLD_DATABASE."),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
OfAccount = Annotated[
    str | None,
    typer.Option("--account", help="Its name, number, e-mail or canonical id [the first account]."),
]

# --- of `serve`, and of what looks at the same settings ---
Host = Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1].")]
Port = Annotated[int | None, typer.Option(help="Port to listen on [8260]; 0 for any.")]
Workers = Annotated[int | None, typer.Option(help="Processes that serve [1].")]
Nodes = Annotated[
    list[str] | None,
    typer.Option(help="Address of a node; give it six times or more [six embedded ones].", metavar="ADDRESS"),
]
CacheBytes = Annotated[
    int | None, typer.Option(help="Memory for small objects read lately, of each worker [64 MiB].")
]
Cache = Annotated[
    str | None,
    typer.Option(help="A Redis in which gateways share small objects read lately, redis://host:port/db."),
]
RootKey = Annotated[str | None, typer.Option(help="Root access key [made at the first start].")]
RootSecret = Annotated[
    str | None, typer.Option(help="Its secret. Better in SIXFOLD_SECRET_KEY: others see command lines.")
]
TlsCert = Annotated[
    Path | None, typer.Option(help="The certificate, a PEM file: https alone.", dir_okay=False)
]
TlsKey = Annotated[Path | None, typer.Option(help="Its private key.", dir_okay=False)]


def given_options(context: typer.Context) -> dict[str, Any]:
    """What the command line says of settings, by their names; None for what it does not say."""
    given = {name: value for name, value in context.params.items() if name in Settings.model_fields}
    nodes = context.params.get("node")
    return {**given, "nodes": tuple(nodes) if nodes else None}
