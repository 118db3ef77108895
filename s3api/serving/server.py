"""uvicorn, set up for a store: uvloop, our own protocol (`s3api.http.connection`), no log line or header of
its own.

The socket is bound before anything is printed or forked, so a port that is taken is one clear line.
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
"""A worker that says nothing for so long is killed and replaced. On a busy machine a start takes seconds."""
# A worker thread that comes back from the disk waits at most so long for the loop to give up the GIL.
SWITCH_INTERVAL_S = 0.0002


def bind(settings: Settings) -> socket.socket:
    """The listening socket. Raises SettingsError where the address cannot be had."""
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
    """Serve until told to stop by SIGINT or SIGTERM; requests under way may end. False: it never came up."""
    if settings.http.workers > 1:
        config = _config(settings, "s3api.serving.server:worker_app", factory=True)
        with shared_directory(settings.data):
            Workers(config, sockets=[listening]).run()
        return True
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    signal.signal(signal.SIGHUP, lambda *_: None)  # until the application handles it
    server = uvicorn.Server(_config(settings, create_app(settings, own_process=True, read_settings=load)))
    # uvicorn raises the signal that stopped it once more when all is in order: an exit like any other.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):  # raised again by uvicorn when it has shut down in order
        server.run(sockets=[listening])
    return server.started


def worker_app() -> App:
    """The application of one worker process: its settings are in the environment."""
    settings = load()
    configure_logging(settings.logs.level, settings.logs.format)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    if (supervisor := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_end_after, args=[supervisor], name="supervisor", daemon=True).start()
    return create_app(settings, own_process=True, read_settings=load)


def _end_after(supervisor: BaseProcess) -> None:
    """A worker whose supervisor was killed would serve on, and keep its port from the next one."""
    supervisor.join()
    log.warning("the process that started this worker is gone: it ends")
    os.kill(os.getpid(), signal.SIGTERM)


class Workers(Multiprocess):
    """uvicorn's process that starts workers, starts those anew that have died, and here hands SIGHUP on."""

    def __init__(self, config: Config, sockets: list[socket.socket]) -> None:
        self._hung_up = hang_up_test()
        super().__init__(config, sockets)

    def keep_subprocess_alive(self) -> None:
        """uvicorn keeps the workers' ends of their pipes open: who dies while it is asked how it fares would
        be waited for to the end of the health check, and a signal to stop with it."""
        for process in self.processes:
            process.child_conn.close()
        super().keep_subprocess_alive()

    def handle_hup(self) -> None:
        if self._hung_up():
            self.handle_term()
            return
        for process in self.processes:
            # One that is starting reads the settings in any case, but perhaps a moment too early.
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
