"""The canvas through real events: what is on the screen to the pixel, and what mouse, wheel, pen and keys do."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QFocusEvent,
    QImage,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QPointingDevice,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas import Canvas
from app.display import Display
from app.painting import SURROUND
from app.selection import Patch, Selection
from engine.image import Box, frozen

LEFT, RIGHT, MIDDLE, NONE = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.NoButton,
)
NO_KEY, SHIFT, ALT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
)
Place = tuple[float, float]


def pixels(picture: QImage) -> np.ndarray:
    picture = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    return rows[:, : picture.width() * 3].reshape(picture.height(), picture.width(), 3).copy()


class Desk:
    """A canvas of 400 x 300 with a photo, and hands for it. Places are image px."""

    def __init__(self, height: int, width: int) -> None:
        self.selection = Selection()
        self.selection.reset(height, width)
        self.canvas = Canvas(self.selection)
        self.photo = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
        self.patches: list[Patch] = []
        self.finished = 0
        self.selection.committed.connect(self.patches.append)
        self.canvas.stroke_finished.connect(self.count)
        self.canvas.show_after(self.display(self.photo), False)
        self.canvas.resize(400, 300)

    def count(self) -> None:
        self.finished += 1

    def display(self, photo: np.ndarray) -> Display:
        return Display.build(frozen(photo.astype(np.float32) / 255), None)

    def screen(self) -> np.ndarray:
        return pixels(self.canvas.grab().toImage())

    def settle(self) -> None:
        QTest.qWait(180)

    def at(self, place: Place) -> QPointF:
        return QPointF(*self.canvas.viewport.to_view(*place))

    def mouse(self, kind: QEvent.Type, place: Place, button=NONE, held=NONE, keys=NO_KEY) -> None:
        where = self.at(place)
        QApplication.sendEvent(self.canvas, QMouseEvent(kind, where, where, button, held, keys))

    def press(self, place: Place, button=LEFT, keys=NO_KEY) -> None:
        self.mouse(QEvent.Type.MouseButtonPress, place, button, button, keys)

    def move(self, place: Place, held=LEFT) -> None:
        self.mouse(QEvent.Type.MouseMove, place, NONE, held)

    def release(self, place: Place, button=LEFT) -> None:
        self.mouse(QEvent.Type.MouseButtonRelease, place, button)

    def drag(self, *places: Place, button=LEFT, keys=NO_KEY) -> None:
        self.press(places[0], button, keys)
        for place in places[1:]:
            self.move(place, button)
        self.release(places[-1], button)

    def leave(self) -> None:
        QApplication.sendEvent(self.canvas, QEvent(QEvent.Type.Leave))

    def wheel(self, place: Place, turn: int, keys=NO_KEY, pixels: QPoint | None = None) -> None:
        phase = Qt.ScrollPhase.ScrollUpdate if pixels else Qt.ScrollPhase.NoScrollPhase
        where = self.at(place)
        event = QWheelEvent(where, where, pixels or QPoint(), QPoint(0, turn), NONE, keys, phase, False)
        QApplication.sendEvent(self.canvas, event)


@pytest.fixture
def desk(qtbot) -> Desk:
    one = Desk(200, 300)
    qtbot.addWidget(one.canvas)
    one.canvas.show()
    one.settle()
    return one


@pytest.fixture
def big(qtbot) -> Desk:
    one = Desk(1200, 1700)
    qtbot.addWidget(one.canvas)
    one.canvas.show()
    one.settle()
    return one


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


def test_a_stroke_paints_a_line_and_right_drag_erases_it_without_switching(desk: Desk) -> None:
    desk.canvas.set_brush(20, 1.0)
    desk.drag((50, 100), (60, 100), (250, 100))
    assert (desk.selection.array[92:108, 50:250] == 255).all()
    assert not desk.selection.array[:88].any()
    desk.canvas.set_brush(40, 1.0)
    desk.drag((50, 100), (250, 100), button=RIGHT)
    assert desk.selection.is_empty()
    assert desk.canvas.tool == "brush"
    assert len(desk.patches) == desk.finished == 2


def test_shift_click_draws_a_straight_line_from_the_last_point(desk: Desk) -> None:
    desk.canvas.set_brush(10, 1.0)
    desk.drag((20, 20))
    desk.press((220, 120), keys=SHIFT)
    desk.release((220, 120))
    for share in np.linspace(0, 1, 50):
        assert desk.selection.array[int(20 + share * 100), int(20 + share * 200)] == 255
    desk.selection.reset(200, 300)
    desk.press((220, 120), keys=SHIFT)
    desk.release((220, 120))
    assert not desk.selection.array[:100].any()  # the last point belonged to the photo before


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


def test_touching_the_border_or_painting_outside_is_harmless(desk: Desk) -> None:
    desk.canvas.set_brush(30, 0.5)
    desk.drag((-40, -40), (150, 100), (340, 240))
    assert desk.selection.array[100, 150] == 255
    desk.drag((-40, -40), (-30, -45))
    assert len(desk.patches) == 1


def test_lasso_rectangle_and_polygon_fill_and_erase(desk: Desk) -> None:
    corners: list[Place] = [(50, 50), (150, 50), (150, 150), (50, 150)]
    for name in ("rectangle", "lasso", "polygon"):
        for button, value in ((LEFT, 255), (RIGHT, 0)):
            desk.canvas.set_tool(name)
            if name == "polygon":
                for corner in [*corners, (52, 51)]:  # the last click meets the first point
                    desk.drag(corner, button=button)
            else:
                desk.drag(*(corners if name == "lasso" else (corners[0], corners[2])), button=button)
            assert (desk.selection.array[51:149, 51:149] == value).all(), name
            assert not desk.selection.array[:48].any()
    assert [patch.label for patch in desk.patches][:2] == ["Rectangle", "Erase rectangle"]
    assert desk.finished == 6


def test_a_polygon_ends_by_enter_or_double_click_loses_points_and_is_given_up(desk: Desk) -> None:
    desk.canvas.set_tool("polygon")
    for corner in ((50, 50), (150, 50), (150, 150), (290, 190)):
        desk.drag(corner)
    QTest.keyClick(desk.canvas, Qt.Key.Key_Backspace)
    QTest.keyClick(desk.canvas, Qt.Key.Key_Return)
    assert desk.selection.array[60, 140] == 255
    assert not desk.selection.array[155:].any()
    for corner in ((10, 160), (40, 160), (40, 190)):
        desk.drag(corner)
    desk.mouse(QEvent.Type.MouseButtonDblClick, (40, 190), LEFT, LEFT)
    desk.release((40, 190))
    assert desk.selection.array[170, 35] == 255
    for corner in ((200, 10), (250, 10), (250, 40)):
        desk.drag(corner)
    QTest.keyClick(desk.canvas, Qt.Key.Key_Escape)
    QTest.keyClick(desk.canvas, Qt.Key.Key_Return)
    assert len(desk.patches) == 2


def test_keys_of_a_busy_polygon_are_kept_from_the_windows_shortcuts(desk: Desk) -> None:
    def taken(key: Qt.Key) -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, NO_KEY)
        event.ignore()
        QApplication.sendEvent(desk.canvas, event)
        return event.isAccepted()

    assert not taken(Qt.Key.Key_Return)
    desk.canvas.set_tool("polygon")
    desk.drag((50, 50))
    assert taken(Qt.Key.Key_Return)
    assert taken(Qt.Key.Key_Escape)


def test_alt_wheel_and_keys_change_the_brush_within_its_range(desk: Desk) -> None:
    seen: list[float] = []
    desk.canvas.brush_changed.connect(lambda: seen.append(desk.canvas.brush_size))
    desk.canvas.set_brush(20, 0.5)
    desk.wheel((100, 100), 120, ALT)
    assert seen[-1] > 20
    assert desk.canvas.zoom == 1.0
    desk.canvas.step_brush(200)
    assert desk.canvas.brush_size == 75  # a quarter of 300 px
    desk.canvas.step_brush(-200, 3)
    assert (desk.canvas.brush_size, desk.canvas.hardness) == (1, 0.8)


def test_a_second_button_during_a_stroke_means_nothing(desk: Desk) -> None:
    desk.canvas.set_brush(20, 1.0)
    desk.press((50, 100))
    desk.press((100, 100), RIGHT)
    desk.move((200, 100), LEFT | RIGHT)
    desk.release((200, 100), RIGHT)
    desk.move((250, 100))
    desk.release((250, 100))
    assert (desk.selection.array[95:105, 50:250] == 255).all()
    assert len(desk.patches) == 1


def test_losing_the_focus_or_the_release_ends_the_stroke(desk: Desk) -> None:
    desk.press((50, 100))
    desk.move((100, 100))
    QApplication.sendEvent(desk.canvas, QFocusEvent(QEvent.Type.FocusOut))
    desk.move((250, 100))
    desk.release((250, 100))
    assert len(desk.patches) == desk.finished == 1
    assert not desk.selection.array[:, 200:].any()
    desk.press((50, 150))
    desk.move((250, 30), NONE)  # the button came up over another window
    assert len(desk.patches) == 2
    assert not desk.selection.is_open


@pytest.mark.parametrize("tool", ["brush", "eraser", "lasso", "rectangle", "polygon"])
def test_another_photo_in_the_middle_of_a_stroke(desk: Desk, tool: str) -> None:
    desk.canvas.set_tool(tool)
    desk.press((50, 100))
    desk.move((150, 150))
    desk.selection.reset(90, 80)
    desk.canvas.show_after(desk.display(desk.photo[:90, :80]), False)
    desk.move((20, 60))
    desk.release((20, 60))
    QTest.keyClick(desk.canvas, Qt.Key.Key_Return)
    assert desk.selection.is_empty()
    assert desk.patches == []
    desk.screen()
    desk.canvas.show_after(None, False)
    desk.drag((5, 5), (20, 20))
    desk.wheel((5, 5), 120)
    assert (desk.screen() == SURROUND.red()).all()


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


def test_pointed_tells_the_pixel_and_none_outside(desk: Desk) -> None:
    seen: list[QPoint | None] = []
    desk.canvas.pointed.connect(seen.append)
    desk.move((10.5, 20.5), NONE)
    desk.move((-5, 20), NONE)
    desk.leave()
    assert seen == [QPoint(10, 20), None, None]


@pytest.mark.parametrize("ground", [0, 255, 128])
def test_the_brush_ring_is_seen_on_any_ground(desk: Desk, ground: int) -> None:
    desk.canvas.show_after(desk.display(np.full_like(desk.photo, ground)), False)
    desk.canvas.set_brush(60, 1.0)
    desk.move((150, 100), NONE)
    row = desk.screen()[150, 160:180].astype(int)
    assert np.abs(row - ground).max() > 80


def test_a_pen_presses_wide_and_erases_with_its_other_end(desk: Desk) -> None:
    def pen(kind: QEvent.Type, place: Place, pressure: float, end: QPointingDevice.PointerType) -> None:
        device = QPointingDevice("pen", 1, QInputDevice.DeviceType.Stylus, end, QInputDevice.Capability.Pressure, 1, 3)
        button = NONE if kind == QEvent.Type.TabletMove else LEFT
        held = NONE if kind == QEvent.Type.TabletRelease else LEFT
        where = desk.at(place)
        event = QTabletEvent(kind, device, where, where, pressure, 0, 0, 0, 0, 0, NO_KEY, button, held)
        QApplication.sendEvent(desk.canvas, event)
        assert event.isAccepted()

    desk.canvas.set_brush(40, 1.0)
    ends = QPointingDevice.PointerType
    for end, last in ((ends.Pen, 0.25), (ends.Eraser, 1.0)):
        pen(QEvent.Type.TabletPress, (50, 100), 1.0, end)
        pen(QEvent.Type.TabletMove, (250, 100), last, end)
        pen(QEvent.Type.TabletRelease, (250, 100), 0.0, end)
        if end == ends.Pen:
            widths = (desk.selection.array > 127).sum(axis=0)
            assert abs(int(widths[55]) - 40) <= 3
            assert abs(int(widths[248]) - 10) <= 3
            desk.canvas.set_brush(50, 1.0)
    assert desk.selection.is_empty()
    assert desk.finished == 2


def test_the_canvas_has_a_name_and_takes_the_focus(desk: Desk) -> None:
    assert desk.canvas.accessibleName()
    assert desk.canvas.accessibleDescription()
    assert desk.canvas.focusPolicy() == Qt.FocusPolicy.StrongFocus


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


def test_importing_the_canvas_loads_neither_torch_nor_opencv_nor_scipy() -> None:
    code = "import sys, app.canvas; print([name for name in ('torch', 'cv2', 'scipy') if name in sys.modules])"
    root = Path(__file__).resolve().parents[2]
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
