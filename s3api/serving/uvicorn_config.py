"""uvicorn's configuration, and its settings that a reload changes.

A worker process unpickles one before it can answer health checks, so the application is imported only in
`load`.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from s3api.serving.app import App
    from s3api.settings import Settings


class Config(uvicorn.Config):
    """The configuration of an `App`'s server."""

    def load(self) -> None:
        super().load()
        app: App = self.loaded_app
        self._limit(app.settings)
        app.server_reload = self._reload

    def _reload(self, settings: Settings) -> None:
        """Apply new settings. Raises SettingsError for a bad certificate; then nothing changes."""
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
    """Check the certificate and its key. Raises SettingsError if they cannot be used."""
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
