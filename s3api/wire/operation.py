"""One S3 operation: how to route to it, read its inputs, and write its result.

Readers and writers are compiled at an operation's first request: most of the model's hundred operations are
never requested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from s3api.errors import S3Error
from s3api.operation_table import rules_of
from s3api.wire import binding
from s3api.wire.model import OperationModel
from s3api.wire.reply import Reply, ReplyWriter
from s3api.wire.request import RequestReader, query_names
from s3api.wire.tables import DOCUMENT_BYTES, LARGE_DOCUMENT_BYTES, LARGE_DOCUMENTS, OPTIONAL_BODIES
from s3api.wire.xml_read import ElementReader, compile_reader, malformed, read_document

LEVELS = {"/": 0, "/{Bucket}": 1, "/{Bucket}/{Key+}": 2}


class Operation:
    """An operation of AWS's model and its handler.

    `level`: 0 service, 1 bucket, 2 object. `literal`: the sub-resource of its URI ("acl", "list-type=2"), or
    "". `probes`: the query parameters and headers that it requires, which distinguish it from its siblings.
    `handler`, `accepts`: set by `Wire.bind`, None before. `known`: see `RequestReader`.
    """

    def __init__(self, model: OperationModel, known: frozenset[str] | None = None) -> None:
        self.model, self.name, self.method = model, model.name, model.method
        self._known = known
        self.rules = rules_of(model.name)
        self.handler_name = binding.snake_case(model.name)
        path, _, literals = model.uri.partition("?")
        self.level = LEVELS[path]
        # The first token of "select&select-type=2" is enough to route.
        self.literal = literals.partition("&")[0]
        self.handler: Callable[..., Any] | None = None
        self.accepts: frozenset[str] | None = None

    @cached_property
    def probes(self) -> frozenset[tuple[str, str]]:
        members = [(name, self.model.input.members[name]) for name in self.model.input.required]
        return frozenset(
            ("querystring", m.wire_name(name))
            if m.location == "querystring"
            else ("header", m.wire_name(name).lower())
            for name, m in members
            if m.location in ("querystring", "header")
        )

    @cached_property
    def query_names(self) -> frozenset[str]:
        return frozenset(query_names(self.model.input))

    # --- the request ------------------------------------------------------------------------

    @cached_property
    def has_xml_body(self) -> bool:
        """Whether the body is a document: XML, or the JSON of a bucket policy."""
        shape = self.model.input
        if shape.payload:
            return shape.members[shape.payload].type != "blob"
        return any(member.location is None for member in shape.members.values())

    @cached_property
    def has_stream_body(self) -> bool:
        """Whether the body is an object's (or a part's) bytes."""
        shape = self.model.input
        return shape.payload is not None and shape.members[shape.payload].type == "blob"

    @property
    def max_body_bytes(self) -> int:
        """The maximum size of a document body."""
        return LARGE_DOCUMENT_BYTES if self.name in LARGE_DOCUMENTS else DOCUMENT_BYTES

    def bind(self, handler: Callable[..., Any]) -> None:
        """Serve this operation with `handler`.

        Raises TypeError for a signature that does not fit the model.
        """
        self.accepts = binding.accepted_members(handler, self.name, self.model.input)
        self.handler = handler
        self.__dict__.pop("_reader", None)

    @cached_property
    def _reader(self) -> RequestReader:
        made = RequestReader(
            self.model.input,
            level=self.level,
            writes=self.method not in ("GET", "HEAD"),
            document=self.has_xml_body,
            stream=self.has_stream_body,
            known=self._known,
        )
        if self.accepts is not None:
            made.accept(self.accepts)
        return made

    def read(
        self, bucket: str | None, key: str | None, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """Read the inputs outside the body: typed values by the model's names. `headers`: lower-case names.

        Times are aware datetimes. ExpectedBucketOwner is included whenever sent: the gateway enforces
        it. Raises S3Error.
        """
        return self._reader.read(bucket, key, query, headers)

    def document_digests(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the digests of a document body from its headers (ContentMD5, ChecksumCRC32...).

        The gateway verifies them.
        """
        return self._reader.digests(headers)

    @cached_property
    def _element_reader(self) -> tuple[str | None, str, ElementReader]:
        shape = self.model.input
        member = shape.members[shape.payload] if shape.payload else shape
        root = member.wire_name(member.name)
        return shape.payload, root, compile_reader(member)

    def read_body(self, body: bytes) -> dict[str, Any]:
        """Read the inputs in a document body.

        Raises S3Error MalformedXML, MalformedACLError, MaxMessageLengthExceeded, NotImplemented.
        """
        if len(body) > self.max_body_bytes:
            raise S3Error("MaxMessageLengthExceeded", MaxMessageLengthBytes=str(self.max_body_bytes))
        payload, needed = self.model.input.payload, (None, *self.model.input.required)
        if not body:
            if self.name in OPTIONAL_BODIES:
                return {}
            raise malformed() if self._is_xml and payload in needed else S3Error("MissingRequestBodyError")
        if payload and self.accepts is not None and payload not in self.accepts:
            raise S3Error("NotImplemented", f"The body {payload} is not implemented.")
        if not self._is_xml:
            return {payload: _text(body)} if payload else {}
        member, root, read = self._element_reader
        try:
            value = read_document(body, root, read)
        except S3Error:
            if root == "AccessControlPolicy":  # ACLs have an error code of their own
                raise S3Error("MalformedACLError") from None
            raise
        return {member: value} if member else dict(value)

    @cached_property
    def _is_xml(self) -> bool:
        shape = self.model.input
        return shape.payload is None or shape.members[shape.payload].type == "structure"

    # --- the reply --------------------------------------------------------------------------

    @cached_property
    def _writer(self) -> ReplyWriter:
        return ReplyWriter(self.model)

    def render(self, result: Mapping[str, Any] | None) -> Reply:
        """Render a handler's result: a dict by the model's output names, with values as boto3 returns them.

        ETag keeps its quotes; a time is a datetime or an int (microseconds since 1970 UTC). With
        ContentRange the status is 206.
        """
        return self._writer.render(result)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise S3Error("MalformedPolicy", "This policy contains invalid Json") from None
