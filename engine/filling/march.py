"""Marching inwards from the rim of the hole, after Telea or along the edges, by OpenCV."""

import cv2
import numpy as np

from engine.filling import holes
from engine.progress import Progress

_FLAGS = {"telea": cv2.INPAINT_TELEA, "navier-stokes": cv2.INPAINT_NS}
_RADIUS = 4  # px, neighbourhood of a pixel
_CELL = 64  # px: holes in such a square are filled together, so that OpenCV need not go through all that lies between


def fill(image: np.ndarray, hole: np.ndarray, method: str, progress: Progress) -> np.ndarray:
    """A copy of `image` (H, W, C), float32 in 0..1, with the pixels of `hole` (H, W), bool, filled to 16 bits.

    `method` is "telea" (Telea 2004) or "navier-stokes" (Bertalmio, Bertozzi and Sapiro 2001). Raises Cancelled.
    """
    # Plane by plane in 16 bits: OpenCV rounds three planes to 8 bits, and its Telea goes wrong on floats below 1.
    result = image.copy()
    parts = list(holes.find(hole, _CELL))
    for (tight, own), channel in progress.each(
        [(part, channel) for part in parts for channel in range(image.shape[2])]
    ):
        box = tight.grown(2 * _RADIUS, hole.shape)
        plane = np.round(image[box.slices][..., channel] * 65535).astype(np.uint16)
        answer = cv2.inpaint(plane, hole[box.slices].view(np.uint8), _RADIUS, _FLAGS[method])
        result[tight.slices][..., channel][own] = answer[holes.within(tight, box).slices][own] / np.float32(65535)
    return result
