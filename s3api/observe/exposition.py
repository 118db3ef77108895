"""Prometheus's text format: metric families, their sums over the workers of a gateway, their text.

A family keeps its samples in a dict. The key is the text between the name of the family and the value
(`{operation="PutObject"}`, `_bucket{le="1.0"}`): two workers are summed by adding dicts. Format:
https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from chunkd.traffic import Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


@dataclass(slots=True)
class Family:
    """One metric with all its label sets. `summed`: over the workers; else all have the same."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    summed: bool = True
    samples: dict[str, float] = field(default_factory=dict)

    def add(self, value: float, **labels: str) -> None:
        self.samples[labelled(labels)] = value

    def add_histogram(self, values: Histogram, **labels: str) -> None:
        count = 0
        for bound, found in zip((*map(str, values.bounds), "+Inf"), values.buckets, strict=True):
            count += found
            self.samples["_bucket" + labelled({**labels, "le": bound})] = count
        self.samples["_sum" + labelled(labels)] = values.total
        self.samples["_count" + labelled(labels)] = count


def labelled(labels: Mapping[str, str]) -> str:
    """Format labels: `{operation="PutObject"}`, "" for none."""
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items()) + "}"


def merge(families: Iterable[Family], others: Iterable[Mapping[str, Mapping[str, float]]]) -> list[Family]:
    """Add the samples of other workers, each from `samples_to_share`, to the families."""
    merged = list(families)
    by_name = {family.name: family for family in merged if family.summed}
    for other in others:
        for name, samples in other.items():
            if family := by_name.get(name):
                mine = family.samples
                for key, value in samples.items():
                    mine[key] = mine.get(key, 0) + value
    return merged


def samples_to_share(
    families: Iterable[Family], *, counters_only: bool = False
) -> dict[str, dict[str, float]]:
    """Return the samples that other workers add to theirs, by the name of the family.

    `counters_only`: without gauges, for a worker that has ended.
    """
    return {
        family.name: family.samples
        for family in families
        if family.summed and not (counters_only and family.kind == "gauge")
    }


def text(families: Iterable[Family]) -> str:
    """Format families as Prometheus's text format."""
    lines: list[str] = []
    for family in families:
        lines += (f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}")
        lines += (f"{family.name}{key} {_number(value)}" for key, value in family.samples.items())
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
