"""The text of metrics, and the sum of several workers'."""

from __future__ import annotations

from chunkd.traffic import Histogram
from s3api.observe.exposition import Family, merge, samples_to_share, text
from tests.observe.scraped import Scraped


def families(count: float, in_flight: float, state: float) -> list[Family]:
    out = [
        Family("requests_total", "counter", "Requests"),
        Family("in_flight", "gauge", "Requests under way"),
        Family("node_up", "gauge", "Whether it answers", summed=False),
        Family("seconds", "histogram", "How long"),
    ]
    for family, value in zip(out, (count, in_flight, state), strict=False):
        family.add(value, node='a "quoted"\\ \n one')
    seconds = Histogram((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        seconds.add(value)
    out[3].add_histogram(seconds, operation="GetObject")
    return out


def test_what_prometheus_reads() -> None:
    scraped = Scraped(text(families(2, 1, 1)))
    assert scraped.kinds["requests"] == "counter"
    assert scraped.value("requests_total", node='a "quoted"\\ \n one') == 2
    below = [scraped.value("seconds_bucket", operation="GetObject", le=le) for le in ("0.1", "1.0", "+Inf")]
    assert below == [2, 3, 4]
    assert scraped.value("seconds_count", operation="GetObject") == 4
    assert scraped.value("seconds_sum", operation="GetObject") == 7.65


def test_workers_are_summed_and_what_all_see_alike_is_not() -> None:
    others = [samples_to_share(families(10, 1, 1)), samples_to_share(families(100, 1, 1), counters_only=True)]
    scraped = Scraped(text(merge(families(1, 1, 1), others)))
    label = 'a "quoted"\\ \n one'
    assert scraped.value("requests_total", node=label) == 111
    assert scraped.value("in_flight", node=label) == 2  # of the worker that is no more, none
    assert scraped.value("node_up", node=label) == 1
    assert scraped.value("seconds_bucket", operation="GetObject", le="+Inf") == 12
