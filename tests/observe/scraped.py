"""Metrics as Prometheus itself reads them: the text through the parser of its client library."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families


class Scraped(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """Samples by name and labels; each only once, and every family with its type."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.kinds: dict[str, str] = {}
        for family in text_string_to_metric_families(text):
            assert family.name not in self.kinds, "a family is in one piece"
            assert family.documentation
            self.kinds[family.name] = family.type
            for sample in family.samples:
                key = sample.name, frozenset(sample.labels.items())
                assert key not in self, f"{key} is there twice"
                self[key] = sample.value

    def value(self, name: str, **labels: str) -> float:
        """Of one sample; 0 where it is not there."""
        return self.get((name, frozenset(labels.items())), 0.0)

    def labels(self, name: str, label: str) -> set[str]:
        """The values that a label has among the samples of that name."""
        return {dict(labels)[label] for found, labels in self if found == name and label in dict(labels)}
