"""Cloning: copying pixels from another place of the photo under the mask."""

from dataclasses import dataclass

import numpy as np

from engine.errors import RestoreError
from engine.filling import harmonic
from engine.image import Image, Mask, is_grey
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_FAR = 20000  # px


@dataclass(frozen=True)
class Clone(Operation):
    """Copies from (`down`, `right`) px away; fitted, the copy keeps the gradients of its source and takes the rim's
    colours: Poisson blending (Pérez et al. 2003, equation 5, solved for the correction as in Farbman et al. 2009)."""

    title = "Clone"
    group = "repair"
    summary = "Copies what lies at a distance over the damage, its light and colour fitted to the surroundings."
    needs_mask = True

    right: int = param(0, "From the right", "Where it is copied from; negative: from the left.", low=-_FAR, high=_FAR)
    down: int = param(0, "From below", "Where it is copied from; negative: from above.", low=-_FAR, high=_FAR)
    fit: bool = param(True, "Fit to the surroundings", "Off: a plain copy.")

    @property
    def context(self) -> int:
        return max(abs(self.right), abs(self.down)) + 1

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if mask is None or not mask.any():
            raise RestoreError("Clone needs a selection: paint over the damage first.")
        hole = mask > 0
        if hole.all():
            raise RestoreError("The selection leaves nothing to copy from: keep some of the photo outside it.")
        progress(0.0)
        y, x = np.nonzero(hole)
        height, width = hole.shape
        copied = image[np.clip(y + self.down, 0, height - 1), np.clip(x + self.right, 0, width - 1)]
        if self.fit:
            copied = copied + self._correction(image, hole, progress)
        result = image.copy()
        result[hole] = np.clip(copied, 0, 1)
        progress(1.0)
        return result

    def _correction(self, image: Image, hole: np.ndarray, progress: Progress) -> np.ndarray:
        """What makes the copy meet the rim: there the difference to it, inside a membrane. (n, C) or (n, 1)"""
        height, width = hole.shape
        rows = np.clip(np.arange(height) + self.down, 0, height - 1)
        columns = np.clip(np.arange(width) + self.right, 0, width - 1)
        planes = image[..., :1] if is_grey(image) else image
        difference = planes - planes[rows[:, None], columns]
        return 2 * harmonic.span((difference + 1) / 2, hole, progress) - 1
