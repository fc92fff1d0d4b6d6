"""Pasting what was made up into a selection, so that its colours meet those around it."""

import cv2
import numpy as np

from engine.filling import harmonic
from engine.progress import Progress

_ALONG = 3.0  # px along the rim over which colours are averaged: what single pixels differ by is texture
_AT_ONCE = 250_000  # px of a hole whose membrane is solved as it is; a larger one at half the size first
_NEAR = 12  # px from the rim, within which what half the size cannot tell has faded away


def meet(image: np.ndarray, made: np.ndarray, hole: np.ndarray, progress: Progress) -> np.ndarray:
    """The pixels of `hole` (n, C) of `made`, both pictures (H, W, C) in 0..1, with a membrane added that takes away
    what the two differ by along the rim, averaged (Perez et al. 2003; Farbman et al. 2009). Not clipped.

    Where the hole leaves nothing of the picture there is no rim, and they stay as they are. Raises Cancelled.
    """
    rim = ~hole & (cv2.dilate(hole.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0)
    if not rim.any():
        return made[hole]
    share = cv2.GaussianBlur(rim.astype(np.float32), (0, 0), _ALONG)
    off = (image - made) * rim[..., None]
    mean = cv2.GaussianBlur(off, (0, 0), _ALONG).reshape(off.shape) / np.maximum(share, 1e-6)[..., None]
    known = np.where(rim[..., None], (mean + 1) / 2, 0.5).astype(np.float32)
    return made[hole] + 2 * _membrane(known, rim, hole, progress)[hole] - 1


def _membrane(known: np.ndarray, rim: np.ndarray, hole: np.ndarray, progress: Progress) -> np.ndarray:
    """`known` (H, W, C), float32 in 0..1, with the harmonic membrane in `hole`, whose neighbours all lie on the `rim`.

    Far from the rim of a large hole it is so smooth that half the size, again and again, tells it: the time and memory
    that it takes go with the length of the rim. Raises Cancelled.
    """
    if np.count_nonzero(hole) <= _AT_ONCE:
        result, near = known.copy(), hole
    else:
        coarse = _membrane(*_halved(known, rim, hole), progress.part(0.0, 0.5))
        size = (2 * coarse.shape[1], 2 * coarse.shape[0])
        large = cv2.resize(coarse, size).reshape(*size[::-1], -1)[: len(hole), : hole.shape[1]]
        result = np.where(hole[..., None], large, known)
        near = hole & (cv2.erode(hole.astype(np.uint8), np.ones((2 * _NEAR + 1, 2 * _NEAR + 1), np.uint8)) == 0)
        progress = progress.part(0.5, 1.0)
    if near.any():
        result[near] = harmonic.span(result, near, progress)
    return result


def _halved(known: np.ndarray, rim: np.ndarray, hole: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same three at half the size, rounded up: what holds any of the rim is rim, with the mean of that."""
    coarse_rim, coarse_hole = (_any_of_four(one) for one in (rim, hole))
    return harmonic.halve(known, ~rim)[0], coarse_rim, coarse_hole & ~coarse_rim


def _any_of_four(plane: np.ndarray) -> np.ndarray:
    even = np.pad(plane, [(0, side % 2) for side in plane.shape])
    return even[::2, ::2] | even[1::2, ::2] | even[::2, 1::2] | even[1::2, 1::2]
