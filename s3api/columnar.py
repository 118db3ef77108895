"""A list of structures, stored by column.

A page of a listing is a thousand structures of eight members, and most members have one value in all of them.
As columns they are built and written without a dictionary for each structure. Code that needs dictionaries
can use it as a sequence of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload


class Columns(Sequence[dict[str, Any]]):
    """`columns`: the values of each member, in order; None where a structure lacks it."""

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        self.columns = columns
        self._length = len(next(iter(columns.values()))) if columns else 0
        if any(len(column) != self._length for column in columns.values()):
            raise ValueError("columns of different lengths")

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(self._length))]
        return {name: column[index] for name, column in self.columns.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Columns({list(self)!r})"
