"""Make the archives for `test_upgrade`: data directories written by an earlier version of the program.

    git archive 3e3b250 | tar -C /tmp/then -x
    python -m tests.upgrade.make /tmp/then first

writes `first.tar.xz` beside this file. It holds `embedded/` (SQLite and LMDB) and `postgresql/` (LMDB, and
`dump.sql` of the metadata), each with `credentials`, a second key pair in `second.json` and the record of its
contents in `record.json`. Run it once for each version to test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.gateway_process import GatewayProcess
from tests.postgres import path_of, postgres_server
from tests.upgrade.contents import fill

HERE = Path(__file__).parent


def make(program: Path, name: str) -> Path:
    out = HERE / f"{name}.tar.xz"
    with tempfile.TemporaryDirectory() as scratch, tarfile.open(out, "w:xz", preset=9) as archive:
        root = Path(scratch)
        _filled(program, root / "embedded")
        with postgres_server() as server:
            _filled(program, root / "postgresql", "--database", server.url)
            dump = [path_of("pg_dump"), "--inserts", "--no-owner", "--no-privileges", server.url]
            output = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
        (root / "postgresql" / "dump.sql").write_text(output)
        for kind in ("embedded", "postgresql"):
            archive.add(root / kind, kind, filter=_anonymous)
    return out


def _filled(program: Path, data: Path, *options: str) -> None:
    environment = {"PYTHONPATH": str(program)}
    with GatewayProcess(data, *options, environment=environment, own_keys=True) as gateway:
        gateway.use_own_keys()
        with gateway.http() as http:
            record = fill(gateway.s3(), http)
    (data / "record.json").write_text(json.dumps(record, indent=1))
    created = subprocess.run(
        [
            sys.executable,
            "-c",
            "from s3api.cli import main; main()",
            "key",
            "create",
            "--data",
            str(data),
            *options,
        ],
        env={**os.environ, **environment},
        cwd=data.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    words = created.stdout.split()
    (data / "second.json").write_text(json.dumps({"access_key": words[2], "secret_key": words[5]}))


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    print(make(Path(sys.argv[1]).resolve(), sys.argv[2]))
