"""Plug and play: undoing a blur with a denoiser as the one who knows what photos look like."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from engine.diffusion.deconvolution import Blurring, transform
from engine.progress import Progress

Denoiser: TypeAlias = Callable[[np.ndarray, float, Progress], np.ndarray]  # an image (H, W, 3) and sigma -> the same

_TURNS = 8
_START = 75 / 255  # sigma of the first turn
_TRUST = 0.8  # in the denoiser against the data; both are the best on photos with 1 % noise


def restore(
    planes: np.ndarray, blurring: Blurring, sigma: float, smoothness: float, denoise: Denoiser, progress: Progress
) -> np.ndarray:
    """The planes (3, H, W) without their blur and noise of level `sigma` (0..1, above 0).

    Half-quadratic splitting (Zhang et al. 2021, "DPIR", eq. 6): in turn the picture that fits both the data and the
    last estimate, in closed form by Fourier transform, and that cleaned from noise, whose level falls from _START to
    sigma. Each turn sees the picture mirrored another way, so that the denoiser's habits do not add up. Raises
    Cancelled, and what `denoise` raises.
    """
    data = transform(planes) * blurring.transfer.conj()
    power = np.abs(blurring.transfer) ** 2
    estimate = planes
    levels = np.geomspace(max(_START, sigma), sigma, _TURNS)
    for turn, level in enumerate(levels):
        part = progress.part(turn / _TURNS, (turn + 1) / _TURNS)
        part(0.0)
        trust = np.float32(_TRUST * (smoothness * sigma / level) ** 2)
        fitting = blurring.back((data + trust * transform(estimate)) / (power + trust))
        mirror = np.s_[:: (-1) ** turn, :: (-1) ** (turn // 2)]
        image = np.ascontiguousarray(np.clip(fitting, 0, 1).transpose(1, 2, 0)[mirror])
        cleaned = denoise(image, float(level), part.part(0.2, 1.0))[mirror]
        estimate = np.ascontiguousarray(cleaned.transpose(2, 0, 1))
    return estimate
