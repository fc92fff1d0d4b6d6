"""Crashes: they are logged and shown, from any thread, and the app goes on."""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app import crash
from app.crash import CrashReporter


@pytest.fixture
def reporter(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[CrashReporter]:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    root = logging.getLogger()
    before = list(root.handlers), root.level
    crash.start_log()
    made = CrashReporter("1.2.3")
    made.install()
    yield made
    for handler in root.handlers[:]:
        if handler not in before[0]:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(before[1])


def test_a_crash_in_a_thread_is_logged_and_shown(
    reporter: CrashReporter, qtbot: QtBot, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("a bug in a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: reporter.dialog is not None and reporter.dialog.isVisible())
    dialog = reporter.dialog
    assert dialog is not None
    assert "a bug in a thread" in dialog.text.toPlainText() and "1.2.3" in dialog.text.toPlainText()
    assert not dialog.isModal()
    dialog.copy_text()
    assert "a bug in a thread" in QGuiApplication.clipboard().text()
    reporter.report(ValueError, ValueError("another bug"), None)
    qtbot.waitUntil(lambda: "another bug" in dialog.text.toPlainText())
    assert "a bug in a thread" in (home / "photomend.log").read_text()
    dialog.close()
    caplog.clear()


def test_a_folder_without_rights_for_the_log_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PHOTOMEND_HOME", str(tmp_path / "file" / "below"))
    crash.start_log()
    assert "no log file" in caplog.text
    caplog.clear()
