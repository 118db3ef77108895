"""AWS's rule for names of general purpose buckets, and the names that this server reserves.

Source: S3 User Guide, "General purpose bucket naming rules",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

from __future__ import annotations

import re

# The REST API is below /api/, so this is the one name that AWS allows and we do not.
RESERVED = frozenset({"api"})
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]", re.ASCII)
_LABEL_EDGE = re.compile(r"-\.|\.-")
_IP_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)
_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def is_bucket_name(name: str) -> bool:
    """Whether AWS allows the name for a new bucket. RESERVED names are not excluded.

    Labels between dots may not begin or end with a dash, as in host names.
    """
    return bool(
        _NAME.fullmatch(name)
        and not _LABEL_EDGE.search(name)
        and not _IP_ADDRESS.fullmatch(name)
        and not name.startswith(_RESERVED_PREFIXES)
        and not name.endswith(_RESERVED_SUFFIXES)
    )
