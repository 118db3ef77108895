"""The Range header of reads (RFC 9110, section 14), as S3 honours it."""

from __future__ import annotations

import re

from s3api.errors import S3Error

_RANGE = re.compile(r"bytes=[ \t]*(\d{0,19})[ \t]*-[ \t]*(\d{0,19})[ \t]*", re.ASCII | re.IGNORECASE)


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Parse a Range header into [start, stop), None for the whole object.

    An invalid header, or one with several ranges, is ignored, as on S3. Raises S3Error InvalidRange if no
    byte of the object is in the range.
    """
    if header is None:
        return None
    match = _RANGE.fullmatch(header.strip())
    if not match or match[1] == match[2] == "":
        return None
    if not match[1]:
        start, stop = max(0, size - int(match[2])), size
    else:
        start = int(match[1])
        stop = min(size, int(match[2]) + 1) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= size or start >= stop:
        raise S3Error("InvalidRange", RangeRequested=header, ActualObjectSize=str(size))
    return start, stop
