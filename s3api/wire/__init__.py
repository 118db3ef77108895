"""The S3 protocol without I/O: requests to operations and typed inputs, results and errors to replies.

It is compiled from AWS's service model. `parse_target` and `parse_query` split the request target,
`Wire.route` finds the `Operation`, which reads its inputs and renders its result as a `Reply`; `error_reply`
renders an S3Error. `tables` holds the exceptions to the model, `error_codes` every S3 error code.
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
