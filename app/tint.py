"""The selection as the canvas draws it: coloured pictures of the mask and its halvings, without copying the mask."""

import numpy as np
from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QColor, QImage

from app.selection import Selection
from engine.image import Box

_OPACITY = 0.55  # of a fully selected pixel
_SMALLEST = 512  # px of the longer side of the last halving


class Tint(QObject):
    """Level k keeps the greatest value of 2^k x 2^k mask pixels: a scratch 1 px wide stays visible at any zoom.

    Level 0 is the selection's own memory seen as an 8-bit picture with a colour table.
    """

    def __init__(self, selection: Selection, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.colour = QColor(255, 32, 32)
        self._selection = selection
        self._levels: list[np.ndarray] = []
        self._pictures: list[QImage] = []
        selection.resized.connect(self.renew)
        selection.changed.connect(self.update)
        self.renew()

    def set_colour(self, colour: QColor) -> None:
        self.colour = colour
        self.renew()

    def renew(self) -> None:
        """Look at the selection's present array."""
        self._levels = halvings(self._selection.array)
        red, green, blue = self.colour.red(), self.colour.green(), self.colour.blue()
        shades = [QColor(red, green, blue, round(value * _OPACITY)).rgba() for value in range(256)]
        self._pictures = [indexed(level, shades) for level in self._levels]

    def update(self, rect: QRect) -> None:
        """Bring the halvings up to date where the mask changed."""
        box = Box(rect.top(), rect.bottom() + 1, rect.left(), rect.right() + 1)
        for fine, coarse in zip(self._levels, self._levels[1:], strict=False):
            box = Box(box.top // 2, -(-box.bottom // 2), box.left // 2, -(-box.right // 2))
            coarse[box.slices] = _halved(fine[2 * box.top : 2 * box.bottom, 2 * box.left : 2 * box.right])

    def picture(self, zoom: float) -> tuple[QImage, int]:
        """The finest level whose pixels are no smaller than device pixels, and its number; null for no mask."""
        level = level_for(zoom, len(self._pictures))
        return self._pictures[level], level


def level_for(zoom: float, count: int) -> int:
    """The finest of `count` halvings whose pixels are no smaller than device pixels."""
    level = 0
    while level + 1 < count and zoom * 2**level < 1:
        level += 1
    return level


def halvings(mask: np.ndarray) -> list[np.ndarray]:
    """The mask (uint8) itself, then maxima of 2 x 2, 4 x 4 ... of its pixels until that is small."""
    levels = [mask]
    while max(levels[-1].shape) > _SMALLEST:
        levels.append(_halved(levels[-1]))
    return levels


def _halved(mask: np.ndarray) -> np.ndarray:
    """The maximum of 2 x 2 pixels; the last row or column of an odd size stands alone."""
    rows = mask[0::2].copy()
    odd = mask[1::2]
    np.maximum(rows[: len(odd)], odd, out=rows[: len(odd)])
    columns = rows[:, 0::2].copy()
    odd = rows[:, 1::2]
    np.maximum(columns[:, : odd.shape[1]], odd, out=columns[:, : odd.shape[1]])
    return columns


def indexed(mask: np.ndarray, colours: list[int]) -> QImage:
    """The mask (uint8) as a picture that shares its memory; `colours` are those of its values."""
    if not mask.size:
        return QImage()
    height, width = mask.shape
    picture = QImage(mask.data, width, height, width, QImage.Format.Format_Indexed8)
    picture.setColorTable(colours)
    return picture
