"""A canvas with a photo, and hands for it: what the tests of the canvas work with."""

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas import Canvas
from app.display import Display
from app.selection import Patch, Selection
from engine.image import frozen

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

    @staticmethod
    def shown(qtbot, height: int, width: int) -> "Desk":
        desk = Desk(height, width)
        qtbot.addWidget(desk.canvas)
        desk.canvas.show()
        desk.settle()
        return desk

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
