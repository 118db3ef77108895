"""Settings that a gateway takes over while it serves, and the signal that tells it to.

SIGHUP, or POST /api/reload, has every worker read its settings again: the file, and the files that hold
secrets (nobody can change a process's environment). What `LIVE` names counts from the next request or
connection on; of what else is different the log says that it wants a restart. Whatever is in the settings,
the access log's file and the certificate are opened anew: the one may have been rotated away, the other
renewed. Settings that cannot be used change nothing. (The file of encryption keys needs no signal, it is
looked at every second.)
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
"""Live where there is a certificate before and after: the socket speaks https, or does not."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Names of settings: what counts from now on, and what is different and wants a restart."""

    changed: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()

    def tell(self) -> None:
        log.info("reloaded: %s", ", ".join(self.changed) or "no setting has changed")
        if self.restart:
            log.warning("these settings have changed and want a restart: %s", ", ".join(self.restart))


def renewed(now: Settings, read: Settings) -> tuple[Settings, Reloaded]:
    """The settings that hold from now on, where `now` held and `read` was read."""
    live = LIVE if now.http.tls_cert and read.http.tls_cert else LIVE - _PAIR
    # Where a file is (`config`) is no setting of the gateway.
    names = [name for name in SETTINGS if name != "config"]
    different = sorted(name for name in names if now.get(name) != read.get(name))
    changed = tuple(name for name in different if name in live)
    restart = tuple(name for name in different if name not in live)
    return now.with_values_of(read, changed), Reloaded(changed, restart)


@contextmanager
def on_hangup(reload: Callable[[], None]) -> Iterator[None]:
    """SIGHUP calls `reload` meanwhile; where it means that our terminal has gone, it ends the process in
    order.
    """
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
    """A function that says whether the terminal has gone that this process was started from, if from one."""
    from_terminal = _has_terminal() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN  # nohup
    return lambda: from_terminal and not _has_terminal()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
