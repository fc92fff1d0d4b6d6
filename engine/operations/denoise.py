"""Cleaning noise with the learned denoiser, which is told how noisy the photo is."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from engine import models, noise
from engine.image import LUMA, Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress
from engine.tiles import run_tiled

_COARSE, _REACH = 8, 16  # px, grid and deviation of the window in which brightness is kept
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
            light = _clean(image, luma, progress.part(0, 0.5)) @ LUMA
            restored = _clean(image, colour, progress.part(0.5, 1))
            restored += (light - restored @ LUMA)[..., None]
        if self.grain > 0:
            restored += self.grain * ((image - restored) @ LUMA)[..., None]
        return restored


def _clean(image: Image, sigma: float, progress: Progress) -> np.ndarray:
    """The image without noise of level `sigma` (0..1); a copy where it is 0. Writable."""
    if sigma == 0:
        return image.copy()
    restored = models.load("denoise-u24")(image, sigma, sigma, sigma, progress=progress.part(0, 0.95))
    return run_tiled(
        image, lambda crop, box: _keep_mean(crop, restored[box.slices], sigma), 1024, 64, progress.part(0.95, 1), 8
    )


def _keep_mean(image: np.ndarray, restored: np.ndarray, sigma: float) -> np.ndarray:
    """`restored` with the brightness and tint that the image has on the whole: means over some 16 px.

    Told a level that is not the true one, a net without biases shifts them by a share of it. What the mean of noise of
    level `sigma` may be by chance stays as restored, and so do the darkest and lightest tones, where clipping has
    shifted the image's own mean. Returns a new (H, W, 3) in [0, 1].
    """
    height, width = image.shape[:2]
    size = (max(1, width // _COARSE), max(1, height // _COARSE))

    def average(plane: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), (0, 0), _REACH / _COARSE)

    trusted = ((restored > 2 * sigma) & (restored < 1 - 2 * sigma)).astype(np.float32)
    shift = average(trusted * (image - restored)) / (average(trusted) + 0.05)
    chance = 3 * sigma / (2 * np.sqrt(np.pi) * _REACH)  # deviation of the mean under a Gaussian window, three times
    shift = np.sign(shift) * np.maximum(np.abs(shift) - chance, 0)
    return np.clip(restored + cv2.resize(shift, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)
