"""Due times: when a number of days after an event has passed.

AWS adds the days and rounds up to the next midnight UTC: an object made on 15 January at 10:30 with a rule of
three days is due on 19 January at 00:00 ("Lifecycle rules: based on an object's age"). A shorter `day_s` is
for tests of rules: such a day has no midnight, and the due time is not rounded.
"""

from __future__ import annotations

from s3api.lifecycle.rules import DueTime

DAY_S = 86_400
DAY_US = DAY_S * 1_000_000


def due_us(since_us: int, days: int, day_s: float = DAY_S) -> int:
    """Return the time `days` after `since_us`, rounded up to midnight."""
    if day_s != DAY_S:
        return since_us + int(days * day_s * 1e6)
    return -(-(since_us + days * DAY_US) // DAY_US) * DAY_US


def due_time_us(when: DueTime, since_us: int, day_s: float = DAY_S) -> int:
    """Return the due time of a rule for something that began at `since_us`."""
    return when.date_us if when.date_us is not None else due_us(since_us, when.days or 0, day_s)
