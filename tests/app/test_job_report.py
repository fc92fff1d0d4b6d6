"""What the window shows of a job in passes: the photo so far, which pass it is, and what Stop kept."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.app.hands import at
from tests.app.steps import Polish, Slow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def polishing(opened: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window while a job in four passes runs, of which two are made."""
    Polish.begin()
    opened.session.apply(Polish(4))
    for number in (1, 2):
        Polish.let(1)
        words = f"Polish: pass {number} of 4"
        qtbot.waitUntil(lambda words=words: opened.status.title.text() == words)
    return opened


def colour(window: MainWindow) -> QColor:
    return window.canvas.grab().toImage().pixelColor(at(window, 60, 30))


def test_the_canvas_shows_the_photo_so_far(opened: MainWindow, qtbot: QtBot) -> None:
    Polish.begin()
    opened.canvas.actual_size()
    original = colour(opened)
    opened.session.apply(Polish(4))
    Polish.let(1)
    qtbot.waitUntil(lambda: colour(opened).red() == original.red() + 26)
    Polish.let(1)
    qtbot.waitUntil(lambda: colour(opened).red() == original.red() + 51)
    assert opened.canvas.zoom == 1
    opened.canvas.pointed.emit(QPoint(60, 30))
    assert opened.status.pixel.text().split()[2] == str(original.red() + 51)


@pytest.mark.parametrize("hand", ["button", "Esc"])
def test_stopping_says_what_stays_and_that_it_can_be_undone(polishing: MainWindow, qtbot: QtBot, hand: str) -> None:
    session = polishing.session
    assert polishing.status.cancel.text() == "Stop here" and "keep" in polishing.status.cancel.toolTip()
    shown = colour(polishing)
    if hand == "button":
        qtbot.mouseClick(polishing.status.cancel, LEFT)
    else:
        qtbot.keyClick(polishing, Qt.Key.Key_Escape)
    assert session.jobs.running is None and not polishing.status.job.isVisible()
    assert polishing.message.isVisible() and "pass 2 of 4" in polishing.message.text.text()
    assert polishing.history.list.item(1).text() == "Polish, pass 2"
    assert colour(polishing) == shown
    with qtbot.waitSignal(session.rendered):
        qtbot.keyClick(polishing, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert colour(polishing).red() == shown.red() - 51


def test_the_next_job_is_cancelled_as_ever(polishing: MainWindow, qtbot: QtBot) -> None:
    polishing.session.jobs.cancel()
    polishing.session.apply(Slow())
    assert polishing.status.title.text() == "Slow"
    assert polishing.status.cancel.text() == "Cancel" and "nothing" in polishing.status.cancel.toolTip()
    polishing.session.jobs.cancel()
    assert len(polishing.session.history.entries) == 1


def test_a_displaced_job_is_taken_from_the_canvas_at_once(polishing: MainWindow, qtbot: QtBot) -> None:
    shown = colour(polishing)
    polishing.session.apply(Slow())
    assert colour(polishing).red() == shown.red() - 51
    assert polishing.message.text.text() == "“Polish” was stopped by what you did next."
    polishing.session.jobs.cancel()
    assert not polishing.session.history.entries
