"""The options that several commands share. None: not given here, so the environment, the file or the default
counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
