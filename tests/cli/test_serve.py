"""`sixfold serve` as a process: what it prints, keeps, survives and shares."""

from __future__ import annotations

import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.clients.tls import Authority
from tests.gateway_process import POLL_S, GatewayProcess, clean_environment, free_port


def test_the_first_start_prints_all_that_one_needs(tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path / "data", own_keys=True)
    with gateway:
        printed = gateway.log()
        assert gateway.endpoint in printed
        found = re.search(r"access key +(\S+)\n +secret key +(\S+)\n", printed)
        assert found
        gateway.access_key, gateway.secret_key = found.groups()
        gateway.s3().create_bucket(Bucket="first")
        for line in ("s3 mb s3://", "import boto3", "curl -X PUT -F file=@"):
            assert line in printed
        assert "\x1b[" not in printed
    credentials = tmp_path / "data" / "credentials"
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    gateway.log_path.write_text("")
    with gateway:
        assert gateway.secret_key not in gateway.log()
        assert str(credentials) in gateway.log()
        assert [bucket["Name"] for bucket in gateway.s3().list_buckets()["Buckets"]] == ["first"]


def test_lines_to_paste_do_what_they_say(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "data", own_keys=True) as gateway:
        line = next(line for line in gateway.log().splitlines() if "import boto3" in line).strip()
        command = line.replace("python", sys.executable, 1)
        done = subprocess.run(
            command, shell=True, capture_output=True, text=True, env=clean_environment(), timeout=60
        )
        assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_https(tmp_path: Path, workers: str) -> None:
    authority = Authority(tmp_path)
    made = authority.certificate("127.0.0.1", tmp_path / "server")
    options = ["--tls-cert", str(made.certificate), "--tls-key", str(made.key), "--workers", workers]
    with GatewayProcess(tmp_path / "data", *options, ca=authority.ca) as gateway:
        s3 = gateway.s3()
        s3.create_bucket(Bucket="safe")
        s3.put_object(Bucket="safe", Key="large", Body=b"x" * 7_000_000)
        assert s3.get_object(Bucket="safe", Key="large")["Body"].read() == b"x" * 7_000_000
        listed = subprocess.run(
            [sys.executable, "-c", "from s3api.cli import main; main()", "node", "list"],
            env=gateway.environment
            | {
                "SIXFOLD_DATA": str(gateway.data),
                "SIXFOLD_TLS_CERT": options[1],
                "SIXFOLD_TLS_KEY": options[3],
            },
            capture_output=True,
            text=True,
            check=True,
        )
        assert listed.stdout.count(" active ") == 6


def test_a_certificate_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    environment = {"SIXFOLD_TLS_CERT": str(tmp_path / "no.pem"), "SIXFOLD_TLS_KEY": str(tmp_path / "no.key")}
    gateway = GatewayProcess(tmp_path / "data", environment=environment)
    with pytest.raises(AssertionError, match=r"sixfold: the certificate .* cannot be used"), gateway:
        pass
    assert "Traceback" not in gateway.log()


def test_acknowledged_bytes_survive_a_kill(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "data") as gateway:
        s3 = gateway.s3()
        s3.create_bucket(Bucket="durable")
        for number in range(20):
            s3.put_object(Bucket="durable", Key=str(number), Body=b"x" * number * 1000)
        gateway.kill()
        gateway.restart()
        for number in range(20):
            found = s3.get_object(Bucket="durable", Key=str(number))
            assert found["Body"].read() == b"x" * number * 1000


def test_signals_end_it_in_order(tmp_path: Path) -> None:
    for how in (signal.SIGTERM, signal.SIGINT):
        gateway = GatewayProcess(tmp_path / "data")
        gateway.start()
        with gateway.http() as client:
            assert client.put("/api/file", content=b"x").status_code == 201
            assert gateway.stop(how) == 0
        assert "Traceback" not in gateway.log()
        assert "Aborted" not in gateway.log()


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path / "data")
    with socket.create_server(("127.0.0.1", gateway.port)):
        gateway.start(wait=False)
        assert gateway._process is not None
        assert gateway._process.wait(30) == 1
    assert f"sixfold: cannot listen on 127.0.0.1 port {gateway.port}" in gateway.log()
    assert "Traceback" not in gateway.log()


def test_two_workers_share_one_store(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "data", "--workers", "2") as gateway:
        with gateway.http() as client:
            made = [client.put("/api/file", content=bytes([n])).json()["id"] for n in range(10)]
        for number, file_id in enumerate(made):
            assert httpx.get(f"{gateway.endpoint}/api/file/{file_id}").content == bytes([number])
    assert "Traceback" not in gateway.log()


def answer_to(s3: Any) -> str | None:
    """The code with which S3 refuses to list buckets, None where it does not."""
    try:
        s3.list_buckets()
    except ClientError as refused:
        return str(refused.response["Error"]["Code"])
    return None


def test_a_new_key_works_and_a_revoked_one_stops(tmp_path: Path) -> None:
    def key(*arguments: str) -> str:
        command = [sys.executable, "-c", "from s3api.cli import main; main()", "key", *arguments]
        options = ["--data", str(tmp_path / "data")]
        return subprocess.run(
            [*command, *options], env=gateway.environment, capture_output=True, text=True, check=True
        ).stdout

    with GatewayProcess(tmp_path / "data", environment={"SIXFOLD_KEY_CACHE_S": "0.1"}) as gateway:
        gateway.access_key, gateway.secret_key = (line.split()[-1] for line in key("create").splitlines())
        s3 = gateway.s3()
        s3.create_bucket(Bucket="mine")
        key("revoke", gateway.access_key)
        deadline = time.monotonic() + 10
        while (code := answer_to(s3)) is None and time.monotonic() < deadline:
            time.sleep(POLL_S)  # until the cache forgets, which nothing tells
        assert code == "InvalidAccessKeyId"


def test_a_chunkd_node_is_served_and_added(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", "from s3api.cli import main; main()", "node", "serve"]
    store = f"lmdb:{tmp_path}/seventh"
    node = subprocess.Popen([*command, "--port", str(port), "--store", store], env=clean_environment())
    try:
        with GatewayProcess(tmp_path / "data") as gateway, gateway.http() as client:
            with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as direct:
                assert direct.get(f"http://127.0.0.1:{port}/health", timeout=30).status_code == 200
            answer = client.post("/api/nodes", json={"address": f"http://127.0.0.1:{port}"})
            assert answer.status_code == 201, answer.text
            assert answer.json()["up"]
    finally:
        node.terminate()
        node.wait(20)
