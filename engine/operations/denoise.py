"""Cleaning noise with the learned denoisers, which are told how noisy the photo is."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from engine import models, noise
from engine.image import LUMA, Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_CELL, _REACH = 8, 16  # px, grid and deviation of the window in which brightness is kept
_BAND = 32 * _CELL  # rows in which it is put back
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
        high=4,
        unless="automatic",
    )
    quality: str = param(
        "standard",
        "Quality",
        "Fast looks at the photo once, standard twice, best eight times, turned and mirrored",
        choices={"fast": "Fast", "standard": "Standard", "best": "Best"},
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
        found = noise.level(image)
        sigma, coarseness = round(min(75.0, found.sigma * 255), 2), round(found.coarseness, 2)
        return replace(self, automatic=False, sigma=sigma, coarseness=coarseness)

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
        _keep_mean(image, restored, sigma, progress.part(0.95, 1))
        return restored


def _keep_mean(image: np.ndarray, restored: np.ndarray, sigma: float, progress: Progress) -> None:
    """Gives `restored`, in place, the brightness and tint that the image has on the whole: means over some 16 px.

    Told a level that is not the true one, a net without biases shifts them by a share of it. What the mean of noise of
    level `sigma` may be by chance stays as restored, and so do the darkest and lightest tones, where clipping has
    shifted the image's own mean. Works in bands: a huge photo needs no second one.
    """
    tops = range(0, image.shape[0], _BAND)
    cells: list[np.ndarray] = []
    for top in progress.part(0, 0.5).each(tops):
        before, after = image[top : top + _BAND], restored[top : top + _BAND]
        trusted = ((after > 2 * sigma) & (after < 1 - 2 * sigma)).astype(np.float32)
        cells.append(np.concatenate((_by_cell(trusted * (before - after)), _by_cell(trusted)), axis=2))
    means = cv2.GaussianBlur(np.concatenate(cells), (0, 0), _REACH / _CELL)
    shift = means[..., :3] / (means[..., 3:] + 0.05)
    chance = 3 * sigma / (2 * np.sqrt(np.pi) * _REACH)  # deviation of the mean under a Gaussian window, three times
    shift = np.sign(shift) * np.maximum(np.abs(shift) - chance, 0)
    shift = np.pad(shift, ((1, 1), (1, 1), (0, 0)), mode="edge")
    for top in progress.part(0.5, 1).each(tops):
        after = restored[top : top + _BAND]
        rows = shift[top // _CELL : (top + _BAND) // _CELL + 2]
        full = cv2.resize(rows, None, fx=_CELL, fy=_CELL, interpolation=cv2.INTER_LINEAR)
        after += full[_CELL : _CELL + len(after), _CELL : _CELL + after.shape[1]]
        np.clip(after, 0, 1, out=after)


def _by_cell(band: np.ndarray) -> np.ndarray:
    """Means over cells of 8 x 8 px; those cut off at the border repeat its pixels. (H / 8, W / 8, C)"""
    height, width = band.shape[:2]
    band = cv2.copyMakeBorder(band, 0, -height % _CELL, 0, -width % _CELL, cv2.BORDER_REPLICATE)
    return cv2.resize(band, None, fx=1 / _CELL, fy=1 / _CELL, interpolation=cv2.INTER_AREA)
