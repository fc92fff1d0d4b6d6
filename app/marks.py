"""Marks: the connected regions of the selection, one for each place where something was found or painted."""

from typing import NamedTuple

import numpy as np

from engine.image import Box
from engine.progress import Progress

_BAND = 512  # px of height in which marks are taken from left to right


class Mark(NamedTuple):
    """The smallest box around a region, and one of its pixels, (y, x)."""

    box: Box
    pixel: tuple[int, int]

    @property
    def centre(self) -> tuple[float, float]:
        """(y, x) in px."""
        return (self.box.top + self.box.bottom) / 2, (self.box.left + self.box.right) / 2


def find_marks(selection: np.ndarray, progress: Progress | None = None) -> list[Mark]:
    """The regions of a selection (uint8) in reading order; pixels that touch at corners belong together."""
    import cv2  # loaded with the engine, not with the window

    if progress:
        progress(0.0)
    # outlines with their holes: a tenth of the time that labelling every pixel takes
    outlines, nesting = cv2.findContours(selection, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    marks: list[Mark] = []
    for index, outline in enumerate(outlines):
        if nesting[0, index, 3] >= 0:
            continue  # the outline of a hole
        left, top, width, height = cv2.boundingRect(outline)
        x, y = outline[0, 0]
        marks.append(Mark(Box(top, top + height, left, left + width), (int(y), int(x))))
    return sorted(marks, key=lambda mark: (mark.box.top // _BAND, mark.box.left, mark.box.top))


def region(selection: np.ndarray, mark: Mark) -> np.ndarray:
    """Which pixels of its box belong to a mark, bool (h, w)."""
    import cv2

    labels = cv2.connectedComponents((selection[mark.box.slices] > 0).astype(np.uint8), connectivity=8)[1]
    y, x = mark.pixel
    label = labels[y - mark.box.top, x - mark.box.left]
    return (labels == label) & (label > 0)


def mark_at(selection: np.ndarray, marks: list[Mark], place: tuple[int, int], reach: int) -> Mark | None:
    """The mark nearest to `place` (y, x), at most `reach` px away."""
    y, x = place
    best: tuple[float, Mark | None] = (reach + 0.5, None)
    for mark in marks:
        box = mark.box
        if box.top - reach <= y < box.bottom + reach and box.left - reach <= x < box.right + reach:
            ys, xs = np.nonzero(region(selection, mark))
            if len(ys):
                far = float(np.sqrt(((ys + box.top - y) ** 2 + (xs + box.left - x) ** 2).min()))
                best = min(best, (far, mark), key=lambda one: one[0])
    return best[1]
