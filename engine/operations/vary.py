"""Varying: a selected patch becomes another of its kind."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine import samplers
from engine.errors import RestoreError
from engine.image import Image, Mask, bounds
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress


@dataclass(frozen=True)
class Vary(Operation):
    """Moves a patch through the latent space of a variational auto-encoder; what that does not keep, the photo does."""

    title = "Vary"
    group = "sample"
    summary = "Turns what is selected into something like it, more so with the amount; its fine detail stays."
    needs_mask = True
    weights = "patches-vae"
    grid = 16

    amount: float = param(0.5, "Amount", "0 leaves the patch as it is.", low=0.0, high=2.0)
    size: float = param(1.0, "Size", "Of what is varied: 4 changes larger things.", low=1.0, high=8.0, slider="log")
    own: bool = param(False, "Trained on my photos", "Uses the net that was trained here, if there is one.")
    seed: int = param(0, "Seed", "Another number varies it another way.", low=0, high=999999)
    twist: int = param(0, "Variation", "Other numbers than 0 stay near what the seed makes.", low=0, high=999)

    @property
    def context(self) -> int:
        return round(64 * self.size)

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if mask is None or not mask.any():
            raise RestoreError("Vary needs a selection: paint over a patch first.")
        progress(0.0)
        if self.amount == 0:
            return image
        box = bounds(mask, self.context).aligned(self.grid)  # what is made depends on its size
        part, soft = image[box.slices], _soft(mask[box.slices])
        height, width = soft.shape
        shape = tuple(max(16, round(side / self.size)) for side in (width, height))
        small, share = (cv2.resize(one, shape, interpolation=cv2.INTER_AREA) for one in (part, soft))
        change = samplers.vary(small, share, self.amount, self.seed, self.twist, self.own, progress)
        if change.shape != part.shape:
            change = cv2.resize(change, (width, height), interpolation=cv2.INTER_CUBIC)
        change *= soft[..., None]
        result = image.copy()
        np.clip(part + change, 0, 1, out=result[box.slices])
        return result


def _soft(mask: np.ndarray) -> np.ndarray:
    """The mask, falling to 0 over the last px inside its border: what is varied must not end in a step."""
    far = cv2.distanceTransform((mask > 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    wide = max(1.0, min(8.0, float(far.max()) / 3))
    return np.minimum(far / wide, 1).astype(np.float32)
