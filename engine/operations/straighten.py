"""Turning by any small angle."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from engine.errors import RestoreError
from engine.image import Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_BAND = 256  # rows of the result made at once
_LONGEST = 32766  # px, what OpenCV's resampling can address


@dataclass(frozen=True)
class Straighten(Operation):
    """Turns the content clockwise by `angle` around the centre (Lanczos over 8 px) and keeps the largest upright
    rectangle without empty corners."""

    title = "Straighten"
    group = "geometry"
    summary = "Turns a tilted photo upright and cuts the empty corners off."
    moves = True

    angle: float = param(0.0, "Angle", "Positive turns clockwise.", low=-45.0, high=45.0, unit="°")

    @property
    def context(self) -> None:
        return None

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if self.angle == 0:
            progress(1.0)
            return image
        height, width = image.shape[:2]
        if max(height, width) > _LONGEST:
            raise RestoreError(f"Straighten works on photos of at most {_LONGEST} pixels a side.")
        new_width, new_height = _inscribed(width, height, math.radians(abs(self.angle)))
        cos, sin = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        result = np.empty((new_height, new_width, 3), np.float32)
        for top in progress.each(range(0, new_height, _BAND)):
            rows = min(_BAND, new_height - top)
            # from a pixel of this band to the place in the image that it shows; y grows downwards
            middle_x, middle_y = (new_width - 1) / 2, (new_height - 1) / 2 - top
            back = np.array(
                [
                    [cos, sin, (width - 1) / 2 - cos * middle_x - sin * middle_y],
                    [-sin, cos, (height - 1) / 2 + sin * middle_x - cos * middle_y],
                ]
            )
            flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
            band = cv2.warpAffine(image, back, (new_width, rows), flags=flags, borderMode=cv2.BORDER_REFLECT)
            result[top : top + rows] = np.clip(band, 0, 1)
        return result


def _inscribed(width: int, height: int, angle: float) -> tuple[int, int]:
    """Width and height, at least 1, of the largest upright rectangle in one turned by `angle` (0..pi/4)."""
    sin, cos = math.sin(angle), math.cos(angle)
    long, short = max(width, height), min(width, height)
    if short <= 2 * sin * cos * long:  # two corners touch the long sides, the others lie within
        along, across = short / 2 / sin, short / 2 / cos
    else:
        double = cos * cos - sin * sin
        along, across = (long * cos - short * sin) / double, (short * cos - long * sin) / double
    if width < height:
        along, across = across, along
    return max(1, min(width, int(along))), max(1, min(height, int(across)))
