"""Marching inwards from the rim of the hole, after Telea or along the edges, by OpenCV."""

import cv2
import numpy as np

from engine.image import Box
from engine.progress import Progress

_FLAGS = {"telea": cv2.INPAINT_TELEA, "navier-stokes": cv2.INPAINT_NS}
_RADIUS = 4  # px, neighbourhood of a pixel


def fill(image: np.ndarray, unknown: np.ndarray, method: str, progress: Progress) -> np.ndarray:
    """A copy of `image` (H, W, C), float32 in 0..1, with the pixels of `unknown` (H, W), bool, filled to 16 bits.

    `method` is "telea" (Telea 2004) or "navier-stokes" (Bertalmio, Bertozzi and Sapiro 2001). Raises Cancelled.
    """
    # Plane by plane in 16 bits: OpenCV rounds three planes to 8 bits, and its Telea goes wrong on floats below 1.
    result = image.copy()
    boxes = _group_holes(unknown, 2 * _RADIUS)
    for box, channel in progress.each([(box, channel) for box in boxes for channel in range(image.shape[2])]):
        hole = unknown[box.slices]
        plane = np.round(image[box.slices][..., channel] * 65535).astype(np.uint16)
        answer = cv2.inpaint(plane, hole.astype(np.uint8), _RADIUS, _FLAGS[method])
        result[box.slices][..., channel][hole] = answer[hole] / np.float32(65535)
    return result


def _group_holes(unknown: np.ndarray, reach: int) -> list[Box]:
    """Boxes around groups of unknown pixels more than 2 * reach px apart, with `reach` px more on each side, so
    that OpenCV need not go through all that lies between specks."""
    near = cv2.dilate(unknown.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(near, connectivity=8)
    return [Box(int(y), int(y + h), int(x), int(x + w)) for x, y, w, h, _area in stats[1:]]
