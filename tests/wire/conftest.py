import pytest

from s3api.wire import Wire


@pytest.fixture(scope="session")
def wire() -> Wire:
    return Wire.load()
