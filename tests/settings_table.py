"""The Markdown tables of all settings, from their descriptions: `python -m tests.settings_table`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from s3api.settings import SETTINGS

HEADINGS = {
    "": "General",
    "http": "HTTP server",
    "logs": "Logs",
    "access": "Access control",
    "rest": "REST interface",
    "encryption": "Encryption",
    "metadata": "Metadata database",
    "nodes": "Storage nodes",
    "blobs": "Stripes, caches, buffers",
    "lifecycle": "Lifecycle rules",
    "events": "Event notifications",
    "bucket_logs": "Access logs of buckets",
}


def settings_table() -> str:
    """One table for each group of settings: the name in the environment, the default, the meaning."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for group, names in groupby(SETTINGS, key=lambda name: SETTINGS[name].group):
        yield from (f"## {HEADINGS[group]}", "", "| Setting | Default | Meaning |", "|---|---|---|")
        for name in names:
            field = SETTINGS[name].field
            default = shown(field.get_default(call_default_factory=True))
            yield f"| `SIXFOLD_{name.upper()}` | {default} | {field.description} |"
        yield ""


def shown(value: Any) -> str:
    """A default as the table writes it."""
    if value is None or value == ():
        return "none"
    if isinstance(value, dict | bool):
        return f"`{json.dumps(value)}`"
    return f"`{' '.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


if __name__ == "__main__":
    print(settings_table())
