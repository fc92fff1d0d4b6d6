"""Loading the engine: the status bar knows the device, also after a job had to change it."""

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from engine import devices


def test_a_job_that_ends_on_another_device_is_told_in_the_status_bar(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "CPU, 2 threads, as the GPU's memory ran out"
    opened.session.loader._say_device("GPU")
    assert opened.status.device.text() == "GPU"
    monkeypatch.setattr(devices, "describe", lambda: words)
    opened.session.jobs.start(lambda _progress: None, lambda _result: None, "Work")
    qtbot.waitUntil(lambda: opened.status.device.text() == words)
