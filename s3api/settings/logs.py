"""Settings of the gateway's own logs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from s3api.settings.group import AbsolutePath, Group


class LogSettings(Group):
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        alias="log_level",
        description="Lowest level that is logged: debug, info, warning, error.",
    )
    format: Literal["human", "json"] = Field(
        "human", alias="log_format", description="Format of the log and the access log: human or json."
    )
    access_log: Literal["off", "errors", "all"] = Field(
        "errors",
        alias="access_log",
        description="Requests in the access log: off, errors (5xx, or cut short), all.",
    )
    access_log_path: AbsolutePath | None = Field(
        None, alias="access_log_path", description="File of the access log. By default standard output."
    )
