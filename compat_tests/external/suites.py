"""The suites: where they are, which revision counts, what they want to be told.

A suite runs in an interpreter of its own (`--python`), since it pins other versions than we do; what it wants
installed is in `requirements`. Plugins of pytest (in plugins/) record outcomes, and point moto's tests from
the mock to the endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from compat_tests.external import ceph_model
from compat_tests.external.identities import Identities
from compat_tests.external.s3tests_conf import configuration

# Without awscrt: where it is installed, botocore signs and sums through it, and refuses what tests of
# ceph/s3-tests send on purpose.
PINNED = (
    "boto3==1.44.8",
    "botocore==1.44.8",
    "pytest==9.1.1",
    "pytest-xdist==3.8.0",
    "pytest-timeout==2.4.0",
)


S3_TESTS_WANT = (
    *PINNED,
    "PyYAML==6.0.4",
    "munch==4.0.0",
    "gevent==26.9.0",
    "isodate==0.7.2",
    "requests==2.34.2",
    "pytz==2026.6",
    "httplib2==0.32.1",
    "lxml==6.1.3",
)


# Of moto's tests of S3, those that are of Lambda, EventBridge, Config, CloudFormation and the tagging API.
OTHER_SERVICES = tuple(
    f"tests/test_s3/test_s3_{name}.py"
    for name in (
        "auth",
        "cloudformation",
        "config",
        "eventbridge_integration",
        "integration",
        "lambda_integration",
    )
)


@dataclass(frozen=True, slots=True)
class Suite:
    """`tests` are paths in the checkout; of these all counts that `lists/` does not except."""

    name: str
    repository: str
    revision: str
    tests: tuple[str, ...]
    requirements: tuple[str, ...] = PINNED
    plugins: tuple[str, ...] = ()
    in_parallel: bool = True
    alone: tuple[str, ...] = ()
    """Tests that look at all that the account has, and go last, when no other runs."""
    left_out: tuple[str, ...] = ()
    """Files below `tests` that need other services of AWS, or what `requirements` do not have."""
    alt_is_user: bool = False
    """Whether the suite's second account is a user of its `iam` account, whom policies let and bar."""

    @property
    def clone(self) -> str:
        return f"git clone https://github.com/{self.repository} && git checkout {self.revision}"


SUITES = {
    suite.name: suite
    for suite in (
        Suite(
            "s3-tests",
            "ceph/s3-tests",
            "8f0ae7b404a3a2fcf7038bf1e6bf29544fe9b6a3",
            (
                "s3tests/functional/test_s3.py",
                "s3tests/functional/test_headers.py",
            ),
            S3_TESTS_WANT,
            plugins=("sixfold_region", "sixfold_headers"),
            alone=("s3tests/functional/test_s3.py::test_list_buckets_paginated",),
        ),
        Suite(
            "s3-tests-iam",
            "ceph/s3-tests",
            "8f0ae7b404a3a2fcf7038bf1e6bf29544fe9b6a3",
            ("s3tests/functional/test_iam.py",),
            S3_TESTS_WANT,
            plugins=("sixfold_region", "sixfold_headers"),
            in_parallel=False,  # its users have the same names in every process
            alt_is_user=True,
        ),
        Suite(
            "botocore",
            "boto/botocore",
            "0e6e2404b85dc336dd2889814e089bde7d1a4c55",
            ("tests/integration/test_s3.py",),
            plugins=("sixfold_boto",),
            in_parallel=False,
        ),
        Suite(
            "boto3",
            "boto/boto3",
            "722e01b074c67db38ad226ac1a2dab5c36c1577c",
            ("tests/integration/test_s3.py",),
            plugins=("sixfold_boto",),
            in_parallel=False,
        ),
        Suite(
            "s3transfer",
            "boto/s3transfer",
            "bf4262882ba285aea84daee2adbbd1359c23eec6",
            ("tests/integration",),
            plugins=("sixfold_boto",),
            in_parallel=False,
            left_out=("tests/integration/test_crt.py",),
        ),
        Suite(
            "s3transfer-crt",
            "boto/s3transfer",
            "bf4262882ba285aea84daee2adbbd1359c23eec6",
            ("tests/integration/test_crt.py",),
            (
                *PINNED,
                "awscrt==0.38.1",
            ),  # with it, and a botocore that finds it, the older tests cannot upload
            plugins=("sixfold_boto",),
            in_parallel=False,
        ),
        Suite(
            "moto",
            "getmoto/moto",
            "0af643a5dbfc98797f08ee64f5be3ef8002d56ff",
            ("tests/test_s3",),
            (*PINNED, "moto[s3,server]==5.2.5", "freezegun==1.5.5"),
            plugins=("sixfold_boto", "sixfold_moto"),
            in_parallel=False,
            left_out=OTHER_SERVICES,
        ),
    )
}


def environment(suite: Suite, url: str, region: str, identities: Identities, scratch: Path) -> dict[str, str]:
    """What the suite's process is told: endpoint and keys, in its own words. Writes into `scratch` alone."""
    if suite.repository == "ceph/s3-tests":
        path = scratch / "s3tests.conf"
        path.write_text(configuration(urlsplit(url), identities))
        path.chmod(0o600)
        models = ceph_model.write(scratch / "models")
        return {"S3TEST_CONF": str(path), "AWS_DEFAULT_REGION": region, "AWS_DATA_PATH": str(models)}
    main = identities.main
    return {
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": main.access_key,
        "AWS_SECRET_ACCESS_KEY": main.secret_key,
        "AWS_DEFAULT_REGION": "us-west-2"
        if suite.name in ("botocore", "boto3", "s3transfer", "s3transfer-crt")
        else region,
        **({"TEST_SERVER_MODE": "true", "TEST_SERVER_MODE_ENDPOINT": url} if suite.name == "moto" else {}),
    }
