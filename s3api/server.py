"""uvicorn, set up for a store: uvloop, our own protocol (`s3api.protocol`), no log line or header of its own.

The socket is bound before anything is printed or forked, so a port that is taken is one clear line.
"""

from __future__ import annotations

import os
import signal
import socket
import ssl
import sys
from contextlib import suppress

import uvicorn
from uvicorn.supervisors import Multiprocess

from s3api.app import App, create_app
from s3api.observe.logs import configure_logging
from s3api.observe.workers import shared_directory
from s3api.protocol import StoreProtocol
from s3api.settings import Settings, SettingsError, load

BACKLOG = 2048
# A worker thread that comes back from the disk waits at most so long for the loop to give up the GIL.
SWITCH_INTERVAL_S = 0.0002


def check_tls(settings: Settings) -> None:
    """Raises SettingsError where the certificate and its key cannot be used."""
    if settings.tls_cert is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as why:  # which ssl.SSLError is
        reason = why.strerror or why
        raise SettingsError(
            f"the certificate {settings.tls_cert} with the key {settings.tls_key} cannot be used: {reason}"
        ) from None


def bind(settings: Settings) -> socket.socket:
    """The listening socket. Raises SettingsError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        server = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as why:
        reason = why.strerror or why
        raise SettingsError(f"cannot listen on {settings.host} port {settings.port}: {reason}") from None
    server.set_inheritable(True)
    return server


def serve(settings: Settings, listening: socket.socket) -> bool:
    """Serve until told to stop by SIGINT or SIGTERM; requests under way may end. False: it never came up."""
    if settings.workers > 1:
        _hand_over(settings)
        config = _config(settings, "s3api.server:worker_app", factory=True)
        with shared_directory(settings.data):
            Multiprocess(config, sockets=[listening]).run()
        return True
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    server = uvicorn.Server(_config(settings, create_app(settings, own_process=True)))
    # uvicorn raises the signal that stopped it once more when all is in order: an exit like any other.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):  # raised again by uvicorn when it has shut down in order
        server.run(sockets=[listening])
    return server.started


def worker_app() -> App:
    """The application of one worker process: its settings are in the environment."""
    settings = load()
    configure_logging(settings.log_level, settings.log_format)
    StoreProtocol.max_header_bytes = settings.max_header_bytes
    StoreProtocol.stall_s = settings.body_idle_s
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return create_app(settings, own_process=True)


def _config(settings: Settings, app: App | str, *, factory: bool = False) -> uvicorn.Config:
    StoreProtocol.max_header_bytes = settings.max_header_bytes
    StoreProtocol.stall_s = settings.body_idle_s
    return uvicorn.Config(
        app,
        factory=factory,
        workers=settings.workers,
        loop="uvloop",
        http=StoreProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=settings.shutdown_s,
    )


def _hand_over(settings: Settings) -> None:
    """Worker processes are started anew and read their settings from the environment."""
    for name, value in settings.environment().items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
