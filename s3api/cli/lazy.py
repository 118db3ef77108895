"""Commands whose module is imported when they are used.

`sixfold --help` needs one line about each command, and importing the modules for it would cost more than a
second. So the lines are in a table, and the group shows stand-ins that know nothing else.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Where a command is: the `app` of `module` (or another Typer in it), and its line in the help."""

    module: str
    help: str
    attribute: str = "app"

    def load(self) -> Any:
        return typer.main.get_command(getattr(importlib.import_module(self.module), self.attribute))


def new_app(help_text: str | None = None, *, one_command: bool = False) -> typer.Typer:
    """A Typer for one module. Plain help: rich would read `[default]` in a help text as markup and drop it.

    `one_command`: the module is one command, not a group of several.
    """
    return typer.Typer(
        help=help_text,
        no_args_is_help=not one_command,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


class LazyGroup(TyperGroup):
    """A group of `LazyCommand`s, given by a subclass."""

    lazy_commands: ClassVar[dict[str, LazyCommand]]

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, command in self.lazy_commands.items():
            self.commands[name] = TyperCommand(name, help=command.help, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command to run, or to complete, and import it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.lazy_commands[name].load() if name else None, rest
