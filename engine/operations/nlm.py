"""Non-local means: each pixel becomes the mean of those whose neighbourhoods look like its own."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.image import Image, Mask, is_grey
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress
from engine.tiles import run_tiled

_TILE = 256  # px: the planes of a tile stay in the processor's cache
_PATCH = 2  # px, half a side of the neighbourhoods compared
_FILTERING = 0.6  # of sigma: how soon unlike patches stop to count; best of 0.4-0.7 on photos at sigma 15-50


@dataclass(frozen=True)
class Nlm(Operation):
    """Non-local means (Buades, Coll and Morel 2005) in floats, all distances of one shift by one box filter (Darbon
    et al. 2008)."""

    title = "Non-local means"
    group = "noise"
    summary = "Averages places that look alike: good on grain over repeated texture, slow."

    strength: float = param(10.0, "Strength", "The noise's standard deviation, of 255.", low=0.0, high=100.0)
    search: int = param(
        7, "Search radius", "Farther finds more that is alike and takes longer.", low=2, high=20, unit="px"
    )
    amount: float = param(1.0, "Amount", "Share of the effect.", low=0.0, high=1.0)

    @property
    def context(self) -> int:
        return self.search + _PATCH

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if self.amount == 0 or self.strength == 0:
            progress(1.0)
            return image
        grey = is_grey(image)

        def clean(crop: np.ndarray, _box: object) -> np.ndarray:
            planes = [np.ascontiguousarray(crop[..., channel]) for channel in range(1 if grey else 3)]
            result = np.stack(_means(planes, self.strength / 255, self.search), axis=2)
            return crop + np.float32(self.amount) * (result - crop)

        return run_tiled(image, clean, _TILE, self.context, progress)


def _means(planes: list[np.ndarray], sigma: float, search: int) -> list[np.ndarray]:
    """The planes (H, W), which share their weights, without noise of this sigma."""
    height, width = planes[0].shape
    side = 2 * _PATCH + 1
    padded = [cv2.copyMakeBorder(plane, search, search, search, search, cv2.BORDER_REFLECT) for plane in planes]
    sums = [np.zeros_like(plane) for plane in planes]
    total, most = np.zeros_like(planes[0]), np.full_like(planes[0], 1e-6)
    filtering = (_FILTERING * sigma) ** 2
    for y in range(2 * search + 1):
        for x in range(2 * search + 1):
            if y == x == search:
                continue
            shifted = [plane[y : y + height, x : x + width] for plane in padded]
            square = np.zeros_like(total)
            for plane, other in zip(planes, shifted, strict=True):
                difference = plane - other
                square += difference * difference
            distance = cv2.blur(square, (side, side), borderType=cv2.BORDER_REFLECT)
            # patches that differ by noise alone are 2 sigma^2 apart (Buades, Coll and Morel 2011)
            weight = np.exp(np.minimum(0, (2 * sigma**2 - distance / len(planes)) / filtering))
            for one, other in zip(sums, shifted, strict=True):
                one += weight * other
            total += weight
            np.maximum(most, weight, out=most)
    return [(one + most * plane) / (total + most) for one, plane in zip(sums, planes, strict=True)]
