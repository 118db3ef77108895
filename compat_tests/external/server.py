"""A Sixfold of our own for a run: embedded nodes, one worker, in a directory that goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compat_tests import against
from compat_tests.external.identities import Identities, ask
from compat_tests.external.s3tests_conf import DAY_S

REGION = "us-east-1"
# Days of seconds, small objects that change their class, logs that are delivered while a test waits.
HASTE = {
    "SIXFOLD_LIFECYCLE_DAY_S": str(DAY_S),
    "SIXFOLD_LIFECYCLE_MINIMUM_BYTES": "0",
    "SIXFOLD_BUCKET_LOG_EVERY_S": "4",
}


@contextmanager
def running(scratch: Path) -> Iterator[tuple[str, Identities]]:
    """Its endpoint, and who may use it."""
    sixfold = against.SERVERS["sixfold"]
    sixfold = sixfold._replace(environment=sixfold.environment | HASTE)
    with against.running(sixfold, scratch) as port:
        url = f"http://127.0.0.1:{port}"
        main = ask(url, REGION, against.ACCESS_KEY, against.SECRET_KEY)
        yield url, Identities.of({}, main)
