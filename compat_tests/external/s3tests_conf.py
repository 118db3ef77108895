"""The configuration of ceph/s3-tests, in its own words: section and option as its __init__.py reads them."""

from __future__ import annotations

import configparser
import io
from urllib.parse import SplitResult

from compat_tests.external.identities import Identities, Identity

# A day of lifecycle lasts so many seconds at the endpoint (SIXFOLD_LIFECYCLE_DAY_S), and the suite waits
# accordingly.
DAY_S = 4
# What a bucket may be made with as its LocationConstraint, other than us-east-1, which AWS shows as none.
LOCATION = "us-west-2"
# Keys of the endpoint's key service, by what its answers call them.
KMS_KEYS = tuple(f"arn:aws:kms:us-east-1:000000000000:key/suite-key-{number}" for number in (1, 2))
# What the endpoint keeps beside STANDARD, for copies between classes and transitions (of those that AWS lets
# objects change to before 30 days).
STORAGE_CLASSES = ("GLACIER_IR", "GLACIER")


def configuration(endpoint: SplitResult, who: Identities) -> str:
    """s3tests.conf, with every section that the suite reads except those of other clouds and of STS."""
    port = endpoint.port or (443 if endpoint.scheme == "https" else 80)
    sections: dict[str, dict[str, str]] = {
        "DEFAULT": {
            "host": endpoint.hostname or "",
            "port": str(port),
            "is_secure": str(endpoint.scheme == "https"),
            "ssl_verify": "False",
        },
        "fixtures": {
            "bucket prefix": "s3tests-{random}-",
            "iam name prefix": "s3-tests-",
            "iam path prefix": "/s3-tests/",
        },
        "s3 main": {
            **_identity(who.main),
            "api_name": LOCATION,
            "kms_keyid": KMS_KEYS[0],
            "kms_keyid2": KMS_KEYS[1],
            "storage_classes": ", ".join(STORAGE_CLASSES),
            "lc_debug_interval": str(DAY_S),
        },
        "s3 alt": _identity(who.alt),
        "s3 tenant": _identity(who.tenant) | {"tenant": who.tenant.account},
        "iam": _identity(who.iam),
        "iam root": _identity(who.iam_root),
        "iam alt root": _identity(who.iam_alt_root),
    }
    parser = configparser.RawConfigParser()
    parser.read_dict(sections)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def _identity(who: Identity) -> dict[str, str]:
    return {
        "display_name": who.display_name,
        "user_id": who.user_id,
        "email": who.email,
        "access_key": who.access_key,
        "secret_key": who.secret_key,
    }
