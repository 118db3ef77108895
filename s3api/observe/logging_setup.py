"""Logging of the program itself (warnings, errors) on standard error: as text, or as one JSON object a line,
with the request's ID, bucket and key where a request is concerned.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson

from s3api.observe.access_log import Format, stamp

_QUIET = {"uvicorn": logging.ERROR, "alembic": logging.WARNING, "httpx": logging.WARNING}
_HUMAN = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# The attributes that every record of `logging` has; all others were passed as `extra`.
_USUAL = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_handler = logging.StreamHandler(sys.__stderr__)  # also where a test has replaced sys.stderr


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, what was given as `extra`, and the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": stamp(int(record.created * 1e6)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields |= {name: value for name, value in record.__dict__.items() if name not in _USUAL}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(fields, default=str).decode()


def configure_logging(level: str, log_format: Format) -> None:
    """Set the level and format of the logs of this process."""
    root = logging.getLogger()
    if _handler not in root.handlers:
        root.addHandler(_handler)
    _handler.setFormatter(JsonFormatter() if log_format == "json" else logging.Formatter(_HUMAN))
    root.setLevel(level.upper())
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(quiet)
