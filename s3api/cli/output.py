"""What commands print with: colours and tables on a terminal, plain text in a pipe."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape

# Tables in a pipe: wide enough for any address, since nothing folds there.
PIPE_WIDTH = 400
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def out() -> Console:
    """Standard output as it is now; never folds a line that somebody may copy."""
    return Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def fail(reason: str) -> None:
    """One line on standard error."""
    line = " ".join(reason.split())
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"[bold red]sixfold:[/] {escape(line)}")


def size_text(count: int | None) -> str:
    """A number of bytes as people read it: 1.5 GiB."""
    if count is None:
        return "?"
    power = min(max(count.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{count / 1024**power:.{min(power, 1)}f} {_UNITS[power]}"
