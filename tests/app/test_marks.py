"""Marks: what was found is counted, gone through one by one, and removed where it is no damage."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.jobs import Jobs
from app.main_window import MainWindow
from app.marks import Mark, find_marks, mark_at, region
from engine.image import Box
from tests.app.hands import at, key
from tests.app.steps import Bright

Wait = Callable[[Jobs], None]
LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def selection() -> np.ndarray:
    """A ring with a dot inside, a diagonal, and a faint dot."""
    result = np.zeros((64, 96), np.uint8)
    result[10:30, 10:30] = 255
    result[12:28, 12:28] = 0
    result[20, 20] = 255
    result[np.arange(40, 50), np.arange(60, 70)] = 255
    result[50, 5] = 1
    return result


def test_each_connected_region_is_a_mark(selection: np.ndarray) -> None:
    boxes = [mark.box for mark in find_marks(selection)]
    assert sorted(boxes) == sorted([Box(10, 30, 10, 30), Box(20, 21, 20, 21), Box(40, 50, 60, 70), Box(50, 51, 5, 6)])
    assert find_marks(np.zeros((5, 5), np.uint8)) == []


def test_the_region_of_a_mark_is_all_its_pixels_and_no_other(selection: np.ndarray) -> None:
    ring = next(mark for mark in find_marks(selection) if mark.box.bottom == 30)
    rest = selection.copy()
    rest[ring.box.slices][region(selection, ring)] = 0
    assert rest[20, 20] == 255 and rest[50, 5] == 1 and rest[10:30, 10:30].sum() == 255
    assert (rest[40:50, 60:70] == selection[40:50, 60:70]).all()
    assert len(find_marks(rest)) == 3
    assert not region(rest, ring).any()  # what is gone already has no pixels


def test_the_mark_under_a_click_is_the_nearest(selection: np.ndarray) -> None:
    marks = find_marks(selection)

    def box(place: tuple[int, int], reach: int) -> Box | None:
        found = mark_at(selection, marks, place, reach)
        return found.box if found else None

    assert box((20, 20), 0) == box((21, 21), 2) == Box(20, 21, 20, 21)
    assert box((20, 12), 1) == box((20, 15), 4) == Box(10, 30, 10, 30)
    assert box((36, 36), 3) is None


def test_thousands_of_marks_on_a_big_photo_are_found_at_once(qtbot: QtBot) -> None:
    import time

    big = np.zeros((4000, 6000), np.uint8)
    rows, columns = np.mgrid[20:4000:90, 20:6000:130]
    for by in range(4):
        big[rows + by, columns] = 255
    start = time.monotonic()
    marks = find_marks(big)
    assert len(marks) == rows.size > 2000
    assert time.monotonic() - start < 3  # in the background; about 0.1 s on a machine with nothing else to do


@pytest.fixture
def found(opened: MainWindow, qtbot: QtBot, idle: Wait) -> MainWindow:
    """Three marks, from left to right: the scratch, a square, a dot."""
    session = opened.session
    session.find(Bright(), None, add=False)
    idle(session.jobs)
    session.edit_selection("Stroke", painted)
    assert opened.marks.bar is not None
    qtbot.waitUntil(lambda: len(opened.marks.marks) == 3)
    return opened


def painted(array: np.ndarray) -> np.ndarray:
    result = array.copy()
    result[30:40, 50:60] = 255
    result[50, 90] = 255
    return result


def words(window: MainWindow) -> str:
    assert window.marks.bar is not None and window.marks.bar.isVisible()
    return window.marks.bar.label.text()


def test_keys_go_from_mark_to_mark(found: MainWindow, qtbot: QtBot) -> None:
    assert words(found) == "3 marks" and not found.actions_by_name["remove-mark"].isEnabled()
    key(found, qtbot, Qt.Key.Key_N)
    assert words(found) == "Mark 1 of 3" and found.actions_by_name["remove-mark"].isEnabled()
    key(found, qtbot, Qt.Key.Key_N, Qt.Key.Key_N)
    assert words(found) == "Mark 3 of 3"
    key(found, qtbot, Qt.Key.Key_N)
    assert words(found) == "Mark 1 of 3"
    qtbot.keyClick(found.canvas, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert words(found) == "Mark 3 of 3"


def test_the_view_goes_to_the_mark_and_shows_a_ring(found: MainWindow, qtbot: QtBot) -> None:
    canvas = found.canvas
    canvas.viewport.zoom_to(16, 0, 0)
    key(found, qtbot, Qt.Key.Key_N, Qt.Key.Key_N)
    middle = canvas.viewport.to_image(canvas.viewport.width / 2, canvas.viewport.height / 2)
    assert middle == pytest.approx((55, 35), abs=0.1)
    picture = canvas.grab().toImage()
    ring = at(found, 49.5 - 10 / 16 - 2, 34.5)  # the ring is 0.7 sides from the middle, or 10 px beside the mark
    colours = [picture.pixelColor(x, ring.y()) for x in range(ring.x() - 20, ring.x() + 40)]
    assert any(colour.red() > 240 and colour.green() > 200 and colour.blue() < 110 for colour in colours)
    found.marks.end()
    assert found.marks.bar is not None and not found.marks.bar.isVisible()


def test_delete_removes_the_mark_and_goes_on_and_undo_brings_it_back(found: MainWindow, qtbot: QtBot) -> None:
    session = found.session
    before = session.selection.array.copy()
    key(found, qtbot, Qt.Key.Key_N, Qt.Key.Key_N, Qt.Key.Key_Delete)
    assert words(found) == "Mark 2 of 2"
    assert not session.selection.array[30:40, 50:60].any() and session.selection.array[30, 20] == 255
    assert session.history.entries[-1].label == "Remove mark"
    session.undo()
    assert (session.selection.array == before).all()
    qtbot.waitUntil(lambda: len(found.marks.marks) == 3)
    key(found, qtbot, Qt.Key.Key_Delete, Qt.Key.Key_Delete, Qt.Key.Key_Delete)
    assert session.selection.is_empty() and found.marks.bar is not None and not found.marks.bar.isVisible()


def test_a_click_with_control_removes_the_mark_under_it(found: MainWindow, qtbot: QtBot) -> None:
    entries = len(found.session.history.entries)
    qtbot.mouseClick(found.canvas, LEFT, CONTROL, pos=at(found, 20, 30))
    assert len(found.marks.marks) == 2 and not found.session.selection.array[10:50, 19:22].any()
    qtbot.mouseClick(found.canvas, LEFT, CONTROL, pos=at(found, 70, 10))  # no mark there: nothing is painted
    assert len(found.session.history.entries) == entries + 1
    found.marks.end()
    qtbot.mouseClick(found.canvas, LEFT, CONTROL, pos=at(found, 70, 10))
    assert found.session.selection.array[10, 70] == 255


def test_painted_marks_are_counted_when_asked_for(opened: MainWindow, qtbot: QtBot) -> None:
    assert not opened.actions_by_name["next-mark"].isEnabled()
    opened.session.edit_selection("Stroke", painted)
    assert opened.marks.bar is not None and not opened.marks.bar.isVisible()
    key(opened, qtbot, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: opened.marks.at == 0)
    assert words(opened) == "Mark 1 of 2"


def test_a_repair_ends_the_marks(found: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    key(found, qtbot, Qt.Key.Key_Return)
    idle(found.session.jobs)
    assert found.marks.bar is not None and not found.marks.bar.isVisible()
    assert found.marks.marks == [] and not found.canvas.picks


def test_a_mark_has_its_middle() -> None:
    assert Mark(Box(10, 20, 30, 50), (10, 30)).centre == (15, 40)
