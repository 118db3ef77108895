"""Fixtures and hooks of all tests."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest

from tests import failure_report
from tests.gateway_process import GatewayProcess

if "PYTEST_XDIST_WORKER" in os.environ:
    # Coverage measures this process, not those that it starts: gateways and commands would need half as
    # much CPU again.
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        del os.environ[name]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    failure_report.start_test()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the gateways of a failed test did during it."""
    report = yield
    if report.failed and (gateways := failure_report.gateways_of_test()):
        report.sections.append(("gateway processes", gateways))
    return report


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove SIXFOLD_*, CHUNKD_* and AWS_* of the environment, which would change results."""
    for name in list(os.environ):
        if name.startswith(("SIXFOLD_", "CHUNKD_", "AWS_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway process for the whole run. Each test makes its own buckets and files."""
    with GatewayProcess(tmp_path_factory.mktemp("gateway") / "data") as process:
        yield process
