"""Turned copies of a picture laid beside it, so that patches turned by 90, 180 and 270 degrees are found too."""

from typing import NamedTuple

import numpy as np


class Ground(NamedTuple):
    """A picture at the top left, with whatever is copied from beside it to the right and below."""

    image: np.ndarray  # (H, W, C), float32
    hole: np.ndarray  # (H, W), bool: what is to be filled, of the picture only
    barred: np.ndarray  # (H, W), bool: what nothing is copied from, gaps and the holes of copies; not the hole
    size: tuple[int, int]  # height and width of the picture


def alone(image: np.ndarray, unknown: np.ndarray) -> Ground:
    """Nothing but the picture `image` (H, W, C) with its hole `unknown` (H, W), bool."""
    return Ground(image, unknown, np.zeros_like(unknown), unknown.shape)


def spread(image: np.ndarray, unknown: np.ndarray, halvings: int) -> Ground:
    """The picture `image` (h, w, C) with its hole `unknown` (h, w), bool, and three turned copies of both, so far
    apart that they stay apart when the whole is halved so many times, and on its grid."""
    grid, (height, width) = 2**halvings, unknown.shape
    cell = -(-max(height, width) // grid) * grid + grid
    all_of_it = np.zeros((2 * cell, 2 * cell, image.shape[2]), np.float32)
    barred = np.ones((2 * cell, 2 * cell), bool)
    for turns in range(4):
        picture, missing = np.rot90(image, turns), np.rot90(unknown, turns)
        top, left = cell * (turns // 2), cell * (turns % 2)
        place = slice(top, top + missing.shape[0]), slice(left, left + missing.shape[1])
        all_of_it[place], barred[place] = picture, missing
    barred[:height, :width] = False
    hole = np.zeros_like(barred)
    hole[:height, :width] = unknown
    return Ground(all_of_it, hole, barred, (height, width))
