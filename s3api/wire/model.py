"""AWS's service model of S3, read from botocore's data file.

botocore is not imported: that takes 0.1 s, for classes that this package does not need. A `Shape` is a
definition of the model with the traits that one reference to it adds (location, wire name, flattened...).
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from s3api.wire.model_additions import with_additions

_S3 = "data/s3/2006-03-01/service-2.json"


class Shape:
    """One reference to a shape.

    `type`: structure, list, map, string, integer, long, boolean, timestamp, blob...
    """

    def __init__(self, shapes: dict[str, Any], reference: dict[str, Any]) -> None:
        self._shapes = shapes
        self.name: str = reference["shape"]
        definition = shapes[self.name]
        self._definition, self._reference = definition, reference
        self.type: str = definition["type"]

    def trait(self, name: str, default: Any = None) -> Any:
        """Return a trait of the reference, or else of the definition. botocore merges them the same way."""
        found = self._reference.get(name)
        return found if found is not None else self._definition.get(name, default)

    @cached_property
    def members(self) -> dict[str, Shape]:
        found = self._definition.get("members", {})
        return {name: Shape(self._shapes, reference) for name, reference in found.items()}

    @property
    def item(self) -> Shape:
        return Shape(self._shapes, self._definition["member"])

    @property
    def key(self) -> Shape:
        """The shape of a map's keys."""
        return Shape(self._shapes, self._definition["key"])

    @property
    def value(self) -> Shape:
        """The shape of a map's values."""
        return Shape(self._shapes, self._definition["value"])

    @property
    def required(self) -> list[str]:
        names: list[str] = self._definition.get("required", [])
        return names

    @property
    def enum(self) -> list[str]:
        values: list[str] = self._definition.get("enum", [])
        return values

    @property
    def location(self) -> str | None:
        """Where a member is sent: uri, querystring, header, headers (with a prefix); None: in the body."""
        where: str | None = self._reference.get("location")
        return where

    def wire_name(self, default: str) -> str:
        name: str = self.trait("locationName", default)
        return name

    def flat_tag(self, default: str) -> str:
        """The element name of each item of a flattened list."""
        return self.wire_name(self.item.wire_name(default))

    @property
    def payload(self) -> str | None:
        """The member that is the whole body, or None."""
        name: str | None = self._definition.get("payload")
        return name


class OperationModel:
    """One operation of the model: HTTP method, URI template, input and output."""

    def __init__(self, shapes: dict[str, Any], definition: dict[str, Any]) -> None:
        self._shapes, self._definition = shapes, definition
        self.name: str = definition["name"]
        self.method: str = definition["http"]["method"]
        self.uri: str = definition["http"]["requestUri"]
        self.status: int = definition["http"].get("responseCode", 200)
        self.deprecated: bool = definition.get("deprecated", False)

    @cached_property
    def input(self) -> Shape:
        return self._shape("input")

    @cached_property
    def output(self) -> Shape:
        return self._shape("output")

    def _shape(self, side: str) -> Shape:
        reference = self._definition.get(side)
        return (
            Shape(self._shapes, reference) if reference else Shape({"": {"type": "structure"}}, {"shape": ""})
        )


def load_operations() -> Iterator[OperationModel]:
    """Yield the operations of botocore's S3 model and of `model_additions`.

    Raises FileNotFoundError if botocore is not installed.
    """
    model = with_additions(load_model(_S3))
    for definition in model["operations"].values():
        yield OperationModel(model["shapes"], definition)


def load_model(path: str) -> dict[str, Any]:
    """Load a service model of botocore. `path` is relative to the package. Raises FileNotFoundError."""
    spec = find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("botocore, which carries AWS's models, is not installed")
    model: dict[str, Any] = orjson.loads(_read(Path(spec.submodule_search_locations[0]) / path))
    return model


def _read(path: Path) -> bytes:
    packed = path.with_name(path.name + ".gz")
    return gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
