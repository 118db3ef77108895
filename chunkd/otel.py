"""Whether traces are wanted: the standard OTEL_* variables, read without importing OpenTelemetry.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/. Unlike there, no variable
at all means no traces: a store that nobody asked sends nothing anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"


def traces_enabled(environment: Mapping[str, str]) -> bool:
    """Raises ValueError, one line for the operator, where they are wanted in a way that is not there."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = environment.get("OTEL_TRACES_EXPORTER", "")
    if exporter == "none" or not (exporter or any(environment.get(name) for name in _ENDPOINTS)):
        return False
    if exporter not in ("", "otlp"):
        raise ValueError(f"OTEL_TRACES_EXPORTER: otlp or none, not {exporter}")
    protocol = next((environment[name] for name in _PROTOCOLS if environment.get(name)), PROTOCOL)
    if protocol != PROTOCOL:
        raise ValueError(f"OTEL_EXPORTER_OTLP_PROTOCOL: {PROTOCOL} alone, not {protocol}")
    if not _installed():
        raise ValueError("OTEL_*: traces want OpenTelemetry: pip install 'sixfold[otel]'")
    return True


def _installed() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        return False
