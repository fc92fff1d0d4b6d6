"""The painting tools: what presses, moves and releases of mouse or pen do to the selection."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from PySide6.QtCore import QObject

from app import brush
from app.brush import Coverage, Point
from app.selection import Selection

_CLOSE = 8.0  # device px within which a click meets the first point of a polygon
_FINEST = 0.1  # share of the brush size that the lightest touch of a pen gives


class Touch(NamedTuple):
    """Where and how the mouse or pen acts."""

    point: Point  # image px
    size: float  # diameter of the brush, image px
    hardness: float = 0.8
    erase: bool = False
    straight: bool = False  # a line from the last point
    pressure: float = 1.0
    scale: float = 1.0  # device px per image px


class Tool(QObject):
    """One way to paint. Between `press` and its end the tool is `busy`; `cancel` must be possible at any time."""

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.selection = selection
        self.busy = False
        self.erase = False
        self.outline: list[Point] = []  # image px, drawn by the canvas while busy

    def press(self, touch: Touch) -> None:
        raise NotImplementedError

    def move(self, touch: Touch) -> None:
        """The mouse or pen moved, pressed or not."""

    def release(self, touch: Touch) -> bool:
        """Ends what a press began. Returns whether something was painted."""
        return False

    def finish(self) -> bool:
        """Ends at once with what there is. Returns whether something was painted."""
        self.cancel()
        return False

    def back(self) -> None:
        """Takes the last point back, where points are set one by one."""

    def cancel(self) -> None:
        """Gives up what has been begun."""
        self.busy = False
        self.outline = []

    def _fill(self, label: str, shapes: Iterable[Coverage]) -> bool:
        self.selection.begin(label)
        self.selection.paint(shapes, self.erase)
        self.selection.commit()
        self.cancel()
        return True


class Brush(Tool):
    """Paints while pressed; with `always_erase` it is the eraser."""

    def __init__(self, selection: Selection, always_erase: bool, parent: QObject | None = None) -> None:
        super().__init__(selection, parent)
        self._always_erase = always_erase
        self._last: Point | None = None
        self._size = 0.0
        selection.resized.connect(self.forget)

    def forget(self) -> None:
        """The last point belongs to another photo."""
        self._last = None

    def press(self, touch: Touch) -> None:
        self.erase = touch.erase or self._always_erase
        self.busy = True
        self.selection.begin(self.tr("Eraser stroke") if self.erase else self.tr("Brush stroke"))
        self._size = _size(touch)
        if not touch.straight or self._last is None:
            self._last = touch.point
        self._draw(touch)

    def move(self, touch: Touch) -> None:
        if self.busy:
            self._draw(touch)

    def release(self, touch: Touch) -> bool:
        return self.finish()

    def finish(self) -> bool:
        painted = self.busy and self.selection.is_open
        self.busy = False
        if painted:
            self.selection.commit()
        return painted

    def cancel(self) -> None:
        if self.busy:
            self.selection.abandon()
        super().cancel()

    def _draw(self, touch: Touch) -> None:
        start, size = self._last or touch.point, _size(touch)
        shapes = brush.line(start, touch.point, (self._size, size), touch.hardness, self.selection.array.shape)
        self.selection.paint(shapes, self.erase)
        self._last, self._size = touch.point, size


class Lasso(Tool):
    """Selects what a free line encloses."""

    def press(self, touch: Touch) -> None:
        self.busy, self.erase, self.outline = True, touch.erase, [touch.point]

    def move(self, touch: Touch) -> None:
        if self.busy and math.dist(self.outline[-1], touch.point) * touch.scale >= 1:
            self.outline.append(touch.point)

    def release(self, touch: Touch) -> bool:
        if len(self.outline) < 3:
            self.cancel()
            return False
        label = self.tr("Erase by lasso") if self.erase else self.tr("Lasso")
        return self._fill(label, brush.polygon(self.outline, self.selection.array.shape))


class Rectangle(Tool):
    """Selects the pixels between two corners."""

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(selection, parent)
        self._corner: Point = (0.0, 0.0)

    def press(self, touch: Touch) -> None:
        self.busy, self.erase, self._corner = True, touch.erase, touch.point
        self.move(touch)

    def move(self, touch: Touch) -> None:
        if self.busy:
            (left, top), (right, bottom) = self._corner, touch.point
            self.outline = [(left, top), (right, top), (right, bottom), (left, bottom)]

    def release(self, touch: Touch) -> bool:
        self.move(touch)
        if not self.busy or math.dist(self._corner, touch.point) * touch.scale < 2:
            self.cancel()
            return False
        label = self.tr("Erase rectangle") if self.erase else self.tr("Rectangle")
        return self._fill(label, brush.rectangle(self._corner, touch.point, self.selection.array.shape))


class Polygon(Tool):
    """Selects what a line through clicked points encloses; a click on the first point or `finish` closes it."""

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(selection, parent)
        self._points: list[Point] = []

    def press(self, touch: Touch) -> None:
        if not self.busy:
            self.busy, self.erase, self._points = True, touch.erase, []
        elif len(self._points) > 2 and math.dist(self._points[0], touch.point) * touch.scale <= _CLOSE:
            self.finish()
            return
        self._points.append(touch.point)
        self.outline = [*self._points, touch.point]

    def move(self, touch: Touch) -> None:
        if self.busy:
            self.outline = [*self._points, touch.point]

    def finish(self) -> bool:
        if len(self._points) < 3:
            self.cancel()
            return False
        label = self.tr("Erase polygon") if self.erase else self.tr("Polygon")
        return self._fill(label, brush.polygon(self._points, self.selection.array.shape))

    def back(self) -> None:
        self._points = self._points[:-1]
        if self._points:
            self.outline = [*self._points, self.outline[-1]]
        else:
            self.cancel()

    def cancel(self) -> None:
        super().cancel()
        self._points = []


def _size(touch: Touch) -> float:
    return max(1.0, touch.size * max(_FINEST, touch.pressure))


def make_tools(selection: Selection, parent: QObject) -> dict[str, Tool]:
    """All tools by name."""
    return {
        "brush": Brush(selection, False, parent),
        "eraser": Brush(selection, True, parent),
        "lasso": Lasso(selection, parent),
        "rectangle": Rectangle(selection, parent),
        "polygon": Polygon(selection, parent),
    }
