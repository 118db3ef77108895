"""A Sixfold of our own for a run: embedded nodes, one worker, in a directory that goes with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compat_tests import against
from compat_tests.external.identities import Identities, ask
from compat_tests.external.s3tests_conf import DAY_S, KMS_KEYS

REGION = "us-east-1"
SIXFOLD = "from s3api.cli import main; main()"  # the command, wherever it is installed
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
    for arn in KMS_KEYS:
        make_key(arn.rpartition("/")[2], scratch / "data")
    sixfold = sixfold._replace(environment=sixfold.environment | HASTE)
    with against.running(sixfold, scratch) as port:
        url = f"http://127.0.0.1:{port}"
        main = ask(url, REGION, against.ACCESS_KEY, against.SECRET_KEY)
        yield url, Identities.of({}, main)


def make_key(name: str, data: Path) -> None:
    """A key of encryption by that name, as an operator makes one."""
    command = [sys.executable, "-c", SIXFOLD, "kms", "create", "--id", name, "--data", str(data)]
    subprocess.run(
        command, env=against.outer_environment(), cwd=against.HERE.parent, check=True, capture_output=True
    )
