"""SIGHUP and POST /api/reload: what changes while a gateway serves, and what is said of the rest."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.clients.tls import Authority
from tests.gateway_process import ACCESS_KEY, POLL_S, SECRET_KEY, GatewayProcess

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 30.0


def until(gateway: GatewayProcess, true: Callable[[], bool]) -> None:
    """A signal is not answered: look until it has done its work."""
    deadline_s = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < deadline_s, gateway.log()
        time.sleep(POLL_S)


def wait_for_workers(gateway: GatewayProcess, count: int) -> None:
    """A gateway is ready when its first worker is."""
    until(gateway, lambda: gateway.log().count("objects can be written") == count)


def hang_up(gateway: GatewayProcess, *, said: str = "reloaded: ", times: int = 1) -> None:
    """SIGHUP, and wait until so many workers have said that they did it."""
    before = gateway.log().count(said)
    os.kill(gateway.pid, signal.SIGHUP)
    until(gateway, lambda: gateway.log().count(said) == before + times)


def test_what_changes_at_once_and_what_wants_a_restart(tmp_path: Path) -> None:
    settings, token = tmp_path / "sixfold.toml", tmp_path / "token"
    settings.write_text("parity = 2\nmax_object_bytes = 1000\n")
    token.write_text("first")
    environment = {"SIXFOLD_METRICS_TOKEN_FILE": str(token), "SIXFOLD_REST_OPEN": "false"}
    options = ["--config", str(settings)]
    with (
        GatewayProcess(tmp_path / "data", *options, environment=environment) as gateway,
        gateway.http(auth=(ACCESS_KEY, SECRET_KEY)) as client,
    ):

        def sizes(size: int) -> int:
            return client.put("/api/file", content=b"x" * size).status_code

        def shown(text: str) -> int:
            headers = {"authorization": f"Bearer {text}"}
            return httpx.get(f"{gateway.endpoint}/api/metrics", headers=headers).status_code

        assert (sizes(1000), sizes(1001), shown("first")) == (201, 400, 200)
        settings.write_text(
            f'parity = 1\nmax_object_bytes = 2000\naccess_log = "all"\nlog_format = "json"\n'
            f'access_log_path = "{tmp_path}/access"\n'
        )
        token.write_text("second")
        hang_up(gateway)
        assert (sizes(2000), sizes(2001)) == (201, 400)
        assert (shown("first"), shown("second")) == (401, 200)
        until(gateway, lambda: (tmp_path / "access").read_text().count("rest.put_file") == 2)
        told = "reloaded: access_log, access_log_path, log_format, max_object_bytes, metrics_token"
        assert told in gateway.log()
        assert "need a restart: parity" in gateway.log()
        assert "second" not in gateway.log()
        s3 = gateway.s3()
        s3.create_bucket(Bucket="bucket")
        assert s3.put_object(Bucket="bucket", Key="k", Body=b"x" * 2000)["ETag"]

        settings.write_text("max_object_bytes = 3000\nparties = 2\n")
        hang_up(gateway, said="not reloaded")
        refused = client.post("/api/reload")
        assert (refused.status_code, refused.json()["detail"]) == (400, "parties: there is no such setting")
        assert sizes(2001) == 400
        assert httpx.post(f"{gateway.endpoint}/api/reload").status_code == 401
    assert "Traceback" not in gateway.log()


def rotate(gateway: GatewayProcess, path: Path) -> None:
    """By docker/logrotate, where there is a logrotate; the signal is what systemd would send."""
    program = shutil.which("logrotate") or shutil.which("/usr/sbin/logrotate")
    if program is None:
        path.rename(path.with_name(path.name + ".1"))
        os.kill(gateway.pid, signal.SIGHUP)
        return
    text = (ROOT / "docker" / "logrotate").read_text()
    settings = path.with_name("logrotate")
    reload = f"kill -HUP {gateway.pid}"
    settings.write_text(
        text.replace("/var/log/sixfold/*.log", str(path)).replace("systemctl reload sixfold", reload)
    )
    assert reload in settings.read_text()
    command = [program, "--force", "--state", str(path.with_name("state")), str(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_worker_reloads_whichever_is_told(tmp_path: Path) -> None:
    settings, path = tmp_path / "sixfold.toml", tmp_path / "access.log"
    settings.write_text(f'access_log = "all"\naccess_log_path = "{path}"\n')
    with GatewayProcess(tmp_path / "data", "--config", str(settings), "--workers", "2") as gateway:
        wait_for_workers(gateway, 2)
        rotate(gateway, path)
        until(gateway, lambda: gateway.log().count("reloaded: no setting has changed") == 2)
        old = (tmp_path / "access.log.1").read_text()
        for _ in range(10):
            httpx.get(f"{gateway.endpoint}/api/health/live")  # on connections of their own, to either worker
        until(gateway, lambda: path.read_text().count("rest.live") == 10)
        assert (tmp_path / "access.log.1").read_text() == old

        settings.write_text("max_object_bytes = 10\nworkers = 3\n")
        done = httpx.post(f"{gateway.endpoint}/api/reload").json()
        # --workers wins over the file.
        assert done == {"changed": ["access_log", "access_log_path", "max_object_bytes"], "restart": []}
        until(gateway, lambda: gateway.log().count("reloaded: access_log") == 2)
        answers = [httpx.put(f"{gateway.endpoint}/api/file", content=b"x" * 11) for _ in range(20)]
        assert {answer.status_code for answer in answers} == {400}


def test_a_certificate_that_was_renewed(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    made = authority.certificate("127.0.0.1", tmp_path / "server")
    options = ["--tls-cert", str(made.certificate), "--tls-key", str(made.key)]

    def serial() -> str:
        return ssl.get_server_certificate(("127.0.0.1", gateway.port))

    with GatewayProcess(tmp_path / "data", *options, ca=authority.ca) as gateway:
        first = serial()
        with gateway.http() as client:
            assert client.get("/api/health/live").status_code == 200
            renewed = authority.certificate("127.0.0.1", tmp_path / "renewed")
            renewed.certificate.replace(made.certificate)
            hang_up(gateway, said="not reloaded")  # the key is not the certificate's
            assert serial() == first
            renewed.key.replace(made.key)
            hang_up(gateway)
            assert serial() != first
            assert client.get("/api/health/live").status_code == 200  # on the connection that was there


def test_a_terminal_that_goes_ends_it(tmp_path: Path) -> None:
    """For daemons SIGHUP means reload; on a terminal that is closed it means what it says."""
    master, slave = pty.openpty()
    gateway = GatewayProcess(tmp_path / "data")
    command = [sys.executable, "-m", "s3api", "--port", str(gateway.port), "--data", str(gateway.data)]
    with gateway.log_path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _IN_A_TERMINAL, *command], stdin=slave, stdout=log, stderr=log,
            env=gateway.environment, cwd=tmp_path, start_new_session=True,
        )  # fmt: skip
    os.close(slave)
    try:
        until(gateway, gateway.is_ready)
        process.send_signal(signal.SIGHUP)
        until(gateway, lambda: "reloaded" in gateway.log())
        os.close(master)
        assert process.wait(WITHIN_S) == 0
    finally:
        process.kill()
        process.wait()


_IN_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, sys.argv[1:])
"""
