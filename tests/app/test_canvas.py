"""The canvas through real events: what mouse, wheel, pen and keys do to the selection and the brush."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent, QInputDevice, QKeyEvent, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.painting import SURROUND
from tests.app.desk import ALT, LEFT, NO_KEY, NONE, RIGHT, SHIFT, Desk, Place


@pytest.fixture
def desk(qtbot) -> Desk:
    return Desk.shown(qtbot, 200, 300)


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


def test_importing_the_canvas_loads_neither_torch_nor_opencv_nor_scipy() -> None:
    code = "import sys, app.canvas; print([name for name in ('torch', 'cv2', 'scipy') if name in sys.modules])"
    root = Path(__file__).resolve().parents[2]
    result = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_z_shows_true_pixels_at_the_mouse_while_held(qtbot) -> None:
    desk = Desk.shown(qtbot, 900, 1200)
    before = desk.canvas.viewport.state()
    desk.move((300, 200), NONE)
    place = desk.at((300, 200))
    qtbot.keyPress(desk.canvas, Qt.Key.Key_Z)
    assert desk.canvas.zoom == 1
    assert (desk.at((300, 200)) - place).manhattanLength() <= 3
    qtbot.keyRelease(desk.canvas, Qt.Key.Key_Z)
    assert desk.canvas.viewport.state() == before
    qtbot.keyPress(desk.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert desk.canvas.viewport.state() == before
