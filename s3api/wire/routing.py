"""Find the operation of a request. Unknown requests are refused, never routed to a similar operation.

A sub-resource is a query parameter that is a literal in a URI of the model (`?acl`, `?list-type=2`).
Operations with the same method, level and sub-resource are siblings. Their required parameters and headers
(uploadId, x-amz-copy-source) distinguish them; a request with only some of them is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from s3api.errors import S3Error
from s3api.wire.model import load_operations
from s3api.wire.operation import Operation
from s3api.wire.request import header_names
from s3api.wire.tables import OTHER_ENDPOINTS, TRANSPORT_QUERY, TRANSPORT_QUERY_PREFIX

Probe = tuple[str, str]
Siblings = tuple[list[Probe], dict[frozenset[Probe], Operation]]

_READS = ("GET", "HEAD")
_METHODS = ("DELETE", "GET", "HEAD", "POST", "PUT")


class Wire:
    """S3's protocol: `route` a request, then `Operation.read` it and `Operation.render` the result."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self.operations = operations
        literals = {operation.literal for operation in operations.values()} - {""}
        self._literals = frozenset(name for name in literals if "=" not in name)
        self._valued = dict(name.split("=") for name in literals if "=" in name)
        groups: dict[tuple[str, int, str], list[Operation]] = defaultdict(list)
        for operation in operations.values():
            groups[operation.method, operation.level, operation.literal].append(operation)
        self._table = {at: _siblings(at[2], group) for at, group in groups.items()}

    @classmethod
    def load(cls, *, lenient: bool = False) -> Wire:
        """Load the operations of botocore's S3 model, without those of other endpoints and deprecated ones.

        `lenient`: unknown x-amz-* headers are ignored, not refused.
        """
        models = [m for m in load_operations() if m.name not in OTHER_ENDPOINTS and not m.deprecated]
        known = frozenset().union(*(header_names(m.input) for m in models)) if lenient else None
        return cls({model.name: Operation(model, known) for model in models})

    def bind(self, name: str, handler: Callable[..., Any]) -> None:
        """Serve operation `name` ("PutObject" or "put_object") with `handler`.

        Its keyword parameters are the inputs that it honours. Raises TypeError if they do not fit the model,
        LookupError for an unknown operation.
        """
        if name not in self.operations:
            name = next((op.name for op in self.operations.values() if op.handler_name == name), name)
        self.operations[name].bind(handler)

    def route(
        self, method: str, level: int, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Operation:
        """Return the operation of a request.

        Raises S3Error MethodNotAllowed, NotImplemented, InvalidArgument.
        """
        literal = self._literal(query) if query else ""
        probes, group = self._table.get((method, level, literal), _NO_SIBLINGS)
        present = [at for at in probes if at[1] in (query if at[0] == "querystring" else headers)]
        operation = group.get(frozenset(present)) if group else None
        if query:
            self._check_query(method, literal, query, operation)
        if operation is None:
            raise self._refusal(method, level, literal, present, headers)
        return operation

    def _literal(self, query: Mapping[str, str]) -> str:
        found = [name for name in query if name in self._literals]
        for name, value in self._valued.items():
            if name in query:
                if query[name] != value:
                    raise S3Error(
                        "InvalidArgument",
                        f"Invalid value for {name}",
                        ArgumentName=name,
                        ArgumentValue=query[name],
                    )
                found.append(f"{name}={value}")
        if len(found) > 1:
            raise S3Error(
                "InvalidArgument",
                "Conflicting query string parameters: " + ", ".join(sorted(found)),
                ArgumentName="ResourceType",
                ArgumentValue=sorted(found)[0],
            )
        return found[0] if found else ""

    def _check_query(
        self, method: str, literal: str, query: Mapping[str, str], operation: Operation | None
    ) -> None:
        """Refuse unknown query parameters: on writes always, on reads if they look like a sub-resource."""
        known = operation.query_names if operation else _PROBE_NAMES
        for name, value in query.items():
            if name in known or name in self._literals or name in self._valued:
                continue
            folded = name.lower()
            if folded in TRANSPORT_QUERY or folded.startswith(TRANSPORT_QUERY_PREFIX):
                continue
            if name in _PROBE_NAMES:
                raise S3Error(
                    "InvalidArgument",
                    f"This operation does not accept {name}",
                    ArgumentName=name,
                    ArgumentValue=value,
                )
            if value == "" or method not in _READS:
                if literal == "select" and name == "select-type":
                    continue
                raise S3Error(
                    "NotImplemented",
                    "A query parameter you provided implies functionality that is not implemented",
                    Parameter=name,
                )

    def _refusal(
        self, method: str, level: int, literal: str, present: list[Probe], headers: Mapping[str, str]
    ) -> S3Error:
        if present:  # uploadId without partNumber must not become a plain PUT
            name = present[0][1]
            return S3Error(
                "InvalidArgument", f"Incomplete request: {name} alone is not enough.", ArgumentName=name
            )
        form = headers.get("content-type", "").lower().startswith("multipart/form-data")
        if method == "POST" and level == 1 and not literal and form:
            return S3Error("NotImplemented", "Uploads by browser form (POST Object) are not implemented.")
        allowed = [name for name in _METHODS if (name, level, literal) in self._table]
        kind = literal.partition("=")[0].upper() or ("SERVICE", "BUCKET", "OBJECT")[level]
        return S3Error("MethodNotAllowed", Method=method, ResourceType=kind, Allow=", ".join(allowed))


# Parameters that name an upload or its part: no operation may ignore them.
_PROBE_NAMES = frozenset({"uploadId", "partNumber"})
_NO_SIBLINGS: Siblings = ([], {})


def _siblings(literal: str, group: list[Operation]) -> Siblings:
    # A sub-resource alone identifies an operation without siblings; its reader checks what else is required.
    needs_probes = len(group) > 1 or not literal
    probes = frozenset().union(*(op.probes for op in group)) if needs_probes else frozenset()
    return sorted(probes), {op.probes & probes: op for op in group}
