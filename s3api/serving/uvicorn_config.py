"""uvicorn's configuration, of which a reload changes what may change while it serves.

A worker process reads one before it can say that it lives, so the application is not imported until it is
loaded.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from s3api.serving.app import App
    from s3api.settings import Settings


class Config(uvicorn.Config):
    """For an `App`."""

    def load(self) -> None:
        super().load()
        app: App = self.loaded_app
        self._limit(app.settings)
        app.server_reload = self._reload

    def _reload(self, settings: Settings) -> None:
        """Raises SettingsError where the certificate cannot be used, and then nothing has changed."""
        if self.ssl is not None and settings.http.tls_cert is not None:
            check_tls(settings)
            self.ssl.load_cert_chain(settings.http.tls_cert, settings.http.tls_key)
        self.timeout_keep_alive = settings.http.keep_alive_s
        self.timeout_graceful_shutdown = settings.http.shutdown_s
        self._limit(settings)

    def _limit(self, settings: Settings) -> None:
        from s3api.http.connection import StoreProtocol

        StoreProtocol.max_header_bytes = settings.http.max_header_bytes
        StoreProtocol.stall_s = settings.http.body_idle_s


def check_tls(settings: Settings) -> None:
    """Raises SettingsError where the certificate and its key cannot be used."""
    from s3api.settings import SettingsError

    certificate, key = settings.http.tls_cert, settings.http.tls_key
    if certificate is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except OSError as why:  # which ssl.SSLError is
        reason = why.strerror or why
        raise SettingsError(
            f"the certificate {certificate} with the key {key} cannot be used: {reason}"
        ) from None
