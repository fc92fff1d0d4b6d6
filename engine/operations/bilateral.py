"""Bilateral filter: each pixel becomes the mean of near ones of like colour."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.image import Image, Mask, is_grey
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress
from engine.tiles import run_tiled

_TILE = 512  # px


@dataclass(frozen=True)
class Bilateral(Operation):
    """Tomasi and Manduchi (1998); colours are compared by the sum of their channels' differences."""

    title = "Bilateral"
    group = "noise"
    summary = "Smooths within edges: quick, good on fine noise over plain surfaces."

    radius: float = param(2.0, "Radius", "How far it averages.", low=0.5, high=10.0, unit="px")
    strength: float = param(20.0, "Strength", "Differences of colour that are smoothed, of 255.", low=0.0, high=150.0)
    amount: float = param(1.0, "Amount", "Share of the effect.", low=0.0, high=1.0)

    @property
    def context(self) -> int:
        return int(np.ceil(2 * self.radius))

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if self.amount == 0 or self.strength == 0:
            progress(1.0)
            return image
        channels = 1 if is_grey(image) else 3

        def smooth(crop: np.ndarray, _box: object) -> np.ndarray:
            planes = np.ascontiguousarray(crop[..., :channels])
            side = 2 * self.context + 1
            result = cv2.bilateralFilter(
                planes, side, channels * self.strength / 255, self.radius, borderType=cv2.BORDER_REFLECT
            )
            return crop + np.float32(self.amount) * (result.reshape(planes.shape) - crop)

        return run_tiled(image, smooth, _TILE, self.context, progress)
