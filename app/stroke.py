"""Tools whose strokes are repaired at once, each by itself and beside the selection: spot and clone."""

import numpy as np
from PySide6.QtCore import QObject, Signal

from app import brush
from app.brush import Point
from app.selection import Selection
from app.tools import Tool, Touch


class Stroke(Tool):
    """Gathers a stroke of the brush; the selection stays as it is."""

    drawn = Signal(object)  # the mask of the stroke, uint8, of the photo's size

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(selection, parent)
        self._mask = np.zeros((0, 0), np.uint8)
        self._last: Point = (0.0, 0.0)

    def press(self, touch: Touch) -> None:
        self.busy, self.outline = True, [touch.point]
        self._mask = np.zeros_like(self.selection.array)
        self._last = touch.point
        self.move(touch)

    def move(self, touch: Touch) -> None:
        if not self.busy:
            return
        shape = self._mask.shape
        for piece in brush.line(self._last, touch.point, (touch.size, touch.size), touch.hardness, shape):
            brush.blend(self._mask, piece, False)
        self._last = touch.point
        self.outline.append(touch.point)

    def release(self, touch: Touch) -> bool:
        if self.busy:
            mask = self._mask
            self.cancel()
            if mask.any():
                self.drawn.emit(mask)
        return False

    def cancel(self) -> None:
        super().cancel()
        self._mask = np.zeros((0, 0), np.uint8)


class CloneStroke(Stroke):
    """Copies from a source, which a press with `erase` (Alt) sets; it then keeps its distance to the brush."""

    copied = Signal(object, int, int)  # the mask of the stroke, and how far right and down its source lies, px
    sourceless = Signal()  # pressed before there is a source
    sourced = Signal()  # the source was set

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(selection, parent)
        self.source: Point | None = None  # image px, as it was set
        self.distance: tuple[int, int] | None = None  # right and down; None until the first stroke after that
        self.drawn.connect(self._tell)
        selection.resized.connect(self.forget)

    def forget(self) -> None:
        """The source belongs to another photo."""
        self.source = self.distance = None

    def source_for(self, point: Point) -> Point | None:
        """Where would be copied from with the brush at `point`."""
        if self.distance is None:
            return self.source
        return point[0] + self.distance[0], point[1] + self.distance[1]

    def press(self, touch: Touch) -> None:
        if touch.erase:
            self.source, self.distance = touch.point, None
            self.sourced.emit()
            return
        if self.source is None:
            self.sourceless.emit()
            return
        if self.distance is None:
            self.distance = (round(self.source[0] - touch.point[0]), round(self.source[1] - touch.point[1]))
        super().press(touch)

    def _tell(self, mask: np.ndarray) -> None:
        if self.distance is not None:
            self.copied.emit(mask, *self.distance)
