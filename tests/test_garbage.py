"""A request leaves no reference cycle behind: cycles are the collector's, and its pauses are everybody's."""

from __future__ import annotations

import gc
import http.client
import threading
from pathlib import Path

import uvicorn

from s3api.serving import server
from s3api.serving.app import create_app
from s3api.settings import load

REQUESTS = 50


def test_requests_leave_nothing_to_the_collector(tmp_path: Path) -> None:
    settings = load(data=tmp_path / "data", access_key="AK12345", secret_key="a-secret", port=0)
    listening = server.bind(settings)
    served = uvicorn.Server(server._config(settings, create_app(settings)))
    thread = threading.Thread(target=lambda: served.run(sockets=[listening]))
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=20)
    try:
        _ask(connection, "GET", "/api/health/ready", 10)
        for method, path in (("GET", "/bucket/key"), ("PUT", "/bucket/key")):
            _ask(connection, method, path, REQUESTS)
            gc.collect()
            gc.disable()
            _ask(connection, method, path, REQUESTS)
            # Something may be left over once; what every request leaves comes in fifties.
            left = gc.collect()
            assert left < REQUESTS, f"{method}: {left} objects in cycles after {REQUESTS} requests"
            gc.enable()
    finally:
        gc.enable()
        connection.close()
        served.should_exit = True
        thread.join()


def _ask(connection: http.client.HTTPConnection, method: str, path: str, times: int) -> None:
    for _ in range(times):
        connection.request(method, path)
        connection.getresponse().read()
