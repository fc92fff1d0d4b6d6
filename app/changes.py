"""What changed: where and how much a photo differs from the original, and whether by cleaning or by making up."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage

from app.tint import halvings, indexed
from engine.document import Document
from engine.image import Image, Mask, frozen
from engine.operation import Operation, move
from engine.progress import Progress

_FULL = 48 / 255  # a difference that is shown at full strength
_ROWS = 256  # compared at once
_CLEANED, _MADE_UP = 1, 128  # the first value of each kind in a heat map; 0 is unchanged
# From a small to a great difference: red, green, blue, opacity. Told apart by those who see no red or no green too.
CLEANED = (QColor(50, 100, 240, 70), QColor(150, 240, 255, 240))
MADE_UP = (QColor(205, 60, 0, 150), QColor(255, 225, 70, 250))


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Pictures of the differences and of their halvings, and shares of the photo's pixels, 0..1.

    Halvings keep the greatest value, so that a single changed pixel is seen at any zoom.
    """

    size: QSize
    levels: tuple[np.ndarray, ...]  # uint8; kept, for the pictures do not own their memory
    pictures: tuple[QImage, ...]
    changed: float
    made_up: float

    @staticmethod
    def of(document: Document, image: Image, progress: Progress | None = None) -> "HeatMap":
        """How `image`, which the document gives, differs from its source, moved alike. Raises Cancelled."""
        progress = progress or Progress()
        original = document.move(document.source)
        progress(0.2)
        made = made_up(document)
        heat = np.zeros(image.shape[:2], np.uint8)
        for top in progress.part(0.3, 0.9).each(range(0, len(image), _ROWS)):
            rows = slice(top, top + _ROWS)
            heat[rows] = _heat(original[rows], image[rows], made[rows] > 0)
        levels = halvings(heat)
        pictures = tuple(indexed(level, _COLOURS) for level in levels)
        shares = (float(np.count_nonzero(heat >= least)) / heat.size for least in (_CLEANED, _MADE_UP))
        return HeatMap(QSize(image.shape[1], image.shape[0]), tuple(levels), pictures, *shares)


def makes_up(operation: Operation) -> bool:
    """Whether what it puts in place was not in the photo there: the repairs."""
    return operation.group == "repair" or operation.needs_mask


def made_up(document: Document) -> Mask:
    """Where anything was made up, in the photo as it is now: the masks of all repairs, moved with its pixels."""
    made = np.zeros(document.source.shape[:2], np.float32)
    for step in document.steps:
        if step.operation.moves:
            made = move(step.operation, frozen(made))
        elif makes_up(step.operation):
            made = np.ones_like(made) if step.mask is None else np.maximum(made, step.mask)
    return frozen(made)


def _heat(old: np.ndarray, new: np.ndarray, made: np.ndarray) -> np.ndarray:
    """The values of a heat map for some rows: the root of the difference shows small ones too. uint8 (h, W)"""
    difference = np.abs(new - old)
    greatest = np.maximum(np.maximum(difference[..., 0], difference[..., 1]), difference[..., 2])
    strength = np.sqrt(np.minimum(1, greatest / np.float32(_FULL))) * np.float32(_MADE_UP - _CLEANED - 1)
    values = strength.astype(np.uint8) + np.where(made, np.uint8(_MADE_UP), np.uint8(_CLEANED))
    values[greatest == 0] = 0
    return values


def _ramp(ends: tuple[QColor, QColor], count: int) -> list[int]:
    """Colours from one to the other, for a colour table."""
    first, last = (np.array(end.getRgb(), float) for end in ends)
    steps = (first + share * (last - first) for share in np.linspace(0, 1, count))
    return [QColor(*(round(part) for part in step)).rgba() for step in steps]


_COLOURS = [0, *_ramp(CLEANED, _MADE_UP - _CLEANED), *_ramp(MADE_UP, 256 - _MADE_UP)]
