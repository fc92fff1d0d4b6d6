"""Running a function over a big image piece by piece, seamlessly."""

from collections.abc import Callable

import numpy as np

from engine.image import Box, Image
from engine.progress import Progress


def split(shape: tuple[int, ...], tile: int) -> list[Box]:
    """Boxes of at most `tile` px a side, nearly equal in size, that cover an image of `shape` (H, W, ...) once."""
    height, width = shape[:2]
    rows, columns = -(-height // tile), -(-width // tile)
    y = [round(index * height / rows) for index in range(rows + 1)]
    x = [round(index * width / columns) for index in range(columns + 1)]
    return [Box(y[r], y[r + 1], x[c], x[c + 1]) for r in range(rows) for c in range(columns)]


def run_tiled(
    image: Image, function: Callable[[np.ndarray, Box], np.ndarray], tile: int, overlap: int, progress: Progress
) -> np.ndarray:
    """`function(crop, box)` over tiles: `crop` has `overlap` px more on each side (fewer at the border), `box` says
    where it lies; the overlap of its answer (same height and width as crop) is dropped. Returns a new writable array.

    Equal to the untiled result wherever the function depends on at most `overlap` px around. Raises Cancelled.
    """
    result = np.empty(image.shape, np.float32)
    for box in progress.each(split(image.shape, tile)):
        wide = box.grown(overlap, image.shape)
        answer = function(image[wide.slices], wide)
        inner = Box(box.top - wide.top, box.bottom - wide.top, box.left - wide.left, box.right - wide.left)
        result[box.slices] = answer[inner.slices]
    return result
