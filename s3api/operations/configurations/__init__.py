"""The operations on a bucket's configurations, made from the rows of `table`.

`put_bucket_<noun>`, `get_bucket_<noun>`, `delete_bucket_<noun>`, and `list_bucket_<noun>s` where a bucket may
have many. A document is checked (its kind's module here), kept as JSON (times as microseconds since 1970),
and returned exactly. An empty document of some kinds takes the one that is kept away.
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
MOST = 1000
MOST_ID_CHARACTERS = 64


def handlers() -> list[Handler]:
    """The functions of all rows."""
    made: list[Handler] = []
    for row in TABLE:
        made += [_put(row), _get(row)]
        if row.delete != "":
            made.append(_delete(row))
        if row.many:
            made.append(_list(row))
    return made


def _put(row: Configuration) -> Handler:
    async def put(call: Call, *, Bucket: str, **given: Any) -> Output:
        id_ = _checked_id(given.get("Id"), given[row.member]) if row.many else ""
        document = row.check(given[row.member])
        if row.guard and not given.get(row.unguarded):
            await row.guard(call, document)
        if row.many and id_ not in (known := call.settings.ids(row.kind)) and len(known) >= MOST:
            raise S3Error("TooManyConfigurations")
        if document == row.moot and not call.settings.get(row.kind, id_):
            return {}
        answer = await row.before(call, document) if row.before else {}
        if document == row.empty:
            await call.metadata.delete_bucket_config(Bucket, row.kind, id=id_)
            return answer
        document |= {name: given[name] for name in row.extras if given.get(name) is not None}
        await call.metadata.put_bucket_config(Bucket, row.kind, to_json(document), id=id_)
        return answer | {name: document.get(name, unsaid) for name, unsaid in row.extras.items()}

    ids = ("Id",) if row.many else ()
    optional = (row.unguarded,) if row.unguarded else ()
    return _with_signature(put, f"put_bucket_{row.noun}", (*ids, row.member), (*row.extras, *optional))


def _get(row: Configuration) -> Handler:
    async def get(call: Call, *, Bucket: str, Id: str = "") -> Output:
        document = call.settings.get(row.kind, Id)
        if document is None:
            if row.default is None:
                raise S3Error(row.missing or "NoSuchConfiguration", BucketName=Bucket)
            document = row.default
        return {row.member: document} if row.wrapped else {**row.extras, **document}

    return _with_signature(get, f"get_bucket_{row.noun}", ("Id",) if row.many else ())


def _delete(row: Configuration) -> Handler:
    async def delete(call: Call, *, Bucket: str, Id: str = "") -> Output:
        there = await call.metadata.delete_bucket_config(Bucket, row.kind, id=Id)
        if row.many and not there:
            raise S3Error("NoSuchConfiguration")
        return {}

    return _with_signature(delete, f"delete_bucket_{row.delete or row.noun}", ("Id",) if row.many else ())


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
    """As it is kept: times as the metadata store has them, in microseconds since 1970."""
    return orjson.dumps(_times_as_integers(document)).decode()


def _times_as_integers(value: Any) -> Any:
    if isinstance(value, datetime):
        return round(value.timestamp() * 1_000_000)
    if isinstance(value, dict):
        return {name: _times_as_integers(one) for name, one in value.items()}
    return [_times_as_integers(one) for one in value] if isinstance(value, list) else value


def _checked_id(id_: Any, document: Any) -> str:
    """The id of the query, which the document has too."""
    if not id_ or len(id_) > MOST_ID_CHARACTERS:
        raise S3Error("InvalidConfigurationId")
    if document["Id"] != id_:
        raise S3Error("MalformedXML")
    return str(id_)


def _with_signature(
    handler: Handler, name: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Handler:
    """The handler under its operation's name, with the inputs that it honours as its signature."""
    inputs = [Parameter(one, Parameter.KEYWORD_ONLY) for one in ("Bucket", *needed)]
    inputs += [Parameter(one, Parameter.KEYWORD_ONLY, default=None) for one in optional]
    handler.__name__ = handler.__qualname__ = name
    call = Parameter("call", Parameter.POSITIONAL_OR_KEYWORD)
    handler.__dict__["__signature__"] = Signature([call, *inputs])
    return handler
