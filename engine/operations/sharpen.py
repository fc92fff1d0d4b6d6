"""Sharpening by an unsharp mask on the brightness."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.image import LUMA, Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress
from engine.tiles import run_tiled

_TILE = 512  # px


@dataclass(frozen=True)
class Sharpen(Operation):
    """Adds the difference between brightness and blurred brightness; colours keep their differences, so no fringes."""

    title = "Sharpen"
    group = "sharpen"
    summary = "Makes edges crisper, with a limit on halos."

    amount: float = param(0.6, "Amount", "Share of the difference that is added.", low=0.0, high=3.0)
    radius: float = param(1.0, "Radius", "Of the blur it is compared with.", low=0.3, high=10.0, unit="px")
    threshold: float = param(
        1.0, "Threshold", "Fainter differences, as noise, are left alone; of 255.", low=0.0, high=50.0
    )
    halo: float = param(
        0.05, "Halo limit", "How far brightness may leave the range of the pixels around.", low=0.0, high=1.0
    )

    @property
    def context(self) -> int:
        return int(np.ceil(3 * self.radius)) + 1

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if self.amount == 0:
            progress(1.0)
            return image
        return run_tiled(image, lambda crop, _box: self._sharpen(crop), _TILE, self.context, progress)

    def _sharpen(self, crop: np.ndarray) -> np.ndarray:
        luma = crop @ LUMA
        side = 2 * int(np.ceil(3 * self.radius)) + 1
        detail = luma - cv2.GaussianBlur(luma, (side, side), self.radius, borderType=cv2.BORDER_REFLECT)
        faint = np.float32(self.threshold / 255)
        detail = np.sign(detail) * np.maximum(np.abs(detail) - faint, 0)
        square = np.ones((3, 3), np.uint8)
        low, high = cv2.erode(luma, square) - self.halo, cv2.dilate(luma, square) + self.halo
        sharper = np.clip(luma + self.amount * detail, low, high)
        return np.clip(crop + (sharper - luma)[..., None], 0, 1)
