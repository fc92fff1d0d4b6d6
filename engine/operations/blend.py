"""Blending: one of two selected patches becomes something between both."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine import samplers
from engine.errors import RestoreError
from engine.filling import paste
from engine.image import Box, Image, Mask, bounds
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_RIM = 8  # px around the patch, by whose colours it goes


@dataclass(frozen=True)
class Blend(Operation):
    """Mixes the latents of two patches in a variational auto-encoder, and what that does not keep as pixels."""

    title = "Blend two patches"
    group = "sample"
    summary = "With two places selected, makes the larger one something between both."
    needs_mask = True
    least_places = 2
    weights = "patches-vae"

    share: float = param(0.5, "Share of the smaller", "0 leaves the larger patch as it is.", low=0.0, high=1.0)
    meet: bool = param(True, "Meet the colours around", "Off: a step may show at the border.")
    variety: float = param(0.3, "Variety", "How far apart what other seeds make is; 0: all alike.", low=0.0, high=2.0)
    seed: int = param(0, "Seed", "Another number makes something else between both.", low=0, high=999999)
    twist: int = param(0, "Variation", "Other numbers than 0 stay near what the seed makes.", low=0, high=999)
    own: bool = param(False, "Trained on my photos", "Uses the net that was trained here, if there is one.")

    @property
    def context(self) -> int:
        return _RIM

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        places = [] if mask is None else _places(mask)
        if len(places) < 2:
            raise RestoreError("Blending needs two selected places: select another patch beside the first.")
        progress(0.0)
        if self.share == 0:
            progress(1.0)
            return image
        (hole, box), (_, from_box) = places[:2]
        one, other = image[box.slices], image[from_box.slices]
        other = cv2.resize(other, one.shape[1::-1], interpolation=cv2.INTER_AREA)
        part = progress.part(0.0, 0.6)
        seen, between, seen_other = samplers.blend(
            one, other, self.share, self.own, part, self.variety, self.seed, self.twist
        )
        # at either end it is the very patch: what the net loses of each is mixed in
        made = between + (1 - self.share) * (one - seen) + self.share * (other - seen_other)
        result = image.copy()
        wide = box.grown(_RIM, image.shape)
        canvas = image[wide.slices].copy()
        top, left = box.top - wide.top, box.left - wide.left
        canvas[top : top + made.shape[0], left : left + made.shape[1]] = made
        inside = hole[wide.slices]
        if self.meet:
            around = _continued(canvas, made, top, left)
            met = paste.meet(image[wide.slices], around, inside, progress.part(0.6, 1.0))
            result[wide.slices][inside] = np.clip(met, 0, 1)
        else:
            result[wide.slices][inside] = np.clip(canvas[inside], 0, 1)
        progress(1.0)
        return result


def _places(mask: Mask) -> list[tuple[np.ndarray, Box]]:
    """The two largest places of a mask as bool masks (H, W) with their boxes, the larger one first; fewer where there
    are fewer."""
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats((mask > 0).astype(np.uint8), connectivity=8)
    sizes = np.asarray(stats)[1:, cv2.CC_STAT_AREA]
    places = [np.asarray(labels == 1 + number) for number in np.argsort(-sizes, kind="stable")[:2]]
    return [(place, bounds(place)) for place in places]


def _continued(canvas: np.ndarray, made: np.ndarray, top: int, left: int) -> np.ndarray:
    """The made patch, mirrored over its borders to the size of the canvas, so that its rim can be compared."""
    down, right = canvas.shape[0] - made.shape[0] - top, canvas.shape[1] - made.shape[1] - left
    return np.pad(made, ((top, down), (left, right), (0, 0)), mode="symmetric").astype(np.float32)
