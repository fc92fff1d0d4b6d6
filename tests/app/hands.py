"""Hands for the tests of the window: painting and pressing keys on the real widgets."""

from typing import Protocol

from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.canvas import Canvas
from app.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton


class HasCanvas(Protocol):
    """The window, or as much of it as a test needs."""

    canvas: Canvas


def at(window: HasCanvas, x: float, y: float) -> QPoint:
    """Where a photo pixel is on the canvas."""
    ratio = window.canvas.devicePixelRatioF()
    left, top = window.canvas.viewport.to_view(x + 0.5, y + 0.5)
    return QPoint(round(left / ratio), round(top / ratio))


def paint_scratch(window: MainWindow, qtbot: QtBot, button: Qt.MouseButton = LEFT) -> None:
    canvas = window.canvas
    qtbot.mousePress(canvas, button, pos=at(window, 20, 10))
    for y in range(12, 50, 4):
        qtbot.mouseMove(canvas, at(window, 20, y))
    qtbot.mouseRelease(canvas, button, pos=at(window, 20, 49))


def key(window: MainWindow, qtbot: QtBot, *keys: Qt.Key) -> None:
    window.canvas.setFocus()
    for one in keys:
        qtbot.keyClick(window.canvas, one)


def press_enter_in_the_dialog(window: MainWindow, qtbot: QtBot) -> None:
    dialog = window.files.dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isActiveWindow)
    focus = dialog.focusWidget()
    assert focus is not None
    qtbot.keyClick(focus, Qt.Key.Key_Return)
