"""The base of the groups of settings, and validators that several groups share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

MIB = 1 << 20
GIB = 1 << 30


class Group(BaseModel):
    """Settings of one subject. Immutable.

    The alias of each field is its name for users: `node_timeout_s` in the settings file,
    `SIXFOLD_NODE_TIMEOUT_S` in the environment. Its description is its row in the documentation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)

    @classmethod
    def defaults(cls) -> Self:
        return cls.model_validate({})


def _split(value: Any) -> Any:
    """A list from the environment: a JSON array, or words separated by commas or blanks."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return tuple(value.replace(",", " ").split())


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


Words = Annotated[tuple[str, ...], BeforeValidator(_split)]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
