"""Median: each pixel becomes the middle value of those around it."""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from engine.image import Image, Mask, is_grey
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress
from engine.tiles import run_tiled

_TILE = 256  # px
_QUICK = 5  # px, largest side that OpenCV does in floats


@dataclass(frozen=True)
class Median(Operation):
    """The median of each channel in a square."""

    title = "Median"
    group = "noise"
    summary = "Removes single wrong pixels and fine specks; edges stay, thin lines go."

    size: int = param(3, "Size", "Side of the square; even ones count as the next odd.", low=3, high=15, unit="px")
    amount: float = param(1.0, "Amount", "Share of the effect.", low=0.0, high=1.0)

    @property
    def context(self) -> int:
        return (self.size | 1) // 2

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if self.amount == 0:
            progress(1.0)
            return image
        side, grey = self.size | 1, is_grey(image)

        def middle(plane: np.ndarray) -> np.ndarray:
            if side <= _QUICK:
                return cv2.medianBlur(np.ascontiguousarray(plane), side)
            return ndimage.median_filter(plane, side, mode="nearest")

        def smooth(crop: np.ndarray, _box: object) -> np.ndarray:
            result = np.stack([middle(crop[..., channel]) for channel in range(1 if grey else 3)], axis=2)
            return crop + np.float32(self.amount) * (result - crop)

        return run_tiled(image, smooth, _TILE, side // 2, progress)
