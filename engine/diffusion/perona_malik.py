"""Perona-Malik diffusion: smoothing that slows down where the picture is steep."""

from collections.abc import Iterator

import cv2
import numpy as np

from engine.diffusion.evolving import count
from engine.image import Image

STEP = 0.2  # of time; up to 1/4 each new pixel is a mean of old ones, so none leaves their range
_BLUR = 0.5  # px: edges are looked for in a slightly blurred picture, where noise is less of an edge
_REACH = 2  # px of that blur
_MOST = 2_000_000  # differences looked at; more say nothing new


def flow(planes: np.ndarray, threshold: float, time: float) -> Iterator[np.ndarray]:
    """The planes (C, H, W), float32, after each step until `time` (px^2 / 2: a Gaussian's variance were it linear).

    Explicit steps of div(g grad u) with g = exp(-|grad u|^2 / threshold^2) between each two neighbours (Perona and
    Malik 1990, eq. 7 and 8), the same g in all channels, from gradients after a blur (Catte et al. 1992). What one
    pixel gains another loses, so the mean stays; nothing flows through the border.
    """
    steps = count(time, STEP)
    size = np.float32(time / steps)
    for _ in range(steps):
        smooth = np.stack([_soften(plane) for plane in planes])
        change = np.zeros_like(planes)
        for axis in (1, 2):
            steepness = (np.diff(smooth, axis=axis) ** 2).mean(axis=0)
            moved = size * np.exp(steepness * np.float32(-1 / threshold**2)) * np.diff(planes, axis=axis)
            near, far = _ends(change, axis)
            near += moved
            far -= moved
        planes = planes + change
        yield planes


def reach(time: float) -> int:
    """Px around a pixel that matter to it: all that could, or four deviations of the widest Gaussian, which is less
    where there are many steps."""
    return min((_REACH + 1) * count(time, STEP), int(np.ceil(4 * np.sqrt(2 * time))) + 8)


def gradient_scale(image: Image) -> float:
    """The noise level (standard deviation, 0..1) that gradients of a photo suggest: 1.4826 times the median distance
    from their median, which edges hardly move but texture does (Black et al. 1998, eq. 9). 0 for a single pixel."""
    skip = max(1, image.size // _MOST)
    rows = [np.diff(image[:, ::skip], axis=0).ravel(), np.diff(image[::skip], axis=1).ravel()]
    found = np.concatenate(rows)
    if not found.size:
        return 0.0
    # differences of two pixels deviate by the square root of 2 times the noise
    return float(1.4826 * np.median(np.abs(found - np.median(found))) / np.sqrt(2))


def _soften(plane: np.ndarray) -> np.ndarray:
    side = 2 * _REACH + 1
    return cv2.GaussianBlur(plane, (side, side), _BLUR, borderType=cv2.BORDER_REFLECT)


def _ends(planes: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Views of all pixels but the last along an axis, and of all but the first."""
    if axis == 1:
        return planes[:, :-1], planes[:, 1:]
    return planes[:, :, :-1], planes[:, :, 1:]
