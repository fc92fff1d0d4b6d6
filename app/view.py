"""The widget that shows a photo: zoom and pan, before and after, previews and the tint of the selection."""

import math

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app import painting
from app.changes import HeatMap
from app.display import Display
from app.selection import Selection
from app.tint import Tint
from app.viewport import Viewport
from engine.image import Box

_REFINE = 120  # ms without movement until the photo is drawn smoothly
_ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_MARGIN = 8  # logical px around a fitted photo


class PhotoView(QWidget):
    """Everything inside is in device px; Qt's logical px occur only in events and in `update`."""

    zoomed = Signal(float)
    view_changed = Signal()  # pan, zoom or resize

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.selection = selection
        self.viewport = Viewport()
        self.tint = Tint(selection, self)
        self._after: Display | None = None
        self._before: Display | None = None
        self._preview: tuple[Box, Display] | None = None
        self._changes: HeatMap | None = None
        self._ring: Box | None = None
        self._original = self._split = False
        self._peeked: tuple[float, int, int, bool] | None = None
        self._tinted = True
        self._share = 0.5  # of the width that the split slider gives to "before"
        self._moving = QTimer(self, singleShot=True, interval=_REFINE)
        self._moving.timeout.connect(self.update)
        self.setMinimumSize(160, 120)
        selection.changed.connect(self._show_change)

    @property
    def zoom(self) -> float:
        """Device px per photo px: 1 is 100 %."""
        return self.viewport.zoom

    @property
    def has_photo(self) -> bool:
        return self._after is not None

    def show_after(self, display: Display | None, keep_view: bool) -> None:
        """The photo as it is now, without preview. One of another size is fitted, whatever `keep_view` says."""
        same = display is not None and self._after is not None and display.size == self._after.size
        self._after, self._preview = display, None
        if not (same and keep_view):
            size = display.size if display else None
            self._peeked = None
            self.viewport.show(size.width() if size else 0, size.height() if size else 0)
            self._moved(refine=False)
        self.update()

    def show_before(self, display: Display | None) -> None:
        """The photo to compare with; there is nothing to compare while its size is another one."""
        self._before = display
        self.update()

    def show_preview(self, box: Box, display: Display | None) -> None:
        """A picture of `box` over the photo, until it is replaced, taken away by None, or the photo changes."""
        old, self._preview = self._preview, (box, display) if display is not None else None
        for where in (box, old[0] if old else box):
            self._update_device(self.viewport.view_rect(where, 2))

    def show_changes(self, heat: HeatMap | None) -> None:
        """The differences over the photo instead of the tint, until they are taken away by None."""
        self._changes = heat
        self.update()

    def hold_original(self, on: bool) -> None:
        """Show only the photo to compare with."""
        self._original = on
        self.update()

    def set_split(self, on: bool) -> None:
        """Before on the left of a slider, after on the right."""
        self._split = on
        self.update()

    def set_split_share(self, share: float) -> None:
        """Move the slider: 0 is the left edge of the canvas, 1 the right."""
        self._share = min(1.0, max(0.0, share))
        self.update()

    def set_tint(self, on: bool) -> None:
        self._tinted = on
        self.update()

    def set_tint_colour(self, colour: QColor) -> None:
        self.tint.set_colour(colour)
        self.update()

    def fit(self) -> None:
        self.viewport.fit()
        self._moved(refine=False)

    def actual_size(self) -> None:
        self._zoom_to(1.0)

    def zoom_in(self) -> None:
        self._zoom_to(self.viewport.stepped(1))

    def zoom_out(self) -> None:
        self._zoom_to(self.viewport.stepped(-1))

    def look_at(self, box: Box) -> None:
        """Bring a box of the photo into the middle, at least at 100 % where it fits."""
        if self.has_photo and not box.empty:
            self._peeked = None
            self.viewport.look_at(box, max(self.zoom, 1.0))
            self._moved()

    def show_ring(self, box: Box | None) -> None:
        """A ring around a box of the photo; None: none."""
        self._ring = box
        self.update()

    def peek(self, at: QPointF | None) -> None:
        """100 % with `at` (logical px) staying in place; None: back to where the view was before."""
        if at is not None and self.has_photo:
            self._peeked = self._peeked or self.viewport.state()
            self.viewport.zoom_to(1.0, *self._device(at))
            self._moved()
        elif at is None and self._peeked:
            self.viewport.restore(self._peeked)
            self._peeked = None
            self._moved()

    def visible_box(self) -> Box:
        """The photo pixels on the screen; empty without a photo."""
        return self.viewport.visible_box()

    def comparing(self) -> bool:
        """Whether the split slider is on the screen."""
        return self._split and not self._original and self._comparable() is not None

    def draw_over(self, painter: QPainter) -> None:
        """What a tool shows above the photo, in device px."""

    def split_x(self) -> int:
        """Where the slider is, device px."""
        return round(self._share * self.viewport.width)

    def _comparable(self) -> Display | None:
        same = self._before is not None and self._after is not None and self._before.size == self._after.size
        return self._before if same else None

    def _zoom_to(self, zoom: float) -> None:
        self.viewport.zoom_to(zoom, self.viewport.width / 2, self.viewport.height / 2)
        self._moved()

    def _moved(self, refine: bool = True) -> None:
        """Zoom or position changed; with `refine` quickly drawn first, since more movement may follow."""
        if refine:
            self._moving.start()
        self.zoomed.emit(self.viewport.zoom)
        self.view_changed.emit()
        self.update()

    def _show_change(self, rect: QRect) -> None:
        if not rect.isEmpty():
            box = Box(rect.top(), rect.bottom() + 1, rect.left(), rect.right() + 1)
            self._update_device(self.viewport.view_rect(box, 2 + math.ceil(2 * min(1.0, self.zoom))))

    def _device(self, position: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return position.x() * ratio, position.y() * ratio

    def _logical(self, rect: QRect) -> QRect:
        """The smallest logical rectangle around one in device px."""
        ratio = self.devicePixelRatioF()
        x, y = math.floor(rect.left() / ratio), math.floor(rect.top() / ratio)
        right, bottom = math.ceil((rect.right() + 1) / ratio), math.ceil((rect.bottom() + 1) / ratio)
        return QRect(x, y, right - x, bottom - y)

    def _update_device(self, rect: QRect, without: QRect | None = None) -> None:
        region = QRegion(self._logical(rect))
        if without is not None and without.isValid():
            region -= QRegion(self._logical(without).adjusted(1, 1, -1, -1))
        self.update(region)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._take_size()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._take_size()
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.viewport.zoom_by(1 + event.value(), *self._device(event.position()))
            self._moved()
            return True
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms at the cursor; two fingers on a touchpad pan, and with Ctrl zoom."""
        event.accept()
        pixels, turn = event.pixelDelta(), event.angleDelta()
        amount = turn.y() or turn.x() or pixels.y()
        if not self.has_photo or (amount == 0 and pixels.isNull()):
            return
        by_finger = event.phase() != Qt.ScrollPhase.NoScrollPhase and not pixels.isNull()
        where = self._device(event.position())
        if by_finger and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            ratio = self.devicePixelRatioF()
            self.viewport.pan(pixels.x() * ratio, pixels.y() * ratio)
        elif amount % 120 == 0:
            self.viewport.zoom_to(self.viewport.stepped(amount // 120), *where)
        else:
            self.viewport.zoom_by(2 ** (amount / 240), *where)
        self._moved()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys pan by a tenth of the view; with Shift, left and right move the split slider."""
        x, y = _ARROWS.get(event.key(), (0, 0))
        keys = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if x and keys == Qt.KeyboardModifier.ShiftModifier and self.comparing():
            self.set_split_share(self._share + 0.02 * x)
        elif (x or y) and keys == Qt.KeyboardModifier.NoModifier and self.has_photo:
            self.viewport.pan(-x * self.viewport.width / 10, -y * self.viewport.height / 10)
            self._moved()
        else:
            super().keyPressEvent(event)

    def _take_size(self) -> None:
        ratio = self.devicePixelRatioF()
        self.viewport.margin = round(_MARGIN * ratio)
        self.viewport.resize(round(self.width() * ratio), round(self.height() * ratio))
        self._moved()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painting.use_device_pixels(painter, self.devicePixelRatioF())
        view = self.viewport
        painter.setClipRegion(QRegion(QRect(0, 0, view.width, view.height)) - QRegion(view.image_rect()))
        painter.fillRect(QRect(0, 0, view.width, view.height), painting.SURROUND)
        if self._after is None:
            return
        self._draw_photo(painter, self._after)
        heat = self._changes if self._changes and self._changes.size == self._after.size else None
        if heat is not None and not self._original:
            painting.draw_heat(painter, view, heat)
        elif self._tinted and not self._original:
            painting.draw_tint(painter, view, self.tint)
        painter.setClipping(False)
        if heat is not None and not self._original:
            words = (self.tr("Cleaned"), self.tr("Made up"))
            painting.draw_legend(painter, view.height, words, self.devicePixelRatioF())
        if self.comparing():
            ratio = self.devicePixelRatioF()
            painting.draw_split(painter, self.split_x(), view.height, ratio)
            painting.draw_labels(painter, self.split_x(), (self.tr("Before"), self.tr("After")), ratio)
        if self._ring is not None:
            painting.draw_mark(painter, view, self._ring, self.devicePixelRatioF())
        self.draw_over(painter)

    def _draw_photo(self, painter: QPainter, after: Display) -> None:
        """Leaves the painter clipped to the photo."""
        view, before = self.viewport, self._comparable()
        smooth = not self._moving.isActive()
        image = view.image_rect()
        painter.setClipRect(image)
        if self._original and before is not None:
            painting.draw_display(painter, view, before, smooth)
            return
        left = QRect(0, 0, self.split_x(), view.height)
        if self.comparing():
            painter.setClipRect(image.intersected(QRect(left.right() + 1, 0, view.width, view.height)))
        painting.draw_display(painter, view, after, smooth)
        if self._preview is not None:
            painting.draw_display(painter, view, self._preview[1], smooth, self._preview[0])
        if self.comparing() and before is not None:
            painter.setClipRect(image.intersected(left))
            painting.draw_display(painter, view, before, smooth)
            painter.setClipRect(image)
