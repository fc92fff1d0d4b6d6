"""What every test runs under: no screen, and no warning in the log."""

import logging
import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def no_logged_warnings(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails a test during which a warning was logged."""
    yield
    warned = [one for one in caplog.get_records("call") if one.levelno >= logging.WARNING]
    assert not warned, f"logged: {warned[0].name}: {warned[0].getMessage()}"
