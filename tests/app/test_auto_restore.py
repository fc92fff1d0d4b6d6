"""Auto restore: one press cleans, finds and repairs, cautiously, in steps that can each be taken back."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from app.jobs import Jobs
from app.main_window import MainWindow
from engine import recipe
from tests.app.hands import paint_scratch
from tests.app.steps import image, view

Wait = Callable[[Jobs], None]
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a net; the scratch of the small photo is found."""
    monkeypatch.setitem(recipe.NAMED, "auto", "median damage method=classical sensitivity=0.8 fill method=telea")  # type: ignore[arg-type]


def labels(window: MainWindow) -> list[str]:
    return [entry.label for entry in window.session.history.entries]


def press(window: MainWindow) -> None:
    button = window.header.findChild(QToolButton, "autoButton")
    assert isinstance(button, QToolButton) and button.isEnabled()
    button.click()


def test_one_press_cleans_finds_and_repairs_in_steps(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    session = opened.session
    before = image(session)
    with qtbot.waitSignal(opened.auto.told) as told:
        press(opened)
        assert session.jobs.title and not opened.actions_by_name["auto"].isEnabled()
    idle(session.jobs)
    assert labels(opened) == ["Median", "Scratches and dust", "Fill"]
    assert told.args and "one place" in told.args[0] and opened.message.text.text() == told.args[0]
    assert before[30, 20].min() > 0.9 and image(session)[30, 20].max() < 0.6
    assert session.selection.array[30, 20] == 255 and session.selection.array[30, 60] == 0
    session.undo()
    idle(session.jobs)
    assert image(session)[30, 20].min() > 0.9 and not session.selection.is_empty()
    session.go_to(0)
    idle(session.jobs)
    assert np.array_equal(image(session), before) and session.selection.is_empty()


def test_it_works_on_the_whole_photo_whatever_is_selected(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    session = opened.session
    paint_scratch(opened, qtbot)
    painted = session.selection.array.copy()
    with qtbot.waitSignal(opened.auto.told):
        qtbot.keyClick(opened, Qt.Key.Key_R, CONTROL)
    assert view(session).document.steps[0].mask is None
    session.go_to(1)
    idle(session.jobs)
    assert np.array_equal(session.selection.array, painted)


def test_nothing_found_is_told_and_nothing_is_filled(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(recipe.NAMED, "auto", "median damage method=classical contrast=0.5 sensitivity=0 fill")  # type: ignore[arg-type]
    with qtbot.waitSignal(opened.auto.told) as told:
        press(opened)
    assert labels(opened) == ["Median"]
    assert told.args and "No damage" in told.args[0]


@pytest.mark.parametrize(("median", "words"), [("size=3", "noise was cleaned"), ("amount=0", "hardly any noise")])
def test_it_says_what_was_done_to_the_noise(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, median: str, words: str
) -> None:
    rest = "damage method=classical contrast=0.5 sensitivity=0 fill"
    monkeypatch.setitem(recipe.NAMED, "auto", f"median {median} {rest}")  # type: ignore[arg-type]
    with qtbot.waitSignal(opened.auto.told) as told:
        press(opened)
    assert told.args and words in told.args[0]


def test_previews_end_before_it_begins(opened: MainWindow) -> None:
    preview = opened.panel.noise.preview
    preview.setChecked(True)
    press(opened)
    assert not preview.isChecked()


def test_stopped_in_the_middle_what_is_done_stays(opened: MainWindow, qtbot: QtBot) -> None:
    session = opened.session
    session.jobs.started.connect(lambda title: session.jobs.cancel() if title == "Scratches and dust" else None)
    press(opened)
    qtbot.waitUntil(lambda: bool(labels(opened)))
    qtbot.wait(100)
    assert labels(opened) == ["Median"] and session.jobs.running is None
    assert opened.actions_by_name["auto"].isEnabled()
