"""Holes: which unknown pixels are filled together, and how wide a hole is."""

from collections.abc import Iterator

import cv2
import numpy as np

from engine.image import Box, bounds

_APART = 8  # px: twice as far from each other and farther, holes do not share their surroundings


def find(unknown: np.ndarray, cell: int) -> Iterator[tuple[Box, np.ndarray]]:
    """Parts of `unknown` (H, W), bool, that together are all of it: for each the smallest box with its pixels, and
    which of the pixels in the box are its own (h, w), bool.

    Holes near each other are in one part, and small ones with others in the same square of `cell` px. What a part is
    does not depend on where the picture was cropped.
    """
    near = cv2.dilate(unknown.view(np.uint8), np.ones((2 * _APART + 1,) * 2, np.uint8))
    count, found, stats, _centres = cv2.connectedComponentsWithStats(near, connectivity=8)
    labels = np.asarray(found, np.int32)
    if count == 1:
        return
    left, top, width, height = stats[1:, :4].T.astype(np.int64)
    start = bounds(unknown)
    # a square at least as large as the hole: so few windows overlap, however long the scratches are
    side = np.maximum(cell, 2 ** np.ceil(np.log2(np.maximum(width, height))).astype(np.int64))
    square = np.stack([side, (top - start.top + _APART) // side, (left - start.left + _APART) // side], axis=1)
    _squares, part = np.unique(square, axis=0, return_inverse=True)
    lookup = np.append(-1, part)  # label 0 is no hole
    for number in range(lookup.max() + 1):
        own = lookup[1:] == number
        y, x = int(top[own].min()), int(left[own].min())
        box = Box(y, int((top + height)[own].max()), x, int((left + width)[own].max()))
        pixels = (lookup[labels[box.slices]] == number) & unknown[box.slices]
        tight = bounds(pixels)
        yield Box(y + tight.top, y + tight.bottom, x + tight.left, x + tight.right), pixels[tight.slices]


def within(box: Box, outer: Box) -> Box:
    """`box` as seen from the top left corner of `outer`."""
    return Box(box.top - outer.top, box.bottom - outer.top, box.left - outer.left, box.right - outer.left)


def wide(unknown: np.ndarray, width: float) -> np.ndarray:
    """The holes of `unknown` (H, W), bool, into which a disc wider than `width` px fits: bool (H, W)."""
    hole = unknown.view(np.uint8)
    middle = cv2.distanceTransform(hole, cv2.DIST_L2, 5) > width / 2
    if not middle.any():
        return np.zeros_like(unknown)
    count, found = cv2.connectedComponents(hole, connectivity=8)
    labels = np.asarray(found, np.int32)
    chosen = np.zeros(count, bool)
    chosen[labels[middle]] = True
    return chosen[labels]
