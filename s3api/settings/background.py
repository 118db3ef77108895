"""Settings of background work: lifecycle rules, event notifications, access logs of buckets."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field, field_validator

from s3api.settings.group import Group


class LifecycleSettings(Group):
    day_s: float = Field(
        86_400.0,
        alias="lifecycle_day_s",
        gt=0,
        description="Seconds in a day of lifecycle rules. Other values are for tests: such a day has no "
        "midnight.",
    )
    every_s: float | None = Field(
        None,
        alias="lifecycle_every_s",
        gt=0,
        description="Seconds between two passes over the rules. By default 24 passes a day of "
        "`lifecycle_day_s`, at most one a second.",
    )
    minimum_bytes: int = Field(
        128 << 10,
        alias="lifecycle_minimum_bytes",
        ge=0,
        description="Bytes below which an object changes its storage class only by a rule with a size filter "
        "(AWS: 128 KiB).",
    )


class EventSettings(Group):
    targets: dict[str, str] = Field(
        default_factory=dict,
        alias="event_targets",
        repr=False,
        description='Targets of events by name, in the environment as JSON: `{"hook": "https://..."}` is '
        '`arn:sixfold:sqs::hook:webhook`, `{"audit": "redis://...?stream=..."}` is '
        "`arn:sixfold:sqs::audit:redis`.",
    )
    internal: bool = Field(
        False,
        alias="event_internal",
        description="Whether webhooks may be on this machine, on its link, or at a cloud's metadata service.",
    )
    give_up_s: float = Field(
        86_400.0,
        alias="event_give_up_s",
        gt=0,
        description="Age in seconds at which an undelivered event becomes a dead letter.",
    )
    live_s: float = Field(
        3600.0,
        alias="event_live_s",
        gt=0,
        description="Seconds for which `GET /api/events` keeps events.",
    )

    @field_validator("targets", mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        """The environment gives JSON."""
        return json.loads(value) if isinstance(value, str) else value


class BucketLogSettings(Group):
    every_s: float = Field(
        300.0,
        alias="bucket_log_every_s",
        gt=0,
        description="Seconds for which lines of a bucket's access log are collected before delivery.",
    )
