"""Deblurring: undoing a blur whose form is told."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine import models, noise
from engine.diffusion import deconvolution, kernels, plug_and_play
from engine.errors import RestoreError
from engine.image import Box, Image, Mask, is_grey
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress
from engine.tiles import run_tiled, split

_TILE = 512  # px
_LEAST = 0.7 / 255  # sigma of the rounding to 8 bits and whatever else the measure misses
_SAFE = 1.5  # times the noise that is measured: with less the results ring; Richardson-Lucy needs no more than it is
_MARGIN = 48  # px, at least, over which a tile is mirrored
_CONTEXT = 80  # px beside twice the kernel
_LONGEST = 60  # px, of a drawn line from side to side


@dataclass(frozen=True)
class Deblur(Operation):
    """Deconvolution with a Gaussian, a disc, a straight or a drawn line, by Wiener's filter, by Richardson-Lucy with
    total variation or with the learned denoiser (plug and play)."""

    title = "Deblur"
    group = "sharpen"
    summary = "Undoes a blur that you describe: out of focus, shaken or soft all over."
    grid = 8

    method: str = param(
        "pnp",
        "Method",
        "Our network gives the best result; the others are quicker and need no network.",
        choices={"pnp": "With our denoiser", "richardson-lucy": "Richardson-Lucy", "wiener": "Wiener filter"},
    )
    blur: str = param(
        "gaussian",
        "Blur",
        "What a point became",
        choices={
            "gaussian": "Soft spot",
            "disc": "Disc (out of focus)",
            "motion": "Line (shaken)",
            "drawn": "Drawn line",
        },
    )
    size: float = param(
        0.8, "Size", "Deviation of the spot, radius of the disc, length of the line", low=0.3, high=30, unit="px"
    )
    angle: float = param(0.0, "Angle", "Of the line, from the right turning upwards", low=-90, high=90, unit="°")
    path: str = param(
        "0,0 1.5,0 3,1",
        "Drawn line",
        "What a point of light became, drawn or as px to the right and down: 0,0 4,1 6,5.",
        only="blur=drawn",
        drawn=True,
    )
    automatic: bool = param(True, "Measure noise", "Measures the noise level; off: use the level below")
    sigma: float = param(
        2.0,
        "Noise level",
        "Standard deviation in steps of 8 bits, when not measured",
        low=0,
        high=75,
        unit="/255",
        unless="automatic",
    )
    smoothness: float = param(1.0, "Smoothness", "More is less noisy and less sharp", low=0.3, high=4, slider="log")
    amount: float = param(1.0, "Amount", "Share of the effect.", low=0.0, high=1.0)

    @property
    def context(self) -> int:
        return _on_grid(_CONTEXT + 2 * (len(self._kernel) // 2))

    @cached_property
    def _kernel(self) -> np.ndarray:
        if self.blur == "gaussian":
            return kernels.gaussian(self.size)
        if self.blur == "drawn":
            return kernels.drawn(_points(self.path) or ())
        return kernels.disc(self.size) if self.blur == "disc" else kernels.motion(self.size, self.angle)

    def settle(self, image: Image) -> "Deblur":
        if not self.automatic or self.amount == 0:
            return self
        sigma = noise.level(image).sigma * 255 * (1.0 if self.method == "richardson-lucy" else _SAFE)
        return replace(self, automatic=False, sigma=round(min(75.0, sigma), 2))

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if self.amount == 0:
            progress(1.0)
            return image
        self._check_path()
        sigma = max(_LEAST, self.settle(image).sigma / 255)
        channels = 1 if self.method != "pnp" and is_grey(image) else 3
        total, turn = len(split(image.shape, _TILE)), 0
        margin = _on_grid(max(_MARGIN, len(self._kernel) // 2))

        def restore(crop: np.ndarray, _box: Box) -> np.ndarray:
            nonlocal turn
            height, width = crop.shape[:2]
            planes = deconvolution.extend(crop[..., :channels], margin)
            restored = self._restore(planes, sigma, progress.part(turn / total, (turn + 1) / total))
            turn += 1
            inner = restored[:, margin : margin + height, margin : margin + width].transpose(1, 2, 0)
            return crop + np.float32(self.amount) * (np.clip(inner, 0, 1) - crop)

        return run_tiled(image, restore, _TILE, self.context, progress, self.grid)

    def _check_path(self) -> None:
        """Raises RestoreError where the line that is to be undone is missing or cannot be read."""
        points = _points(self.path) if self.blur == "drawn" else [(0.0, 0.0), (1.0, 0.0)]
        if points is None:
            raise RestoreError(
                f"A drawn line is written as 0,0 4,1 6,5, at most {_LONGEST} px wide: not “{self.path}”."
            )
        if len(points) < 2:
            raise RestoreError("Draw the line that a point of light became first.")

    def _restore(self, planes: np.ndarray, sigma: float, progress: Progress) -> np.ndarray:
        blurring = deconvolution.Blurring.by(self._kernel, (planes.shape[1], planes.shape[2]))
        if self.method == "wiener":
            return deconvolution.wiener(planes, blurring, sigma, self.smoothness)
        if self.method == "richardson-lucy":
            return deconvolution.richardson_lucy(planes, blurring, sigma, self.smoothness, progress)
        return plug_and_play.restore(planes, blurring, sigma, self.smoothness, _denoise, progress)


def _denoise(image: np.ndarray, sigma: float, progress: Progress) -> np.ndarray:
    # in fewer bits the roundings of eight turns would add up to more than 1/1000
    return models.load("denoise-u24", precise=True)(image, sigma, sigma, sigma, progress=progress)


def _points(text: str) -> list[tuple[float, float]] | None:
    """The points of "x,y x,y ..."; None where that is not what the text says, or they are too far apart."""
    try:
        points = [(float(x), float(y)) for x, y in (one.split(",") for one in text.split())]
    except ValueError:
        return None
    spans = [max(axis) - min(axis) for axis in zip(*points, strict=True)]
    known = all(math.isfinite(number) for point in points for number in point)
    return points if known and all(span <= _LONGEST for span in spans) else None


def _on_grid(length: int) -> int:
    return -(-length // Deblur.grid) * Deblur.grid
