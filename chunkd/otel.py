"""Read the standard OTEL_* variables without importing OpenTelemetry: is tracing enabled?

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/. Unlike there, tracing
is off if no variable is set: a store sends nothing unless it is asked to.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"


def traces_enabled(environment: Mapping[str, str]) -> bool:
    """Whether to send traces. Raises ValueError, one line, if an unsupported exporter is configured."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "")
    if exporter == "none" or not (exporter or any(environment.get(name) for name in _ENDPOINTS)):
        return False
    if exporter not in ("", "otlp"):
        raise ValueError(f"OTEL_TRACES_EXPORTER: unsupported {exporter}; use otlp or none")
    protocol = next((environment[name] for name in _PROTOCOLS if environment.get(name)), PROTOCOL)
    if protocol != PROTOCOL:
        raise ValueError(f"OTEL_EXPORTER_OTLP_PROTOCOL: unsupported {protocol}; use {PROTOCOL}")
    if not _installed():
        raise ValueError("OTEL_*: OpenTelemetry is not installed: pip install 'sixfold[otel]'")
    return True


def _installed() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        return False
