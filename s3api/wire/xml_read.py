"""Read XML documents into the model's values, with one closure per shape, compiled once.

MalformedXML is raised for a document that is not well-formed, a wrong root element, an unknown or repeated
element, a missing required element, and a value of the wrong type. Namespaces are ignored: clients differ. A
DTD, which entities would need, is refused in the prolog, before a tree is built. The size of a tree is
bounded by the document's size and number of tags; readers go no deeper than the schema.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring
from xml.parsers import expat

from s3api.errors import S3Error
from s3api.wire.model import Shape
from s3api.wire.scalars import Reader, reader

ElementReader = Callable[[Element], Any]

MAX_TAGS = 250_000  # 10,000 parts with a checksum are 80,000


def malformed() -> S3Error:
    return S3Error("MalformedXML")


def read_document(document: bytes, root: str, read: ElementReader) -> Any:
    """Parse a document whose root element must be `root`, and return its value.

    Raises only S3Error MalformedXML.
    """
    try:
        if document.count(b"<") > MAX_TAGS or _root_name(document) != root:
            raise malformed()
        return read(fromstring(document))
    except (ParseError, expat.ExpatError, ValueError, LookupError):
        raise malformed() from None


class _RootFound(Exception):
    """Raised at the first element, to stop expat at once."""


def _root_name(document: bytes) -> str | None:
    """Return the local name of the root element.

    Raises ValueError for a document type declaration, before it is read.
    """
    found: list[str] = []
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append(name)
        raise _RootFound

    def doctype(*declaration: object) -> None:
        raise ValueError("no DTD in S3")

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(document, True)
    except _RootFound:
        return found[0].rpartition(":")[2]
    return None


def compile_reader(shape: Shape, compiled: dict[str, ElementReader] | None = None) -> ElementReader:
    """Return a function that reads an element as a value of `shape`; it raises ValueError.

    Shapes may contain themselves.
    """
    known = {} if compiled is None else compiled
    if shape.type == "structure":
        if shape.name not in known:
            known[shape.name] = lambda element: known[shape.name](element)
            known[shape.name] = _structure(shape, known)
        return known[shape.name]
    if shape.type == "list":
        return _wrapped_list(shape, known)
    return _scalar(reader(shape), keep_space=shape.type == "string" and not shape.enum)


def _scalar(read: Reader, *, keep_space: bool) -> ElementReader:
    def scalar(element: Element) -> Any:
        if len(element):
            raise ValueError(element.tag)
        text = element.text or ""
        return read(text if keep_space else text.strip())

    def plain(element: Element) -> Any:
        if len(element):
            raise ValueError(element.tag)
        return element.text or ""

    return plain if read is str and keep_space else scalar


def _wrapped_list(shape: Shape, known: dict[str, ElementReader]) -> ElementReader:
    item = compile_reader(shape.item, known)
    tag = shape.item.wire_name("member")

    def wrapped(element: Element) -> list[Any]:
        if any(_local(child.tag) != tag for child in element):
            raise ValueError(element.tag)
        return [item(child) for child in element]

    return wrapped


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _structure(shape: Shape, known: dict[str, ElementReader]) -> ElementReader:
    elements: dict[str, tuple[str, ElementReader, bool]] = {}
    attributes: dict[str, tuple[str, Reader]] = {}
    for name, member in shape.members.items():
        if member.location:
            continue
        if member.trait("xmlAttribute"):
            attributes[member.wire_name(name).rpartition(":")[2]] = name, reader(member)
        elif member.type == "list" and member.trait("flattened"):
            elements[member.flat_tag(name)] = name, compile_reader(member.item, known), True
        else:
            elements[member.wire_name(name)] = name, compile_reader(member, known), False
    required = [name for name in shape.required if not shape.members[name].location]

    def structure(element: Element) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for child in element:
            found = elements.get(child.tag.rpartition("}")[2])
            if found is None:
                raise ValueError(child.tag)
            name, read, many = found
            if many:
                if name in out:
                    out[name].append(read(child))
                else:
                    out[name] = [read(child)]
            elif name in out:
                raise ValueError(child.tag)
            else:
                out[name] = read(child)
        if attributes and element.attrib:
            for key, value in element.attrib.items():
                if attribute := attributes.get(_local(key)):
                    out[attribute[0]] = attribute[1](value)
        for name in required:
            if name not in out:
                raise ValueError(name)
        return out

    return structure
