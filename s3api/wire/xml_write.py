"""Write the model's values as XML, with a generated Python function for each structure, compiled once.

A page of a listing is a thousand structures of ten members. In generated code each present member costs one
lookup and one f-string: 0.66 ms for a thousand keys of three members; closures over a list of members took
0.94. The generated code consists of AWS's names and this module's templates, and of nothing from a request.
Values that are None or missing are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from s3api.columnar import Columns
from s3api.wire.model import Shape
from s3api.wire.scalars import Writer, escape, escape_etag, writer
from s3api.wire.xml_columnar import columns_writer

ElementWriter = Callable[[Any], str]

_ETAGS = frozenset({"ETag"})
_ASCII_WORDS = frozenset({"integer", "long", "float", "double", "boolean", "timestamp", "blob"})


def compile_writer(
    shape: Shape, tag: str, attributes: str = "", compiled: dict[tuple[str, str], ElementWriter] | None = None
) -> ElementWriter:
    """Return a function that writes a value of `shape` as the element `tag`.

    `attributes` are added to its start tag unescaped.
    """
    known = {} if compiled is None else compiled
    if shape.type == "structure":
        at = shape.name, tag
        if at not in known:
            known[at] = lambda value: known[at](value)
            known[at] = _structure(shape, tag, attributes, known)
        return known[at]
    if shape.type == "list":
        item = compile_writer(shape.item, shape.item.wire_name("member"), "", known)
        return lambda values: f"<{tag}>{''.join(map(item, values))}</{tag}>"
    if shape.type == "map":
        key, each = compile_writer(shape.key, "key"), compile_writer(shape.value, "value", "", known)
        return lambda values: (
            f"<{tag}>{''.join(f'<entry>{key(k)}{each(v)}</entry>' for k, v in values.items())}</{tag}>"
        )
    text = text_writer(shape)
    return lambda value: f"<{tag}{attributes}>{text(value)}</{tag}>"


def text_writer(shape: Shape) -> Writer:
    """Return a function that writes a scalar as escaped text."""
    if shape.type in _ASCII_WORDS:
        return writer(shape, date_format="iso8601")
    return escape_etag if shape.name in _ETAGS else escape


def _structure(
    shape: Shape, tag: str, attributes: str, known: dict[tuple[str, str], ElementWriter]
) -> ElementWriter:
    names: dict[str, Any] = {"join": "".join}
    start, lines = [f"<{tag}{attributes}{_prefix(shape)}"], []
    for index, (name, member) in enumerate(shape.members.items()):
        if member.location:
            continue
        write, wire = f"w{index}", member.wire_name(name)
        get = f"(x := get({name!r})) is not None"
        if member.trait("xmlAttribute"):
            names[write] = text_writer(member)
            start.append(f" {wire}=\"{{{write}(x)}}\"' if {get} else '")
            continue
        if member.type in ("structure", "list", "map"):
            names[write], expression = _nested(member, name, write, known)
        else:
            names[write] = text_writer(member)
            value = "x" if names[write] is str else f"{write}(x)"
            expression = f"f'<{wire}>{{{value}}}</{wire}>'"
        lines.append(f"    if {get}: s += {expression}\n")
    source = f"def write(value):\n    get = value.get\n    s = {_start(start)}\n"
    source += "".join(lines) + f"    return s + '</{tag}>'\n"
    exec(compile(source, f"<wire {shape.name}>", "exec"), names)  # noqa: S102 - the model's names, see above
    made: ElementWriter = names["write"]
    return made


def _nested(
    member: Shape, name: str, write: str, known: dict[tuple[str, str], ElementWriter]
) -> tuple[ElementWriter, str]:
    if member.type == "list" and member.trait("flattened"):
        return _flattened(member.item, member.flat_tag(name), known), f"{write}(x)"
    return compile_writer(member, member.wire_name(name), "", known), f"{write}(x)"


def _flattened(item: Shape, tag: str, known: dict[tuple[str, str], ElementWriter]) -> ElementWriter:
    """Return a function that writes a list without a wrapper element, from structures or `Columns`."""
    one = compile_writer(item, tag, "", known)
    if item.type != "structure":
        return lambda values: "".join(map(one, values))
    made: list[ElementWriter] = []

    def element(member: Shape, name: str) -> ElementWriter:
        if member.type == "list" and member.trait("flattened"):
            return _flattened(member.item, member.flat_tag(name), known)
        return compile_writer(member, member.wire_name(name), "", known)

    def write(values: Any) -> str:
        if not isinstance(values, Columns):
            return "".join(map(one, values))
        if not made:
            made.append(columns_writer(item, tag, element))
        return made[0](values)

    return write


def _start(pieces: list[str]) -> str:
    """Return the source of a start tag. All pieces but the first are attributes that may be missing."""
    first, *optional = pieces
    return " + ".join([repr(first), *(f"(f'{piece}')" for piece in optional), "'>'"])


def _prefix(shape: Shape) -> str:
    namespace = shape.trait("xmlNamespace") or {}
    return f' xmlns:{namespace["prefix"]}="{namespace["uri"]}"' if "prefix" in namespace else ""
