"""Start PostgreSQL servers for tests, each in its own directory, on a free port.

PostgreSQL refuses to run as root; then its programs run as the user `postgres`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

PASSWORD = "correct-horse"
START_S = 30


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A PostgreSQL server. `url`: of the database `postgres`."""

    directory: Path
    port: int

    @property
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        return f"postgresql://sixfold:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Create an empty database, and return its URL."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url_of(name)

    @property
    def pid(self) -> int:
        """Process id of the postmaster, the parent of all other processes."""
        return int((self.directory / "data" / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        _run("pg_ctl", "start", "-w", "-t", str(START_S), "-D", str(self.directory / "data"),
             "-l", str(self.directory / "log"))  # fmt: skip

    def stop(self, *, mode: str = "immediate") -> None:
        """Stop the server. Mode `immediate` is a crash: sessions are cut off, `start` recovers."""
        _run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self.directory / "data"))

    @contextmanager
    def standby(self) -> Iterator[PostgresServer]:
        """Run a standby that replicates this server, for the duration of the block."""
        with _directory() as directory:
            copy = PostgresServer(directory, _free_port())
            source = f"host=127.0.0.1 port={self.port} user=sixfold password={PASSWORD}"
            _run("pg_basebackup", "-d", source, "-D", str(directory / "data"), "-R", "-c", "fast",
                 "-X", "stream")  # fmt: skip
            with open(directory / "data" / "postgresql.auto.conf", "a") as settings:
                settings.write(f"port = {copy.port}\n")
            copy.start()
            try:
                yield copy
            finally:
                copy.stop()


@contextmanager
def postgres_server(*, fsync: bool = False) -> Iterator[PostgresServer]:
    """Run a server for the duration of the block. `fsync`: sync every commit."""
    with _directory() as directory:
        server = PostgresServer(directory, _free_port())
        _make(server, fsync=fsync)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def _directory() -> Iterator[Path]:
    """A temporary directory that PostgreSQL's user may write to."""
    directory = Path(tempfile.mkdtemp(prefix="sixfold-postgres-"))
    try:
        if user := _other_user():
            os.chown(directory, user.pw_uid, user.pw_gid)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _make(server: PostgresServer, *, fsync: bool) -> None:
    password = server.directory / "password"
    password.write_text(PASSWORD)
    if user := _other_user():
        os.chown(password, user.pw_uid, user.pw_gid)
    data = server.directory / "data"
    _run("initdb", "-D", str(data), "-U", "sixfold", "-A", "scram-sha-256", "--pwfile", str(password),
         "-E", "UTF8", "--locale", "C.UTF-8", "-N")  # fmt: skip
    with open(data / "postgresql.conf", "a") as settings:
        settings.write(
            f"port = {server.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
            f"fsync = {'on' if fsync else 'off'}\nmax_connections = 200\nshared_buffers = 64MB\n"
        )


def _run(program: str, *arguments: str) -> None:
    user = _other_user()
    done = subprocess.run(
        [path_of(program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd="/",
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace')}")


def _other_user() -> pwd.struct_passwd | None:
    return pwd.getpwnam("postgres") if os.getuid() == 0 else None


def path_of(program: str) -> str:
    """Path of a program of PostgreSQL: from PATH, or the newest in Debian's /usr/lib/postgresql."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda p: int(p.parts[4]))
    path = shutil.which(program) or (str(found[-1]) if found else None)
    if path is None:
        raise RuntimeError(f"{program} is missing: install PostgreSQL (Debian: apt-get install postgresql)")
    return path


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_ready(url: str) -> None:
    """Wait until the server answers. Raises psycopg.OperationalError after START_S."""
    until = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
