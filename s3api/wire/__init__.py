"""The S3 protocol, read out of AWS's own service model: HTTP to an operation and a dict, a dict to HTTP. No
I/O.

`Wire.load()`; `parse_target`, `parse_query`; `wire.route(...)` gives the `Operation`, which reads its inputs
and renders its result as a `Reply`; `error_reply` renders an S3Error. What the model lacks is in `tables`,
all error codes are in `errors`.
"""

from s3api.wire.errors import error_reply
from s3api.wire.operation import Operation
from s3api.wire.reply import Reply
from s3api.wire.request_target import parse_query, parse_target, unhoist, url_encode_key
from s3api.wire.routing import Wire

__all__ = [
    "Operation",
    "Reply",
    "Wire",
    "error_reply",
    "parse_query",
    "parse_target",
    "unhoist",
    "url_encode_key",
]
