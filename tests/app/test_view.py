"""What the canvas shows, to the pixel: zoom, pan, tint, compare, previews, dense screens."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.painting import SURROUND
from engine.image import Box, frozen
from tests.app.desk import CTRL, MIDDLE, NO_KEY, SHIFT, Desk, pixels


@pytest.fixture
def desk(qtbot) -> Desk:
    return Desk.shown(qtbot, 200, 300)


@pytest.fixture
def big(qtbot) -> Desk:
    return Desk.shown(qtbot, 1200, 1700)


def test_at_100_percent_every_pixel_is_itself_and_the_surround_is_grey(desk: Desk) -> None:
    assert desk.canvas.zoom == 1.0
    screen = desk.screen()
    assert np.array_equal(screen[50:250, 50:350], desk.photo)
    assert (screen[:50] == SURROUND.red()).all()
    assert SURROUND.red() == SURROUND.green() == SURROUND.blue()


def test_pixels_stay_in_their_place_on_a_wide_screen(desk: Desk) -> None:
    desk.canvas.resize(3000, 100)
    desk.canvas.viewport.zoom_to(24, 1500, 50)
    desk.settle()
    view = desk.canvas.viewport
    x, y = (np.arange(3000) - view.left) // 24, (50 - view.top) // 24
    assert np.array_equal(desk.screen()[50], desk.photo[y][x])


@pytest.mark.parametrize("zoom", [2, 3, 8, 24, 48, 64])
def test_above_100_percent_every_pixel_is_a_sharp_square(desk: Desk, zoom: int) -> None:
    desk.canvas.viewport.zoom_to(zoom, 200, 150)
    desk.canvas.update()
    view = desk.canvas.viewport
    y, x = (np.arange(300) - view.top) // zoom, (np.arange(400) - view.left) // zoom
    shown = slice(max(0, view.top), min(300, view.top + 200 * zoom)), slice(max(0, view.left), view.left + 300 * zoom)
    assert np.array_equal(desk.screen()[shown], desk.photo[y[shown[0]]][:, x[shown[1]]])


def test_bands_of_a_photo_meet_without_a_seam_at_any_zoom(big: Desk) -> None:
    rows = np.linspace(0, 255, 1200)[:, None, None]
    big.canvas.show_after(big.display(np.broadcast_to(rows, (1200, 1700, 3)).astype(np.uint8)), False)
    for zoom in (0.2, 0.37, 0.6, 0.83, 1.0, 1.5):
        big.canvas.viewport.zoom_to(zoom, 200, 150)
        big.settle()
        view = big.canvas.viewport.image_rect().intersected(big.canvas.rect())
        step = np.diff(big.screen()[view.top() : view.bottom() + 1, 200, 0].astype(int))
        assert step.min() >= 0
        assert step.max() <= np.ceil(1200 / 255 / zoom) + 1


def test_fit_shows_the_whole_photo_averaged_and_keeps_fitting_on_resize(big: Desk) -> None:
    assert big.canvas.zoom < 0.25
    assert big.canvas.visible_box() == Box(0, 1200, 0, 1700)
    inside = big.screen()[50:250, 50:350].astype(float)
    assert inside.std() < 25  # noise of deviation 74 averaged over at least 4 x 4 pixels
    assert inside.mean() == pytest.approx(127.5, abs=2)
    before = big.canvas.zoom
    big.canvas.resize(800, 600)
    assert big.canvas.zoom == pytest.approx(2 * before, rel=0.05)


def test_the_wheel_zooms_at_the_cursor_and_stops_at_100_percent(big: Desk) -> None:
    for turn, keys in ((120, NO_KEY), (120, CTRL), (-120, NO_KEY), (120, NO_KEY), (120, NO_KEY), (120, NO_KEY)):
        there = big.at((700, 500))
        before = big.canvas.zoom
        big.wheel((700, 500), turn, keys)
        assert (big.canvas.zoom > before) == (turn > 0)
        assert (big.at((700, 500)) - there).manhattanLength() <= 3
    big.canvas.viewport.zoom_to(0.9, 200, 150)
    big.wheel((700, 500), 45)
    big.canvas.viewport.zoom_to(0.99, 200, 150)
    big.wheel((700, 500), 45)
    assert big.canvas.zoom == 1.0


def test_two_fingers_pan_and_with_control_zoom(big: Desk) -> None:
    big.canvas.actual_size()
    before = big.canvas.visible_box()
    big.wheel((800, 600), 30, pixels=QPoint(20, 10))
    after = big.canvas.visible_box()
    assert (before.left - after.left, before.top - after.top) == (20, 10)
    big.wheel((800, 600), 30, CTRL, QPoint(0, 10))
    assert big.canvas.zoom > 1.0


def test_middle_drag_space_drag_and_arrow_keys_pan_and_paint_nothing(big: Desk) -> None:
    big.canvas.actual_size()
    first = big.canvas.visible_box()
    big.drag((800, 600), (760, 580), button=MIDDLE)
    second = big.canvas.visible_box()
    assert (second.left - first.left, second.top - first.top) == (40, 20)
    QTest.keyPress(big.canvas, Qt.Key.Key_Space)
    big.drag((800, 600), (760, 580))
    QTest.keyRelease(big.canvas, Qt.Key.Key_Space)
    third = big.canvas.visible_box()
    assert (third.left - second.left, third.top - second.top) == (40, 20)
    QTest.keyClick(big.canvas, Qt.Key.Key_Right)
    assert big.canvas.visible_box().left == third.left + 40
    assert big.selection.is_empty()
    assert big.patches == []
    big.drag((800, 600), (860, 580))
    assert not big.selection.is_empty()


def test_the_photo_cannot_be_pushed_out_of_sight(big: Desk) -> None:
    big.canvas.actual_size()
    for _ in range(50):
        QTest.keyClick(big.canvas, Qt.Key.Key_Left)
        QTest.keyClick(big.canvas, Qt.Key.Key_Up)
    assert not big.canvas.visible_box().empty


def test_the_tint_appears_where_was_painted_and_nowhere_else(desk: Desk) -> None:
    before = desk.screen().astype(int)
    desk.canvas.set_brush(20, 1.0)
    desk.drag((50, 100), (250, 100))
    desk.leave()
    painted = np.abs(desk.screen()[50:250, 50:350].astype(int) - before[50:250, 50:350]).any(axis=2)
    assert painted[desk.selection.array == 255].mean() > 0.98
    assert not painted[desk.selection.array == 0].any()
    desk.canvas.set_tint(False)
    assert np.array_equal(desk.screen(), before)


def test_a_scratch_one_pixel_wide_stays_visible_when_zoomed_out(big: Desk) -> None:
    before = big.screen().astype(int)
    mask = np.zeros((1200, 1700), np.float32)
    mask[:, 801] = 1
    big.selection.set_mask(frozen(mask), "Detected")
    changed = np.abs(big.screen().astype(int) - before).max(axis=2)
    assert changed.max(axis=1)[20:280].min() > 10


def test_partial_repaints_give_the_same_picture_as_a_whole_one(big: Desk) -> None:
    for zoom in (None, 0.37, 1.0, 2.5):
        big.canvas.fit() if zoom is None else big.canvas.viewport.zoom_to(zoom, 200, 150)
        big.canvas.update()
        big.settle()
        big.canvas.set_brush(90 / big.canvas.zoom, 0.5)
        left, top = big.canvas.viewport.to_image(100, 100)
        for step in range(8):
            (big.move if step else big.press)((left + 20 * step, top + 10 * step))
            QApplication.processEvents()
        in_parts = pixels(big.canvas.screen().grabWindow(big.canvas.winId()).toImage())
        worst = np.abs(in_parts.astype(int) - big.screen()).max()
        assert worst <= (1 if big.canvas.zoom < 1 else 0), zoom  # smoothing rounds
        big.release((left + 140, top + 70))
    assert len(big.patches) == 4


def test_a_new_result_of_equal_size_does_not_end_the_stroke_or_move_the_view(desk: Desk) -> None:
    desk.canvas.viewport.zoom_to(3, 100, 100)
    before = desk.canvas.visible_box()
    desk.press((50, 100))
    desk.canvas.show_after(desk.display(255 - desk.photo), True)
    desk.move((90, 100))
    desk.release((90, 100))
    assert desk.canvas.visible_box() == before
    assert desk.selection.array[100, 85] > 0


def test_compare_shows_before_on_the_left_and_only_it_while_held(desk: Desk) -> None:
    before = 255 - desk.photo
    desk.canvas.show_before(desk.display(before))
    desk.canvas.set_split(True)
    screen = desk.screen()
    assert np.array_equal(screen[50:120, 50:180], before[:70, :130])
    assert np.array_equal(screen[50:120, 220:350], desk.photo[:70, 170:])
    desk.drag((150, 20), (250, 20))  # the slider is in the middle of the canvas, 150 px into the photo
    desk.leave()
    screen = desk.screen()
    assert np.array_equal(screen[50:120, 50:280], before[:70, :230])
    assert desk.selection.is_empty()
    QTest.keyClick(desk.canvas, Qt.Key.Key_Left, SHIFT)
    assert np.array_equal(desk.screen()[60:120, 296:350], desk.photo[10:70, 246:])
    desk.canvas.set_split(False)
    desk.canvas.hold_original(True)
    assert np.array_equal(desk.screen()[50:250, 50:350], before)
    desk.canvas.hold_original(False)
    desk.canvas.show_before(desk.display(before[:50]))
    desk.canvas.set_split(True)
    assert not desk.canvas.comparing()
    assert np.array_equal(desk.screen()[50:250, 50:350], desk.photo)


def test_a_preview_lies_at_its_box_until_it_goes(desk: Desk) -> None:
    box = Box(20, 60, 30, 100)
    desk.canvas.show_preview(box, desk.display(255 - desk.photo[box.slices]))
    expected = desk.photo.copy()
    expected[box.slices] = 255 - expected[box.slices]
    assert np.array_equal(desk.screen()[50:250, 50:350], expected)
    desk.canvas.show_preview(box, None)
    assert np.array_equal(desk.screen()[50:250, 50:350], desk.photo)


_SHARP = """
import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from app.canvas import Canvas
from app.display import Display
from app.selection import Selection
from engine.image import frozen
application = QApplication([])
photo = np.random.default_rng(0).integers(0, 256, (100, 150, 3)).astype(np.uint8)
selection = Selection()
selection.reset(100, 150)
canvas = Canvas(selection)
canvas.show_after(Display.build(frozen(photo.astype(np.float32) / 255), None), False)
canvas.resize(200, 160)
canvas.show()
canvas.actual_size()
picture = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
left, top = canvas.viewport.left, canvas.viewport.top
shown = rows[top : top + 100, 3 * left : 3 * left + 450].reshape(100, 150, 3)
assert canvas.devicePixelRatioF() > 1 and canvas.zoom == 1, (canvas.devicePixelRatioF(), canvas.zoom)
assert np.array_equal(shown, photo)
"""


@pytest.mark.parametrize("scale", ["2", "1.25", "1.5"])
def test_on_a_dense_screen_100_percent_is_one_device_pixel(scale: str) -> None:
    environment = os.environ | {"QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"}
    root = Path(__file__).resolve().parents[2]
    result = subprocess.run(
        [sys.executable, "-c", _SHARP], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
