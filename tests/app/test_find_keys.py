"""The keys that find damage: D in what is in view, leaving the rest of the selection, Shift+D everywhere."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.jobs import Jobs
from app.main_window import MainWindow
from engine.image import Box
from tests.app.hands import key
from tests.app.steps import Bright

Wait = Callable[[Jobs], None]
LEFT, RIGHT = Box(10, 50, 19, 22), Box(10, 50, 74, 77)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A dark photo of 96 x 64 px with two bright scratches, LEFT and RIGHT."""
    pixels = np.full((64, 96, 3), 80, np.uint8)
    for box in (LEFT, RIGHT):
        pixels[box.slices] = 250
    path = tmp_path / "two scratches.png"
    Pillow.fromarray(pixels).save(path)
    return path


@pytest.fixture
def zoomed(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """The window with only the scratch at the left in view, and a detector that finds what is bright."""
    monkeypatch.setattr(opened.panel.damage, "value", Bright)
    opened.canvas.viewport.look_at(LEFT, 64)
    seen = opened.canvas.visible_box()
    assert seen.left <= LEFT.left and LEFT.right <= seen.right < RIGHT.left
    assert seen.top <= LEFT.top and LEFT.bottom <= seen.bottom
    return opened


def selected(window: MainWindow) -> tuple[bool, bool, int]:
    """Whether each scratch is selected, and how many pixels beside them are."""
    rest = window.session.selection.array.copy()
    both = [bool((rest[box.slices] == 255).all()) for box in (LEFT, RIGHT)]
    for box in (LEFT, RIGHT):
        rest[box.slices] = 0
    return both[0], both[1], int(np.count_nonzero(rest))


def test_d_finds_damage_in_the_view_only(zoomed: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    key(zoomed, qtbot, Qt.Key.Key_D)
    idle(zoomed.session.jobs)
    assert selected(zoomed) == (True, False, 0)


def test_shift_d_finds_damage_everywhere(zoomed: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    zoomed.canvas.setFocus()
    qtbot.keyClick(zoomed.canvas, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    idle(zoomed.session.jobs)
    assert selected(zoomed) == (True, True, 0)
    assert not zoomed.canvas.viewport.fitted  # the view stays where it was


def test_d_takes_the_place_of_what_is_selected_in_the_view_and_keeps_the_rest(
    zoomed: MainWindow, qtbot: QtBot, idle: Wait
) -> None:
    stroke = np.zeros((64, 96), np.uint8)
    stroke[30, 26:28] = stroke[30, 90:92] = 255  # two pixels in view, two outside
    zoomed.session.edit_selection("Stroke", lambda _: stroke)
    key(zoomed, qtbot, Qt.Key.Key_D)
    idle(zoomed.session.jobs)
    assert selected(zoomed) == (True, False, 2)
    zoomed.session.undo()
    assert (zoomed.session.selection.array == stroke).all()
    zoomed.panel.add.setChecked(True)
    key(zoomed, qtbot, Qt.Key.Key_D)
    idle(zoomed.session.jobs)
    assert selected(zoomed) == (True, False, 4)
