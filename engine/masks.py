"""Masks from masks."""

import cv2
import numpy as np

from engine.image import Mask, frozen

_SMALL = 8  # px of radius up to which looking at every pixel of the disc is quicker


def grow(mask: Mask, radius: float) -> Mask:
    """The mask grown by `radius` px in every direction; shrunk where `radius` is negative."""
    return mask if radius == 0 else frozen(grown(mask, radius))


def grown(mask: np.ndarray, radius: float) -> np.ndarray:
    """The same for planes (H, W) of any dtype that OpenCV knows, which the answer has too."""
    if radius == 0:
        return mask
    if abs(radius) > _SMALL and bool(((mask == 0) | (mask == 1)).all()):
        return _grow_hard(mask, radius)
    side = 2 * int(np.ceil(abs(radius))) + 1
    centre = side // 2
    y, x = np.ogrid[:side, :side]
    disc = ((y - centre) ** 2 + (x - centre) ** 2 <= (abs(radius) + 0.25) ** 2).astype(np.uint8)
    return (cv2.dilate if radius > 0 else cv2.erode)(mask, disc)


def _grow_hard(mask: np.ndarray, radius: float) -> np.ndarray:
    """The same for masks of 0 and 1, by the distance to them: its cost does not depend on the radius."""
    far = (mask == 0 if radius > 0 else mask == 1).astype(np.uint8)
    if far.all():
        return mask
    distance = cv2.distanceTransform(far, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near = distance <= abs(radius) + 0.25
    return (near if radius > 0 else ~near).astype(mask.dtype)


def feather(mask: Mask, radius: float) -> Mask:
    """The mask with soft edges some `radius` px wide: a Gaussian of sigma radius / 2."""
    if radius <= 0:
        return mask
    blurred = cv2.GaussianBlur(mask, (0, 0), radius / 2)
    blurred[blurred < 1 / 512] = 0  # far tails would pull the whole photo into the box of the mask
    return frozen(blurred)


def invert(mask: Mask) -> Mask:
    """1 - mask."""
    return frozen(1 - mask)


def only(mask: Mask, within: Mask) -> Mask:
    """The part of the mask inside another."""
    return frozen(mask * within)


def places(mask: Mask) -> int:
    """In how many places anything is selected: parts that touch, also at corners, are one."""
    return cv2.connectedComponents((mask > 0).astype(np.uint8), connectivity=8)[0] - 1
