"""Sharpening the brightness, by an unsharp mask or by a shock filter."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.diffusion import evolving, shock
from engine.image import LUMA, Box, Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress
from engine.tiles import run_tiled, split

_TILE = 512  # px
_PACE = 2.0  # times amount and radius: how long a shock filter runs


@dataclass(frozen=True)
class Sharpen(Operation):
    """Adds the difference between brightness and blurred brightness, or lets light and dark grow towards each other;
    colours keep their differences, so no fringes."""

    title = "Sharpen"
    group = "sharpen"
    summary = "Makes edges crisper, with a limit on halos."

    method: str = param(
        "unsharp",
        "Method",
        "Steeper edges have no halo and make no noise, but look drawn when overdone.",
        choices={"unsharp": "More contrast (unsharp mask)", "shock": "Steeper edges (shock filter)"},
    )
    amount: float = param(0.6, "Amount", "Share of the difference that is added.", low=0.0, high=3.0)
    radius: float = param(1.0, "Radius", "Of the blur it is compared with.", low=0.3, high=10.0, unit="px")
    threshold: float = param(
        1.0, "Threshold", "Fainter differences, as noise, are left alone; of 255.", low=0.0, high=50.0
    )
    halo: float = param(
        0.05,
        "Halo limit",
        "How far brightness may leave the range of the pixels around; steeper edges never do.",
        low=0.0,
        high=1.0,
    )

    @property
    def context(self) -> int:
        if self.method == "shock":
            return shock.reach(self.radius, self._time)
        return int(np.ceil(3 * self.radius)) + 1

    @property
    def _time(self) -> float:
        return _PACE * self.amount * self.radius

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if self.amount == 0:
            progress(1.0)
            return image
        steps = evolving.count(self._time, shock.STEP) if self.method == "shock" else 1
        total, done = steps * len(split(image.shape, _TILE)), 0

        def sharpen(crop: np.ndarray, _box: Box) -> np.ndarray:
            nonlocal done
            luma = sharper = crop @ LUMA
            if self.method == "unsharp":
                sharper = self._add_difference(luma)
            else:
                for step in shock.flow(luma, self.radius, self.threshold / 255, self._time):
                    sharper, done = step, done + 1
                    progress(done / total)
            return np.clip(crop + (sharper - luma)[..., None], 0, 1)

        return run_tiled(image, sharpen, _TILE, self.context, progress)

    def _add_difference(self, luma: np.ndarray) -> np.ndarray:
        side = 2 * int(np.ceil(3 * self.radius)) + 1
        detail = luma - cv2.GaussianBlur(luma, (side, side), self.radius, borderType=cv2.BORDER_REFLECT)
        faint = np.float32(self.threshold / 255)
        detail = np.sign(detail) * np.maximum(np.abs(detail) - faint, 0)
        square = np.ones((3, 3), np.uint8)
        low, high = cv2.erode(luma, square) - self.halo, cv2.dilate(luma, square) + self.halo
        return np.clip(luma + self.amount * detail, low, high)
