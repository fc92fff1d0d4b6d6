"""Running a function over a big image piece by piece, seamlessly."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from engine.image import Box, Image
from engine.progress import Progress


def split(shape: tuple[int, ...], tile: int, multiple: int = 1) -> list[Box]:
    """Boxes of at most `tile` px a side, nearly equal in size, that cover an image of `shape` (H, W, ...) once.

    They begin at multiples of `multiple`, which must divide `tile`.
    """
    y, x = (_cuts(length, tile, multiple) for length in shape[:2])
    return [Box(top, bottom, left, right) for top, bottom in pairwise(y) for left, right in pairwise(x)]


def _cuts(length: int, tile: int, multiple: int) -> list[int]:
    """Where a side of `length` px is cut, both ends included."""
    count, units = -(-length // tile), length / multiple
    return [round(index * units / count) * multiple for index in range(count)] + [length]


def run_tiled(
    image: Image,
    function: Callable[[np.ndarray, Box], np.ndarray],
    tile: int,
    overlap: int,
    progress: Progress,
    multiple: int = 1,
) -> np.ndarray:
    """`function(crop, box)` over tiles: `crop` has `overlap` px more on each side (fewer at the border), `box` says
    where it lies; the overlap of its answer (same height and width as crop, any channels) is dropped. Returns a new
    writable array, float32 or, if the answers are, of whole numbers.

    Equal to the untiled result wherever the function depends on at most `overlap` px around and, if it works
    on a grid, on the grid's phase: crops begin at multiples of `multiple`, which divides both. Raises Cancelled.
    """
    result: np.ndarray | None = None
    for box in progress.each(split(image.shape, tile, multiple)):
        wide = box.grown(overlap, image.shape)
        answer = function(image[wide.slices], wide)
        if result is None:
            dtype = answer.dtype if answer.dtype.kind == "i" else np.float32
            result = np.empty((*image.shape[:2], *answer.shape[2:]), dtype)
        inner = Box(box.top - wide.top, box.bottom - wide.top, box.left - wide.left, box.right - wide.left)
        result[box.slices] = answer[inner.slices]
    assert result is not None  # no image is without pixels
    return result
