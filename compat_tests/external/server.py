"""A Sixfold of our own for a run: embedded nodes, one worker, in a directory that goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compat_tests import against
from compat_tests.external.identities import Identities, ask

REGION = "us-east-1"


@contextmanager
def running(scratch: Path) -> Iterator[tuple[str, Identities]]:
    """Its endpoint, and who may use it."""
    sixfold = against.SERVERS["sixfold"]
    with against.running(sixfold, scratch) as port:
        url = f"http://127.0.0.1:{port}"
        main = ask(url, REGION, against.ACCESS_KEY, against.SECRET_KEY)
        yield url, Identities.of({}, main)
