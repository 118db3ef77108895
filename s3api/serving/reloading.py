"""Reloading: the settings that a running gateway can change, and SIGHUP.

On SIGHUP or POST /api/reload every worker reads its settings again: the settings file and the files with
secrets (the environment of a process cannot change). Changes of the settings in `LIVE` take effect with the
next request or connection; for others the log says that they need a restart. The access log's file and the
certificate are always reopened, since they may have been rotated or renewed. Invalid settings change nothing.
The file of encryption keys needs no signal: it is checked every second.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from s3api.settings import SETTINGS, Settings

log = logging.getLogger("sixfold")

LIVE = frozenset(
    {
        "access_log",
        "access_log_path",
        "body_idle_s",
        "domains",
        "keep_alive_s",
        "key_cache_s",
        "log_format",
        "log_level",
        "max_concurrent_requests",
        "max_header_bytes",
        "max_object_bytes",
        "metrics_token",
        "public_endpoints",
        "rest_open",
        "shutdown_s",
        "tls_cert",
        "tls_key",
        "trusted_proxies",
        "website_domains",
    }
)
_PAIR = frozenset({"tls_cert", "tls_key"})
"""Live only if a certificate is set before and after: the socket cannot switch between http and https."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """The names of changed settings: those in effect now, and those that need a restart."""

    changed: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()

    def log(self) -> None:
        """Log which settings changed."""
        log.info("reloaded: %s", ", ".join(self.changed) or "no setting has changed")
        if self.restart:
            log.warning("these settings have changed and need a restart: %s", ", ".join(self.restart))


def merge_settings(now: Settings, read: Settings) -> tuple[Settings, Reloaded]:
    """Return the settings in effect after a reload: `now` with the live settings of `read`."""
    live = LIVE if now.http.tls_cert and read.http.tls_cert else LIVE - _PAIR
    # `config`, the path of the settings file, is not a setting of the gateway.
    names = [name for name in SETTINGS if name != "config"]
    different = sorted(name for name in names if now.get(name) != read.get(name))
    changed = tuple(name for name in different if name in live)
    restart = tuple(name for name in different if name not in live)
    return now.with_values_of(read, changed), Reloaded(changed, restart)


@contextmanager
def on_hangup(reload: Callable[[], None]) -> Iterator[None]:
    """Call `reload` on SIGHUP for the time of the context. If the terminal has closed, shut down instead."""
    loop = asyncio.get_running_loop()
    hung_up = hang_up_test()

    def handle() -> None:
        if hung_up():
            signal.raise_signal(signal.SIGTERM)
        else:
            reload()

    loop.add_signal_handler(signal.SIGHUP, handle)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


def hang_up_test() -> Callable[[], bool]:
    """Return a function that says whether the terminal of this process, if it had one, has closed."""
    from_terminal = _has_terminal() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN  # nohup
    return lambda: from_terminal and not _has_terminal()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
