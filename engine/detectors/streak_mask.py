"""Finding scratches and dust with the recurrent net that removes them: its mask, to be looked at and corrected."""

from dataclasses import dataclass

import numpy as np

from engine import masks, models
from engine.image import Image, Mask, frozen
from engine.operation import Detector
from engine.params import param
from engine.progress import Progress


@dataclass(frozen=True)
class StreakMask(Detector):
    """The soft mask of the convolutional LSTM after `passes`, cut at a threshold."""

    title = "Streaks (network)"
    summary = "What “Remove streaks” takes for scratches and dust."
    weights = "streaks-lstm"

    sensitivity: float = param(
        0.1,
        "Sensitivity",
        "At 0.1 what “Remove streaks” takes; more finds fainter damage, and more that is none.",
        low=0.0,
        high=1.0,
    )
    passes: int = param(5, "Passes", "More take longer and find more", low=1, high=6)
    grow: int = param(1, "Grow", "Covers the soft rim of the damage.", low=0, high=10, unit="px")

    @property
    def context(self) -> int:
        return 96

    def detect(self, image: Image, progress: Progress) -> Mask:
        soft = np.zeros(image.shape[:2], np.float32)
        for answer in models.load("streaks-lstm").passes(image, count=self.passes, progress=progress):
            soft = answer.planes[..., 0]
        least = 0.99 - 0.75 * self.sensitivity  # at the default as sure as the net must be to change anything
        return masks.grow(frozen((soft > least).astype(np.float32)), self.grow)
