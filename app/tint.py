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
        self._levels = [self._selection.array]
        while max(self._levels[-1].shape) > _SMALLEST:
            self._levels.append(_halved(self._levels[-1]))
        self._pictures = [_picture(level, self.colour) for level in self._levels]

    def update(self, rect: QRect) -> None:
        """Bring the halvings up to date where the mask changed."""
        box = Box(rect.top(), rect.bottom() + 1, rect.left(), rect.right() + 1)
        for fine, coarse in zip(self._levels, self._levels[1:], strict=False):
            box = Box(box.top // 2, -(-box.bottom // 2), box.left // 2, -(-box.right // 2))
            coarse[box.slices] = _halved(fine[2 * box.top : 2 * box.bottom, 2 * box.left : 2 * box.right])

    def picture(self, zoom: float) -> tuple[QImage, int]:
        """The finest level whose pixels are no smaller than device pixels, and its number; null for no mask."""
        level = 0
        while level + 1 < len(self._pictures) and zoom * 2**level < 1:
            level += 1
        return self._pictures[level], level


def _halved(mask: np.ndarray) -> np.ndarray:
    """The maximum of 2 x 2 pixels; the last row or column of an odd size stands alone."""
    rows = mask[0::2].copy()
    odd = mask[1::2]
    np.maximum(rows[: len(odd)], odd, out=rows[: len(odd)])
    columns = rows[:, 0::2].copy()
    odd = rows[:, 1::2]
    np.maximum(columns[:, : odd.shape[1]], odd, out=columns[:, : odd.shape[1]])
    return columns


def _picture(mask: np.ndarray, colour: QColor) -> QImage:
    if not mask.size:
        return QImage()
    height, width = mask.shape
    picture = QImage(mask.data, width, height, width, QImage.Format.Format_Indexed8)
    shades = [QColor(colour.red(), colour.green(), colour.blue(), round(value * _OPACITY)) for value in range(256)]
    picture.setColorTable([shade.rgba() for shade in shades])
    return picture
