"""Pasting what was made up into a selection, so that its colours meet those around it."""

import cv2
import numpy as np

from engine.filling import harmonic
from engine.progress import Progress

_ALONG = 3.0  # px along the rim over which colours are averaged: what single pixels differ by is texture


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
    return made[hole] + 2 * harmonic.span(known, hole, progress) - 1
