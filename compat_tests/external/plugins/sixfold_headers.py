"""A plugin of pytest that lets tests of ceph/s3-tests change headers which only signing or sending makes.

They were written for boto 2, whose requests they changed as they were sent. In boto3 they change them before
the call, when there is no Authorization yet, nor a Content-Length: signing and sending put in what the test
has taken out, the request is a good one, and the test fails everywhere. Such a change is made once more on
what is about to be sent. It runs in the suite's interpreter and knows nothing of this project.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from botocore.hooks import HierarchicalEmitter
from urllib3.connection import HTTPConnection

MADE_LATE = ("Authorization", "Content-Length")
ABSENT = "(absent)"
BEFORE = "before-call.s3."
_register = HierarchicalEmitter._register
_putheader = HTTPConnection.putheader


def register(emitter: Any, name: str, handler: Callable[..., Any], *more: Any, **settings: Any) -> None:
    _register(emitter, name, handler, *more, **settings)
    if name.startswith(BEFORE) and handler.__module__.startswith("s3tests."):
        again = partial(change, handler)
        _register(emitter, f"before-send.s3.{name.removeprefix(BEFORE)}", again, *more, **settings)


def change(handler: Callable[..., Any], request: AWSPreparedRequest, **_: Any) -> None:
    """What `handler` does to the headers that came late; all others have been its before they were signed."""
    late = {name: request.headers[name] for name in MADE_LATE if name in request.headers}
    changed = dict(late)
    handler(params={"headers": changed, "url": request.url})
    for name in late:
        request.headers[name] = changed.get(name, ABSENT)


def putheader(connection: Any, header: str, *values: Any) -> None:
    if values != (ABSENT,):
        _putheader(connection, header, *values)


HierarchicalEmitter._register = register
HTTPConnection.putheader = putheader
