"""What changed: the map tells cleaned from made up to the last bit, at any zoom, and follows moved pixels."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.changes import HeatMap, made_up
from app.jobs import Jobs
from app.main_window import MainWindow
from app.what_changed import percent
from engine.document import Document
from engine.image import Image, Mask, frozen
from engine.operation import Operation, Step
from engine.progress import Progress
from tests.app.hands import at, key
from tests.app.steps import Brighten, Turn

Wait = Callable[[Jobs], None]
CONTROL = Qt.KeyboardModifier.ControlModifier


@dataclass(frozen=True)
class Patch(Operation):
    """Makes up a grey."""

    title, group, needs_mask = "Patch", "repair", True

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        return np.full_like(image, 0.5)


def mask(top: int, bottom: int, left: int, right: int) -> Mask:
    result = np.zeros((20, 30), np.float32)
    result[top:bottom, left:right] = 1
    return frozen(result)


@pytest.fixture
def document() -> Document:
    return Document(frozen(np.linspace(0, 0.4, 1800, dtype=np.float32).reshape(20, 30, 3)))


def heat(document: Document) -> HeatMap:
    return HeatMap.of(document, document.render())


def test_an_untouched_photo_has_an_empty_map(document: Document) -> None:
    found = heat(document)
    assert not found.levels[0].any() and (found.changed, found.made_up) == (0, 0)


def test_cleaned_and_made_up_are_told_apart(document: Document) -> None:
    document = document.then(Step(Brighten(1e-4), mask(0, 10, 0, 30))).then(Step(Patch(), mask(5, 15, 0, 6)))
    found = heat(document)
    kinds = found.levels[0]
    assert (kinds[5:15, :6] >= 128).all()
    assert ((kinds[:5] > 0) & (kinds[:5] < 128)).all()  # a difference far below a step of 8 bits is one
    assert not kinds[10:, 6:].any() and not kinds[15:].any()
    assert found.changed == pytest.approx((300 + 5 * 6) / 600) and found.made_up == pytest.approx(60 / 600)


def test_a_greater_difference_is_shown_stronger(document: Document) -> None:
    for amount in (0.01, 0.03, 0.1):
        document = document.then(Step(Brighten(amount), mask(0, 20, 0, round(30 * (0.13 - amount) / 0.12))))
    row = heat(document).levels[0][10].astype(int)
    assert (np.diff(row) <= 0).all() and len(set(row)) == 3


def test_what_was_made_up_stays_so_when_it_is_cleaned_afterwards(document: Document) -> None:
    document = document.then(Step(Patch(), mask(5, 15, 0, 6))).then(Step(Brighten(0.1)))
    assert ((heat(document).levels[0] >= 128) == (mask(5, 15, 0, 6) > 0)).all()


def test_moved_pixels_are_compared_where_they_came_from(document: Document) -> None:
    still = heat(document.then(Step(Patch(), mask(5, 15, 0, 6))))
    before = document.then(Step(Turn())).then(Step(Patch(), frozen(np.rot90(mask(5, 15, 0, 6)).copy())))
    after = document.then(Step(Patch(), mask(5, 15, 0, 6))).then(Step(Turn()))
    for moved in (before, after):
        assert (heat(moved).levels[0] == np.rot90(still.levels[0])).all()
    assert (made_up(after) == np.rot90(mask(5, 15, 0, 6))).all()


def test_a_single_pixel_is_seen_in_every_halving() -> None:
    document = Document(frozen(np.zeros((1100, 1300, 3), np.float32)))
    one = np.zeros((1100, 1300), np.float32)
    one[701, 333] = 1
    found = heat(document.then(Step(Brighten(0.2), frozen(one))))
    assert len(found.levels) > 1 and all(np.count_nonzero(level) == 1 for level in found.levels)
    assert found.changed == pytest.approx(1 / (1100 * 1300))


def test_shares_are_never_rounded_to_nothing_or_all() -> None:
    shares = (0, 1e-7, 0.0025, 0.031, 0.48, 0.9999, 1)
    assert [percent(one) for one in shares] == ["0 %", "< 0.01 %", "0.25 %", "3.1 %", "48 %", "> 99 %", "100 %"]


def test_the_key_shows_the_map_which_follows_the_photo(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    session = opened.session
    key(opened, qtbot, Qt.Key.Key_C)
    assert opened.actions_by_name["changes"].isChecked()
    qtbot.waitUntil(lambda: opened.status.changes.text() == "0 % changed, 0 % made up")
    session.edit_selection("Stroke", lambda array: _painted(array))
    session.apply(Patch())
    idle(session.jobs)
    qtbot.waitUntil(lambda: "3.2 % changed, 3.2 % made up" in opened.status.changes.text())
    where = at(opened, 40, 32)
    seen = opened.canvas.grab().toImage().pixelColor(where)
    assert seen.red() > 150 > seen.blue() + 50
    session.apply(Turn())
    idle(session.jobs)
    qtbot.waitUntil(lambda: "3.2 % changed" in opened.status.changes.text())
    seen = opened.canvas.grab().toImage().pixelColor(at(opened, 32, 95 - 40))
    assert seen.red() > 150 > seen.blue() + 50
    qtbot.keyPress(opened.canvas, Qt.Key.Key_Backslash)  # the original has no map
    assert opened.canvas.grab().toImage().pixelColor(at(opened, 5, 5)).red() > 55
    qtbot.keyRelease(opened.canvas, Qt.Key.Key_Backslash)
    key(opened, qtbot, Qt.Key.Key_C)
    opened.actions_by_name["tint"].setChecked(False)
    assert opened.status.changes.text() == ""
    assert opened.canvas.grab().toImage().pixelColor(at(opened, 32, 95 - 40)).red() == 128


def _painted(array: np.ndarray) -> np.ndarray:
    result = array.copy()
    result[26:40, 34:48] = 255
    return result
