"""Holes: which unknown pixels are filled together, and how wide a hole is."""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from engine.image import Box, bounds

_BLOCK = 16  # px: holes nearer to each other are in one part, those twice as far are not
_CELL = 128  # px: the widths of holes in such a square are measured together


def find(unknown: np.ndarray, cell: int) -> Iterator[tuple[Box, np.ndarray]]:
    """Parts of `unknown` (H, W), bool, that together are all of it: for each the smallest box with its pixels, and
    which of the pixels in the box are its own (h, w), bool.

    Holes near each other are in one part, and small ones with others in the same square of `cell` px. What a part is
    does not depend on where the picture was cropped.
    """
    start = bounds(unknown)
    if start.empty:
        return
    unknown = unknown[start.slices]
    _count, found, stats, _centres = cv2.connectedComponentsWithStats(_shrink(unknown), connectivity=8)
    labels = np.asarray(found, np.int32)
    left, top, width, height = stats[1:, :4].T.astype(np.int64) * _BLOCK
    # a square at least as large as the hole: so few windows overlap, however long the scratches are
    side = np.maximum(cell, 2 ** np.ceil(np.log2(np.maximum(width, height))).astype(np.int64))
    _squares, part = np.unique(np.stack([side, top // side, left // side], axis=1), axis=0, return_inverse=True)
    order, lookup = np.argsort(part, kind="stable"), np.append(-1, part)  # label 0 is no hole
    firsts = np.searchsorted(part[order], np.arange(part.max() + 1))
    tops, lefts = (np.minimum.reduceat(edge[order], firsts) for edge in (top, left))
    bottoms, rights = (np.maximum.reduceat(edge[order], firsts) for edge in (top + height, left + width))
    for number, box in enumerate(Box(*edges) for edges in zip(tops, bottoms, lefts, rights, strict=True)):
        blocks = labels[box.top // _BLOCK : box.bottom // _BLOCK, box.left // _BLOCK : box.right // _BLOCK]
        own = (lookup[blocks] == number).repeat(_BLOCK, axis=0).repeat(_BLOCK, axis=1)
        some = unknown[box.slices]
        pixels = some & own[: some.shape[0], : some.shape[1]]
        tight = bounds(pixels)
        yield _moved(tight, start.top + int(box.top), start.left + int(box.left)), pixels[tight.slices]


def split(parts: Iterable[tuple[Box, np.ndarray]], side: int) -> Iterator[tuple[Box, np.ndarray]]:
    """The same pixels in parts of at most `side` px a side: larger ones are cut along a grid that hangs on them."""
    for box, own in parts:
        for top in range(0, own.shape[0], side):
            for left in range(0, own.shape[1], side):
                some = own[top : top + side, left : left + side]
                tight = bounds(some)
                if not tight.empty:
                    yield _moved(tight, box.top + top, box.left + left), some[tight.slices]


def _shrink(unknown: np.ndarray) -> np.ndarray:
    """Which squares of _BLOCK px hold any unknown pixel, uint8."""
    rows = np.stack([unknown[top : top + _BLOCK].any(axis=0) for top in range(0, len(unknown), _BLOCK)])
    return np.logical_or.reduceat(rows, range(0, rows.shape[1], _BLOCK), axis=1).view(np.uint8)


def _moved(box: Box, down: int, right: int) -> Box:
    return Box(box.top + down, box.bottom + down, box.left + right, box.right + right)


def within(box: Box, outer: Box) -> Box:
    """`box` as seen from the top left corner of `outer`."""
    return Box(box.top - outer.top, box.bottom - outer.top, box.left - outer.left, box.right - outer.left)


def wide(unknown: np.ndarray, width: float) -> np.ndarray:
    """The holes of `unknown` (H, W), bool, into which a disc wider than `width` px fits: bool (H, W)."""
    result = np.zeros_like(unknown)
    for box, own in find(unknown, _CELL):
        if min(own.shape) <= width / 2:  # at the picture's edge half a disc counts
            continue
        outer = box.grown(1, unknown.shape)
        hole = np.zeros((outer.bottom - outer.top, outer.right - outer.left), np.uint8)
        hole[within(box, outer).slices] = own
        middle = cv2.distanceTransform(hole, cv2.DIST_L2, 5) > width / 2
        if middle.any():
            count, found = cv2.connectedComponents(hole, connectivity=8)
            labels = np.asarray(found, np.int32)
            chosen = np.zeros(count, bool)
            chosen[labels[middle]] = True
            result[outer.slices] |= chosen[labels]
    return result
