"""Masks from masks."""

import cv2
import numpy as np

from engine.image import Mask, frozen


def grow(mask: Mask, radius: float) -> Mask:
    """The mask grown by `radius` px in every direction; shrunk where `radius` is negative."""
    if radius == 0:
        return mask
    side = 2 * int(np.ceil(abs(radius))) + 1
    centre = side // 2
    y, x = np.ogrid[:side, :side]
    disc = ((y - centre) ** 2 + (x - centre) ** 2 <= (abs(radius) + 0.25) ** 2).astype(np.uint8)
    return frozen((cv2.dilate if radius > 0 else cv2.erode)(mask, disc))


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
