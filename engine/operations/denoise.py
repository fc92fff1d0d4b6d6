"""Cleaning noise with the learned denoisers, which are told how noisy the photo is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from engine import models, noise, tones
from engine.image import LUMA, Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_MOST = 75 / 255  # sigma the nets have seen in training
_QUALITIES = {
    "fast": ("denoise-u24", 1),
    "standard": ("denoise-u24", 2),
    "best": ("denoise-attention", 8),
}  # net, views


@dataclass(frozen=True)
class Denoise(Operation):
    """A learned denoiser at `strength` and `colour` times the noise level, measured or given."""

    title = "Clean noise"
    group = "noise"
    summary = "Removes noise with our trained network; measures how much there is."
    grid = 32

    automatic: bool = param(True, "Measure noise", "Measures the noise level; off: use the two numbers below")
    sigma: float = param(
        10.0,
        "Noise level",
        "Standard deviation in steps of 8 bits, when not measured",
        low=0,
        high=75,
        unit="/255",
        unless="automatic",
    )
    coarseness: float = param(
        1.0,
        "Coarseness",
        "1: every pixel differs; more: specks of several pixels, as from cameras and film, which need more cleaning",
        low=1,
        high=8,
        unless="automatic",
    )
    quality: str = param(
        "standard",
        "Quality",
        "Fast: the network looks once; standard: twice; best: one with attention eight times, turned and mirrored",
        choices={"fast": "Fast", "standard": "Standard", "best": "Best"},
    )
    strength: float = param(1.0, "Strength", "For light and dark; 1 removes the noise level exactly", low=0, high=2)
    colour: float = param(1.0, "Colour", "For coloured specks; 1 removes the noise level exactly", low=0, high=2)
    grain: float = param(0.0, "Keep grain", "Share of the fine grain that is put back", low=0, high=1)

    # of the photo's file, 0 where it is none or nobody has told; no parameter
    jpeg: int = field(default=0, metadata={"settled": True})

    @property
    def context(self) -> int | None:
        return 128

    def informed(self, facts: Mapping[str, float]) -> "Denoise":
        return replace(self, jpeg=round(facts.get("jpeg quality", 0)))

    def settle(self, image: Image) -> "Denoise":
        if not self.automatic or self.strength == self.colour == 0:
            return self
        found = noise.level(image)
        sigma, coarseness = min(75.0, found.sure * found.sigma * 255), found.coarseness
        if sigma:
            coarseness *= noise.coarser(self.jpeg)
        return replace(self, automatic=False, sigma=round(sigma, 2), coarseness=round(min(8.0, coarseness), 2))

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        settled = self.settle(image)
        level = settled.sigma / 255 * settled.coarseness
        luma, colour = (min(_MOST, level * share) for share in (self.strength, self.colour))
        if luma == colour == 0:
            return image
        if luma == colour:
            restored = self._clean(image, luma, progress)
        else:
            light = self._clean(image, luma, progress.part(0, 0.5)) @ LUMA
            restored = self._clean(image, colour, progress.part(0.5, 1))
            restored += (light - restored @ LUMA)[..., None]
        if self.grain > 0:
            restored += self.grain * ((image - restored) @ LUMA)[..., None]
        return restored

    def _clean(self, image: Image, sigma: float, progress: Progress) -> np.ndarray:
        """The image without noise of level `sigma` (0..1); a copy where it is 0. Writable."""
        if sigma == 0:
            return image.copy()
        net, views = _QUALITIES[self.quality]
        restored = models.load(net)(image, sigma, sigma, sigma, views=views, progress=progress.part(0, 0.95))
        tones.keep_mean(image, restored, sigma, progress.part(0.95, 1))
        return restored
