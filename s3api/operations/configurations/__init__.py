"""The operations on bucket configurations, generated from the rows of `table.TABLE`.

A row gives `put_bucket_<noun>`, `get_bucket_<noun>`, `delete_bucket_<noun>`, and `list_bucket_<noun>s` for a
kind of which a bucket may have several. A document is checked by its kind's module in this folder, stored as
JSON (times as microseconds since 1970) and returned unchanged. How to add a row: see `table.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from inspect import Parameter, Signature
from typing import Any

import orjson

from s3api.errors import S3Error
from s3api.operations.call import Call, Output
from s3api.operations.configurations.table import TABLE, Configuration
from s3api.operations.steps.paging import make_token, read_token

Handler = Callable[..., Awaitable[Output]]

PAGE = 100
MAX_CONFIGURATIONS = 1000
MAX_ID_CHARACTERS = 64


def handlers() -> list[Handler]:
    """Return the operations of all rows."""
    made: list[Handler] = []
    for row in TABLE:
        made += [_put(row), _get(row)]
        if row.deletable:
            made.append(_delete(row))
        if row.multiple:
            made.append(_list(row))
    return made


def _put(row: Configuration) -> Handler:
    async def put(call: Call, *, Bucket: str, **given: Any) -> Output:
        id_ = _check_id(given.get("Id"), given[row.member]) if row.multiple else ""
        document = row.check(given[row.member])
        if row.check_request and not given.get(row.skip_check):
            await row.check_request(call, document)
        if (
            row.multiple
            and id_ not in (ids := call.settings.ids(row.kind))
            and len(ids) >= MAX_CONFIGURATIONS
        ):
            raise S3Error("TooManyConfigurations")
        if document == row.no_op_document and not call.settings.get(row.kind, id_):
            return {}
        answer = await row.before_put(call, document) if row.before_put else {}
        if document == row.empty_document:
            await call.metadata.buckets.delete_config(Bucket, row.kind, id=id_)
            return answer
        document |= {name: given[name] for name in row.headers if given.get(name) is not None}
        await call.metadata.buckets.put_config(Bucket, row.kind, to_json(document), id=id_)
        return answer | {name: document.get(name, default) for name, default in row.headers.items()}

    required = ("Id", row.member) if row.multiple else (row.member,)
    optional = (row.skip_check,) if row.skip_check else ()
    return _with_signature(put, f"put_bucket_{row.noun}", required, (*row.headers, *optional))


def _get(row: Configuration) -> Handler:
    async def get(call: Call, *, Bucket: str, Id: str = "") -> Output:
        document = call.settings.get(row.kind, Id)
        if document is None:
            if row.default is None:
                raise S3Error(row.missing, BucketName=Bucket)
            document = row.default
        return {row.member: document} if row.nested else {**row.headers, **document}

    return _with_signature(get, f"get_bucket_{row.noun}", ("Id",) if row.multiple else ())


def _delete(row: Configuration) -> Handler:
    async def delete(call: Call, *, Bucket: str, Id: str = "") -> Output:
        deleted = await call.metadata.buckets.delete_config(Bucket, row.kind, id=Id)
        if row.multiple and not deleted:
            raise S3Error("NoSuchConfiguration")
        return {}

    return _with_signature(delete, f"delete_bucket_{row.delete_noun}", ("Id",) if row.multiple else ())


def _list(row: Configuration) -> Handler:
    async def list_all(call: Call, *, Bucket: str, ContinuationToken: str | None = None) -> Output:
        after = read_token(ContinuationToken)[0] if ContinuationToken else ""
        found = [id_ for id_ in sorted(call.settings.ids(row.kind)) if id_ > after]
        page = found[:PAGE]
        more = len(found) > len(page)
        return {
            f"{row.member}List": [call.settings.get(row.kind, id_) for id_ in page],
            "IsTruncated": more,
            "ContinuationToken": ContinuationToken,
            "NextContinuationToken": make_token(page[-1]) if more else None,
        }

    return _with_signature(list_all, f"list_bucket_{row.noun}s", (), ("ContinuationToken",))


def to_json(document: Any) -> str:
    """Return the document as it is stored: JSON, times in microseconds since 1970."""
    return orjson.dumps(_times_as_integers(document)).decode()


def _times_as_integers(value: Any) -> Any:
    if isinstance(value, datetime):
        return round(value.timestamp() * 1_000_000)
    if isinstance(value, dict):
        return {name: _times_as_integers(one) for name, one in value.items()}
    return [_times_as_integers(one) for one in value] if isinstance(value, list) else value


def _check_id(id_: Any, document: Any) -> str:
    """Return the Id of the query, which the document must repeat. Raises S3Error."""
    if not id_ or len(id_) > MAX_ID_CHARACTERS:
        raise S3Error("InvalidConfigurationId")
    if document["Id"] != id_:
        raise S3Error("MalformedXML")
    return str(id_)


def _with_signature(
    handler: Handler, name: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Handler:
    """Give a handler its operation's name, and the inputs that it honours as its signature."""
    inputs = [Parameter(one, Parameter.KEYWORD_ONLY) for one in ("Bucket", *required)]
    inputs += [Parameter(one, Parameter.KEYWORD_ONLY, default=None) for one in optional]
    handler.__name__ = handler.__qualname__ = name
    call = Parameter("call", Parameter.POSITIONAL_OR_KEYWORD)
    handler.__dict__["__signature__"] = Signature([call, *inputs])
    return handler
