"""The options of commands that are settings, each declared once, and others that several commands share.

`takes_settings` adds options to a command. Not given on the command line, the environment, the settings file
or the default counts.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from s3api.settings import load

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OfAccount = Annotated[
    str | None,
    typer.Option(
        "--account", help="Name, number, e-mail or canonical ID of the account [default: the first account]."
    ),
]
Given = dict[str, Any]
"""Settings from the command line, by name; None where an option was not given."""

# By the name of the setting.
SETTINGS: dict[str, Any] = {
    "host": Annotated[str | None, typer.Option(help="Address to listen on [default: 127.0.0.1].")],
    "port": Annotated[
        int | None, typer.Option(help="Port to listen on; 0 picks a free one [default: 8260].")
    ],
    "data": Annotated[
        Path | None,
        typer.Option(help="Data directory [default: ./sixfold-data; env: SIXFOLD_DATA].", file_okay=False),
    ],
    "workers": Annotated[int | None, typer.Option(help="Number of worker processes [default: 1].")],
    "database": Annotated[
        str | None,
        typer.Option(
            help="URL of the metadata database, sqlite:///path or postgresql://user@host/database "
            "[default: SQLite in the data directory; env: SIXFOLD_DATABASE]."
        ),
    ],
    "nodes": Annotated[
        list[str] | None,
        typer.Option(
            "--node",
            help="Address of a storage node; repeat it for six or more [default: six embedded nodes].",
            metavar="ADDRESS",
        ),
    ],
    "cache": Annotated[
        str | None,
        typer.Option(
            help="Redis in which gateways share a read cache, redis://host:port/db [default: none]."
        ),
    ],
    "cache_bytes": Annotated[
        int | None,
        typer.Option(help="Read cache for small objects in each worker, in bytes [default: 64 MiB]."),
    ],
    "access_key": Annotated[
        str | None, typer.Option(help="Root access key [default: created at the first start].")
    ],
    "secret_key": Annotated[
        str | None,
        typer.Option(
            help="Root secret key. Other users of this machine see command lines: "
            "better set SIXFOLD_SECRET_KEY."
        ),
    ],
    "tls_cert": Annotated[
        Path | None, typer.Option(help="PEM certificate; enables HTTPS and disables HTTP.", dir_okay=False)
    ],
    "tls_key": Annotated[
        Path | None, typer.Option(help="PEM private key of the certificate.", dir_okay=False)
    ],
    "config": Annotated[
        Path | None, typer.Option(help="TOML file of settings.", envvar="SIXFOLD_CONFIG", show_envvar=True)
    ],
}


def takes_settings(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options of these settings to a command.

    The command has a parameter `given`, for what the command line says of settings, or `settings`, for the
    settings that are loaded from it.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True)
        own = [
            parameter for name, parameter in signature.parameters.items() if name not in ("given", "settings")
        ]
        added = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=SETTINGS[name])
            for name in names
        ]

        @functools.wraps(command)
        def run(**values: Any) -> None:
            given = {name: values.pop(name) for name in names}
            if given.get("nodes") is not None:
                given["nodes"] = tuple(given["nodes"]) or None
            if "given" in signature.parameters:
                command(given=given, **values)
            else:
                command(settings=load(**given), **values)

        parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own] + added
        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorate


of_gateway = takes_settings(*SETTINGS)
"""For commands about a whole gateway."""
of_store = takes_settings("config", "data", "database")
"""For commands that open the metadata database."""
of_data = takes_settings("config", "data")
"""For commands that need only the data directory."""
