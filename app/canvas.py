"""The canvas: the photo under mouse, pen, wheel and keys, with the painting tools and the brush ring."""

import math

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPointingDevice,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from app import painting
from app.selection import Selection
from app.stroke import CloneStroke, Stroke
from app.tools import Brush, Tool, Touch, make_tools
from app.view import PhotoView

_LARGEST = 0.25  # brush size as a share of the photo's longer side
_GRAB = 6  # logical px beside the split line that still take hold of it
_BUTTON, _KEY = Qt.MouseButton, Qt.Key
_TOOL_KEYS = (_KEY.Key_Return, _KEY.Key_Enter, _KEY.Key_Escape, _KEY.Key_Backspace)  # while a tool is busy


class Canvas(PhotoView):
    """Left paints, right erases, middle or Space and left pan; the wheel zooms, with Alt it changes the brush."""

    pointed = Signal(object)  # QPoint, the photo pixel under the mouse, or None
    brush_changed = Signal()  # size, hardness or tool
    stroke_finished = Signal()
    picked = Signal(QPoint)  # the photo pixel that was clicked with Ctrl, while `picks`

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(selection, parent)
        self.tool = "brush"
        self.brush_size, self.hardness = 40.0, 0.8
        self.wanted_size = 40.0  # of the brush, also where the open photo is too small for it
        self.spot, self.clone = Stroke(selection, self), CloneStroke(selection, self)
        self._tools: dict[str, Tool] = make_tools(selection, self) | {"spot": self.spot, "clone": self.clone}
        self._tool = self._tools[self.tool]
        self._drag = ""  # "", "pan", "split" or "tool": what the pressed button does
        self._button = _BUTTON.NoButton
        self.picks = False  # whether a click with Ctrl means a mark and not the tool
        self._space = False
        self._at: QPointF | None = None  # the mouse, logical px; None while it is elsewhere
        self._pressure = 1.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Photo"))
        self.setAccessibleDescription(
            self.tr("Paint over damage with the mouse or a pen. The arrow keys move the view, Space and drag too.")
        )
        selection.resized.connect(self._drop)
        self._choose_cursor()

    def set_tool(self, name: str) -> None:
        """One of those in `make_tools`, "spot" or "clone"; what another tool has begun is given up."""
        if name == self.tool:
            return
        self._interrupt()
        self._tool.cancel()
        self.tool, self._tool = name, self._tools[name]
        self._choose_cursor()
        self.update()
        self.brush_changed.emit()

    @property
    def has_erased(self) -> bool:
        """Whether the last stroke took something out of the selection."""
        return self._tool.erase

    def set_brush(self, size: float, hardness: float) -> None:
        """Diameter in photo px, 1 to a quarter of the photo's longer side, and hardness 0..1; cut to their range."""
        self.wanted_size = min(max(1.0, size), self.largest_brush())
        self._show_brush(self.wanted_size, min(max(0.0, hardness), 1.0))

    def fit_brush(self) -> None:
        """Another photo is open: the brush as it is wanted, as far as the photo is large enough for it."""
        self._show_brush(min(self.wanted_size, self.largest_brush()), self.hardness)

    def _show_brush(self, size: float, hardness: float) -> None:
        if (size, hardness) != (self.brush_size, self.hardness):
            self._update_ring()
            self.brush_size, self.hardness = size, hardness
            self._update_ring()
            self.brush_changed.emit()

    def largest_brush(self) -> float:
        longer = max(self.viewport.image_width, self.viewport.image_height)
        return max(1.0, longer * _LARGEST) if longer else 1000.0

    def step_brush(self, size: int, hardness: int = 0) -> None:
        """For the keys: a notch is a tenth of the size, at least 1 px, or a tenth of the full hardness."""
        wanted = self.brush_size
        for _ in range(abs(size)):
            wanted = max(wanted * 1.1, wanted + 1) if size > 0 else min(wanted / 1.1, wanted - 1)
        self.set_brush(wanted, round(self.hardness + 0.1 * hardness, 2))

    def draw_over(self, painter: QPainter) -> None:
        ratio = self.devicePixelRatioF()
        if isinstance(self._tool, Stroke):
            painting.draw_path(painter, self.viewport, self._tool.outline, self.brush_size * self.zoom)
            self._draw_source(painter)
        elif self._tool.outline:
            painting.draw_outline(painter, self.viewport, self._tool.outline, ratio)
        if self._at is not None and self._shows_ring():
            centre, radius = QPointF(*self._device(self._at)), self._radius()
            core = max(0.0, radius * self.hardness)
            painting.draw_ring(painter, centre, radius, core, ratio, self.tool == "eraser")

    def _draw_source(self, painter: QPainter) -> None:
        """A cross where would be copied from."""
        if self._tool is self.clone:
            at = self._at if self._at is not None else QPointF(self.rect().center())
            source = self.clone.source_for(self.viewport.to_image(*self._device(at)))
            if source is not None:
                painting.draw_cross(painter, QPointF(*self.viewport.to_view(*source)), self.devicePixelRatioF())

    def _shows_ring(self) -> bool:
        return (
            self.has_photo and isinstance(self._tool, Brush | Stroke) and self._drag in ("", "tool") and not self._space
        )

    def _radius(self) -> float:
        return max(0.5, self.brush_size * self._pressure * self.zoom / 2)

    def _update_ring(self) -> None:
        if self._at is None or not isinstance(self._tool, Brush | Stroke):
            return
        if isinstance(self._tool, Stroke):
            self.update()  # the path and the source are somewhere else
            return
        x, y = self._device(self._at)
        ratio = self.devicePixelRatioF()
        reach = painting.ring_reach(self._radius(), ratio)
        inside = 0 if self.hardness < 1 else int(0.7 * self._radius() - 3 * ratio)
        around = QRect(round(x) - reach, round(y) - reach, 2 * reach + 1, 2 * reach + 1)
        within = QRect(round(x) - inside, round(y) - inside, 2 * inside, 2 * inside) if inside > 20 * ratio else None
        self._update_device(around, within)

    def _update_outline(self) -> None:
        if self._tool.outline:
            xs, ys = zip(*(self.viewport.to_view(x, y) for x, y in self._tool.outline), strict=True)
            left, top = int(min(xs)) - 4, int(min(ys)) - 4
            self._update_device(QRect(left, top, int(max(xs)) + 5 - left, int(max(ys)) + 5 - top))

    def _move_to(self, position: QPointF | None) -> None:
        self._update_ring()
        self._at = position
        self._update_ring()
        pixel = None
        if position is not None and self.has_photo:
            x, y = self.viewport.to_image(*self._device(position))
            if 0 <= x < self.viewport.image_width and 0 <= y < self.viewport.image_height:
                pixel = QPoint(int(x), int(y))
        self.pointed.emit(pixel)

    def _touch(self, position: QPointF, erase: bool = False, straight: bool = False, pressure: float = 1.0) -> Touch:
        point = self.viewport.to_image(*self._device(position))
        return Touch(point, self.brush_size, self.hardness, erase, straight, pressure, self.zoom)

    def _begin(self, drag: str, button: Qt.MouseButton) -> None:
        self._drag, self._button = drag, button
        self._choose_cursor()

    def _end(self) -> None:
        self._drag, self._button = "", _BUTTON.NoButton
        self._choose_cursor()

    def _choose_cursor(self) -> None:
        shape = Qt.CursorShape.BlankCursor if isinstance(self._tool, Brush | Stroke) else Qt.CursorShape.CrossCursor
        if not self.has_photo:
            shape = Qt.CursorShape.ArrowCursor
        elif self._drag == "pan":
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space:
            shape = Qt.CursorShape.OpenHandCursor
        elif self._drag == "split" or (self._drag == "" and self._at is not None and self._on_split(self._at)):
            shape = Qt.CursorShape.SplitHCursor
        if shape != self.cursor().shape():
            self.setCursor(shape)

    def _on_split(self, position: QPointF) -> bool:
        beside = abs(position.x() - self.split_x() / self.devicePixelRatioF())
        on_handle = beside <= painting.HANDLE and abs(position.y() - self.height() / 2) <= painting.HANDLE
        return self.comparing() and (beside <= _GRAB or on_handle)

    def _drop(self) -> None:
        """Another photo or a wholly new mask: nothing that was begun goes on."""
        self._tool.cancel()
        self._end()
        self.update()

    def _interrupt(self) -> None:
        """The hand is taken from the canvas: a stroke counts as far as it went, an outline being drawn is lost."""
        if self._drag == "tool":
            if isinstance(self._tool, Brush):
                self._finish(self._tool.finish())
            elif self.tool != "polygon":
                self._tool.cancel()
                self.update()
        self._space = False
        self._end()

    def _finish(self, painted: bool) -> None:
        self.update() if not isinstance(self._tool, Brush) else None
        if painted:
            self.stroke_finished.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._drag or not self.has_photo:
            return  # a second button pressed during a stroke means nothing
        position, button, keys = event.position(), event.button(), event.modifiers()
        self._pressure = 1.0
        if button == _BUTTON.MiddleButton or (button == _BUTTON.LeftButton and self._space):
            self._move_to(position)
            self._begin("pan", button)
        elif button == _BUTTON.LeftButton and self._on_split(position):
            self._begin("split", button)
        elif self.picks and button == _BUTTON.LeftButton and keys & Qt.KeyboardModifier.ControlModifier:
            x, y = self.viewport.to_image(*self._device(position))
            self.picked.emit(QPoint(math.floor(x), math.floor(y)))
        elif button in (_BUTTON.LeftButton, _BUTTON.RightButton):
            self._begin("tool", button)
            erase = button == _BUTTON.RightButton or bool(keys & Qt.KeyboardModifier.AltModifier)
            self._press(self._touch(position, erase, bool(keys & Qt.KeyboardModifier.ShiftModifier)))

    def _press(self, touch: Touch) -> None:
        self._update_outline()
        was_busy = self._tool.busy
        self._tool.press(touch)
        self._update_outline()
        if was_busy and not self._tool.busy:  # the click that closes a polygon
            self._finish(True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position, old = event.position(), self._at
        if self._drag and not event.buttons() & self._button:
            self._interrupt()  # the release went to another window
        if self._drag == "pan" and old is not None:
            (x, y), (old_x, old_y) = self._device(position), self._device(old)
            self.viewport.pan(x - old_x, y - old_y)
            self._moved()
        elif self._drag == "split":
            self.set_split_share(position.x() / max(1, self.width()))
        else:
            self._track(self._touch(position))
        self._move_to(position)
        self._choose_cursor()

    def _track(self, touch: Touch) -> None:
        self._update_outline()
        self._tool.move(touch)
        self._update_outline()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != self._button or not self._drag:
            return
        if self._drag == "tool":
            self._finish(self._tool.release(self._touch(event.position())))
        self._end()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.tool == "polygon" and self._tool.busy and not self._drag:
            self._finish(self._tool.finish())
        else:
            self.mousePressEvent(event)

    def tabletEvent(self, event: QTabletEvent) -> None:
        event.accept()  # otherwise Qt sends the same as mouse events, without pressure
        position, kind = event.position(), event.type()
        self._pressure = max(0.1, event.pressure()) if event.pressure() > 0 else 1.0
        eraser = event.pointerType() == QPointingDevice.PointerType.Eraser
        erase = (
            eraser or event.button() == _BUTTON.RightButton or bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        )
        straight = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        touch = self._touch(position, erase, straight, self._pressure)
        if kind == QEvent.Type.TabletPress and not self._drag and self.has_photo:
            self._begin("pan" if self._space else "tool", event.button())
            if self._drag == "tool":
                self._press(touch)
        elif kind == QEvent.Type.TabletMove and self._drag == "pan" and self._at is not None:
            move = (position - self._at) * self.devicePixelRatioF()
            self.viewport.pan(move.x(), move.y())
            self._moved()
        elif kind == QEvent.Type.TabletMove:
            self._track(touch)
        elif kind == QEvent.Type.TabletRelease and self._drag:
            if self._drag == "tool":
                self._finish(self._tool.release(touch))
            self._end()
        self._move_to(position)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y() or event.angleDelta().x()  # Alt turns the wheel's axis on some systems
        if turn and self.has_photo and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            event.accept()
            self.step_brush(round(turn / 120) or (1 if turn > 0 else -1))
        else:
            super().wheelEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._takes(event.key()):
            event.accept()  # no shortcut of the window may take these
            return True
        return super().event(event)

    def _takes(self, key: int) -> bool:
        own = key == _KEY.Key_Space or (self._tool.busy and key in _TOOL_KEYS)
        return own or QApplication.activePopupWidget() is not None  # letters are for the menu that is open

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == _KEY.Key_Space:
            self._space = True
            self._update_ring()
            self._choose_cursor()
        elif self._tool.busy and key in _TOOL_KEYS:
            self._tool_key(key)
        elif key == _KEY.Key_Z and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            if not event.isAutoRepeat():
                self.peek(self._at or QPointF(self.rect().center()))
        else:
            super().keyPressEvent(event)

    def _tool_key(self, key: int) -> None:
        if key == _KEY.Key_Escape:
            self._tool.cancel()
        elif key == _KEY.Key_Backspace:
            self._tool.back()
        elif not self._drag:
            self._finish(self._tool.finish())
        self.update()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == _KEY.Key_Z and not event.isAutoRepeat():
            self.peek(None)
        elif event.key() != _KEY.Key_Space:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self._space = False
            self._update_ring()
            self._choose_cursor()

    def leaveEvent(self, event: QEvent) -> None:
        self._move_to(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._interrupt()
        self.peek(None)
        super().focusOutEvent(event)
