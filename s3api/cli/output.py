"""Terminal output of commands: colours and tables on a terminal, plain text in a pipe."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# Width of tables in a pipe: enough for any address, since nothing is folded there.
PIPE_WIDTH = 400
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def out() -> Console:
    """A console on the current standard output. Never folds a line, so that lines can be copied."""
    from rich.console import Console

    return Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def new_table(*headers: str) -> Table:
    """A table without borders."""
    from rich.table import Table

    return Table(*headers, box=None)


def fail(reason: str) -> None:
    """Print an error as one line on standard error."""
    from rich.console import Console
    from rich.markup import escape

    line = " ".join(reason.split())
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"[bold red]sixfold:[/] {escape(line)}")


def size_text(count: int | None) -> str:
    """Format a number of bytes: 1.5 GiB; "?" for None."""
    if count is None:
        return "?"
    power = min(max(count.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{count / 1024**power:.{min(power, 1)}f} {_UNITS[power]}"


def time_text(seconds: float) -> str:
    """Format a Unix time in UTC: 2026-12-01 09:30:00Z."""
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(seconds))
