"""Start uvicorn: uvloop, our own protocol (`s3api.http.connection`), none of its log lines and headers.

The socket is bound before anything is printed or forked, so a port in use is one clear line.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from multiprocessing.process import BaseProcess

import uvicorn
from uvicorn.supervisors import Multiprocess

from s3api.observe.logging_setup import configure_logging
from s3api.observe.workers import shared_directory
from s3api.serving.app import App, create_app
from s3api.serving.reloading import hang_up_test
from s3api.serving.uvicorn_config import Config
from s3api.settings import Settings, SettingsError, load

log = logging.getLogger("sixfold")
BACKLOG = 2048
HEALTHCHECK_S = 30
"""A worker that does not answer for so long is replaced. A start may take seconds on a busy machine."""
# The longest time that a thread back from a disk waits for the event loop to release the GIL.
SWITCH_INTERVAL_S = 0.0002


def bind(settings: Settings) -> socket.socket:
    """Open the listening socket. Raises SettingsError if the address cannot be used."""
    family = socket.AF_INET6 if ":" in settings.http.host else socket.AF_INET
    try:
        server = socket.create_server(
            (settings.http.host, settings.http.port), family=family, backlog=BACKLOG
        )
    except OSError as why:
        reason = why.strerror or why
        raise SettingsError(
            f"cannot listen on {settings.http.host} port {settings.http.port}: {reason}"
        ) from None
    server.set_inheritable(True)
    return server


def serve(settings: Settings, listening: socket.socket) -> bool:
    """Serve until SIGINT or SIGTERM, and finish the requests under way. False if it failed to start."""
    if settings.http.workers > 1:
        config = _config(settings, "s3api.serving.server:worker_app", factory=True)
        with shared_directory(settings.data):
            Workers(config, sockets=[listening]).run()
        return True
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    signal.signal(signal.SIGHUP, lambda *_: None)  # until the application handles it
    server = uvicorn.Server(_config(settings, create_app(settings, own_process=True, read_settings=load)))
    # After its shutdown uvicorn raises the signal that stopped it again: then exit normally.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    return server.started


def worker_app() -> App:
    """Make the application of one worker process, whose settings are in the environment."""
    settings = load()
    configure_logging(settings.logs.level, settings.logs.format)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    if (supervisor := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_after, args=[supervisor], name="supervisor", daemon=True).start()
    return create_app(settings, own_process=True, read_settings=load)


def _end_after(supervisor: BaseProcess) -> None:
    """Stop this worker when its supervisor dies: else it would go on and keep the port."""
    supervisor.join()
    log.warning("the supervisor process of this worker has died: stopping")
    os.kill(os.getpid(), signal.SIGTERM)


class Workers(Multiprocess):
    """uvicorn's supervisor, which starts and restarts workers; this one also forwards SIGHUP to them."""

    def __init__(self, config: Config, sockets: list[socket.socket]) -> None:
        self._hung_up = hang_up_test()
        super().__init__(config, sockets)

    def keep_subprocess_alive(self) -> None:
        """Restart dead workers.

        uvicorn keeps the workers' ends of their pipes open. Without closing them, a worker that dies during
        its health check would delay the supervisor, and a signal to stop, until the check times out."""
        for process in self.processes:
            process.child_conn.close()
        super().keep_subprocess_alive()

    def handle_hup(self) -> None:
        if self._hung_up():
            self.handle_term()
            return
        for process in self.processes:
            # A starting worker reads the settings by itself, but perhaps before they changed.
            if process.wait_until_ready(self.config.timeout_worker_healthcheck, self.should_exit):
                assert process.pid is not None
                os.kill(process.pid, signal.SIGHUP)


def _config(settings: Settings, app: App | str, *, factory: bool = False) -> Config:
    return Config(
        app,
        factory=factory,
        workers=settings.http.workers,
        loop="uvloop",
        http="s3api.http.connection:StoreProtocol",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ssl_certfile=settings.http.tls_cert,
        ssl_keyfile=settings.http.tls_key,
        timeout_keep_alive=settings.http.keep_alive_s,
        timeout_graceful_shutdown=settings.http.shutdown_s,
        timeout_worker_healthcheck=HEALTHCHECK_S,
    )
