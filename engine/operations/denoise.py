"""Cleaning noise with the learned denoiser, which is told how noisy the photo is."""

from dataclasses import dataclass, replace

import numpy as np

from engine import models, noise
from engine.image import Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_MOST = 75 / 255  # sigma the net has seen in training


@dataclass(frozen=True)
class Denoise(Operation):
    """The learned denoiser at `strength` and `colour` times the noise level, measured or given."""

    title = "Clean noise"
    group = "noise"
    summary = "Removes noise with our trained network; measures how much there is."

    automatic: bool = param(True, "Measure noise", "Measures the noise level; off: use the level below")
    sigma: float = param(
        10.0,
        "Noise level",
        "Standard deviation in steps of 8 bits, when not measured",
        low=0,
        high=75,
        unit="/255",
        unless="automatic",
    )
    strength: float = param(1.0, "Strength", "For light and dark; 1 removes the noise level exactly", low=0, high=2)
    colour: float = param(1.0, "Colour", "For coloured specks; 1 removes the noise level exactly", low=0, high=2)
    grain: float = param(0.0, "Keep grain", "Share of the fine grain that is put back", low=0, high=1)

    @property
    def context(self) -> int | None:
        return 128

    def settle(self, image: Image) -> "Denoise":
        if not self.automatic or self.strength == self.colour == 0:
            return self
        sigma = round(min(75.0, noise.estimate(image) * 255), 2)
        return replace(self, automatic=False, sigma=sigma)

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        settled = self.settle(image)
        luma, colour = (min(_MOST, settled.sigma / 255 * share) for share in (self.strength, self.colour))
        if luma == colour == 0:
            return image
        if luma == colour:
            restored = _clean(image, luma, progress)
        else:
            light = _clean(image, luma, progress.part(0, 0.5)) @ _LUMA
            restored = _clean(image, colour, progress.part(0.5, 1))
            restored += (light - restored @ _LUMA)[..., None]
        if self.grain > 0:
            restored += self.grain * ((image - restored) @ _LUMA)[..., None]
        return restored


def _clean(image: Image, sigma: float, progress: Progress) -> np.ndarray:
    """The image without noise of level `sigma` (0..1); a copy where it is 0. Writable."""
    if sigma == 0:
        return image.copy()
    return models.load("denoise-u24")(image, sigma, sigma, sigma, progress=progress)
