"""Retouching: a click repairs a spot, Alt and click sets where the clone tool copies from; the selection stays."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.jobs import Jobs
from app.main_window import MainWindow
from engine.operations.clone import Clone
from engine.operations.fill import Fill
from tests.app.hands import at, key, paint_scratch
from tests.app.steps import image, view

Wait = Callable[[Jobs], None]
LEFT, ALT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier


def click(window: MainWindow, qtbot: QtBot, x: int, y: int, alt: bool = False) -> None:
    keys = ALT if alt else Qt.KeyboardModifier.NoModifier
    qtbot.mouseClick(window.canvas, LEFT, keys, pos=at(window, x, y))


def labels(window: MainWindow) -> list[str]:
    return [entry.label for entry in window.session.history.entries]


def test_a_click_repairs_a_spot_and_nothing_else(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    session = opened.session
    before = image(session)
    session.edit_selection("Stroke", painted)
    selected = session.selection.array.copy()
    key(opened, qtbot, Qt.Key.Key_J)
    click(opened, qtbot, 20, 30)
    idle(session.jobs)
    assert labels(opened) == ["Stroke", "Fill"]
    changed = (image(session) != before).any(axis=2)
    y, x = np.nonzero(changed)
    assert changed[28:33, 20].all() and np.hypot(y - 30, x - 20).max() < 6
    assert np.array_equal(session.selection.array, selected)
    assert opened.actions_by_name["tint"].isChecked()


def test_a_stroke_repairs_what_it_covers(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    before = image(opened.session)
    key(opened, qtbot, Qt.Key.Key_J)
    paint_scratch(opened, qtbot)
    idle(opened.session.jobs)
    assert labels(opened) == ["Fill"] and opened.session.selection.is_empty()
    assert image(opened.session)[12:48, 20].max() < 0.7 < before[12:48, 20].min()


def test_quick_clicks_are_all_repaired(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    before = image(opened.session)
    key(opened, qtbot, Qt.Key.Key_J)
    for y in (15, 30, 45):
        click(opened, qtbot, 20, y)
    idle(opened.session.jobs)
    assert labels(opened) == ["Fill", "Fill", "Fill"]
    changed = (image(opened.session) != before).any(axis=2)
    assert changed[[15, 30, 45], 20].all() and not changed[[22, 37], 20].any()


def test_what_waits_is_forgotten_when_the_work_is_stopped(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    key(opened, qtbot, Qt.Key.Key_J)
    for y in (15, 30, 45):
        click(opened, qtbot, 20, y)
    key(opened, qtbot, Qt.Key.Key_Escape)
    qtbot.wait(50)
    assert opened.session.jobs.running is None and labels(opened) == []
    click(opened, qtbot, 20, 30)
    idle(opened.session.jobs)
    assert labels(opened) == ["Fill"]
    assert isinstance(view(opened.session).document.steps[0].operation, Fill)


def test_clone_copies_from_where_alt_was_clicked(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    session = opened.session
    before = image(session)
    key(opened, qtbot, Qt.Key.Key_S)
    click(opened, qtbot, 20, 30)
    assert "Alt" in opened.message.text.text() and labels(opened) == []
    click(opened, qtbot, 50, 40, alt=True)
    assert not opened.message.isVisible()  # that is done
    click(opened, qtbot, 20, 30)
    idle(session.jobs)
    assert labels(opened) == ["Clone"]
    assert view(session).document.steps[0].operation == Clone(right=30, down=10)
    click(opened, qtbot, 20, 45)  # the source moves along
    idle(session.jobs)
    assert view(session).document.steps[1].operation == Clone(right=30, down=10)
    assert session.selection.is_empty()
    session.go_to(0)
    idle(session.jobs)
    assert np.array_equal(image(session), before)


def test_the_source_is_shown_with_the_brush(opened: MainWindow, qtbot: QtBot) -> None:
    key(opened, qtbot, Qt.Key.Key_S)
    click(opened, qtbot, 60, 40, alt=True)
    place = at(opened, 60, 40)
    colours = [opened.canvas.grab().toImage().pixelColor(place.x() + by, place.y()) for by in range(-4, 5)]
    assert all(colour.red() > 200 and colour.blue() < 150 for colour in colours)


@pytest.mark.parametrize("tool", ["spot", "clone"])
def test_another_photo_ends_what_was_begun(opened: MainWindow, qtbot: QtBot, tool: str) -> None:
    opened.canvas.set_tool(tool)
    opened.canvas.clone.source = (5.0, 5.0)
    qtbot.mousePress(opened.canvas, LEFT, pos=at(opened, 20, 30))
    opened.session.selection.reset(10, 10)
    qtbot.mouseRelease(opened.canvas, LEFT, pos=at(opened, 5, 5))
    assert opened.session.jobs.running is None and opened.canvas.clone.source is None


def painted(array: np.ndarray) -> np.ndarray:
    result = array.copy()
    result[50:60, 70:80] = 255
    return result
