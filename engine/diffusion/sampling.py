"""Sampling: making up pixels by a denoiser, other ones for every seed, from coarse to fine."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np

from engine.progress import Progress

Denoiser: TypeAlias = Callable[[np.ndarray, float, Progress], np.ndarray]  # an image (H, W, 3) and sigma -> the same

_REACH = 8  # px between an unknown pixel and a known one on the coarsest level, at most
_STEPS = 60  # on each level
_FIRST, _LATER, _LAST = 0.4, 0.2, 0.01  # sigma at the start of the coarsest level, of the others, and at each end
_PACE = 0.3  # share of the way to the denoised picture in a step
_CONTRAST = 0.6  # of what the denoiser is shown, so that noise beyond 0..1 need not be cut off


class _Level(NamedTuple):
    """The picture at one scale."""

    image: np.ndarray  # (H, W, 3), 0 where unknown
    unknown: np.ndarray  # (H, W), bool


def fill(
    image: np.ndarray, unknown: np.ndarray, denoise: Denoiser, random: np.random.Generator, progress: Progress
) -> np.ndarray:
    """A copy of `image` (H, W, 3), float32 in 0..1, with the pixels of `unknown` (H, W), bool, made up within 0..1.

    They are a sample, another for each `random`, of what the denoiser expects beside the known pixels: stochastic steps
    towards what it makes of a noisy picture, whose noise falls (Kadkhodaie and Simoncelli 2021, algorithm 2), first in
    a small picture, then in ever larger ones that begin with the one before. At least one pixel must be known. Raises
    Cancelled, and what `denoise` raises.
    """
    levels = _pyramid(image, unknown)
    shares = np.cumsum([0.0, *(level.unknown.size for level in levels)])
    found = _spread(levels[0])
    for number, level in enumerate(levels):
        height, width = level.unknown.shape
        if number:
            found = cv2.resize(found, (width, height), interpolation=cv2.INTER_CUBIC)
        part = progress.part(shares[number] / shares[-1], shares[number + 1] / shares[-1])
        found = _sample(level, found, _LATER if number else _FIRST, denoise, random, part)
    return found


def _sample(
    level: _Level, start: np.ndarray, sigma: float, denoise: Denoiser, random: np.random.Generator, progress: Progress
) -> np.ndarray:
    """The level's picture, its unknown pixels made up beginning with those of `start` and noise of `sigma`."""
    hole = level.unknown[..., None]
    now = np.where(hole, start, level.image)
    now += np.float32(sigma) * random.standard_normal(now.shape, np.float32)
    fall = (_LAST / sigma) ** (1 / _STEPS)  # of sigma in a step
    fresh = np.float32(np.sqrt(fall**2 - (1 - _PACE) ** 2))
    for step in range(_STEPS):
        part = progress.part(step / (_STEPS + 1), (step + 1) / (_STEPS + 1))
        aim = np.where(hole, _denoised(now, sigma, denoise, part), level.image)
        noise = random.standard_normal(now.shape, np.float32)
        now += np.float32(_PACE) * (aim - now) + np.float32(sigma) * fresh * noise
        sigma *= fall
    last = _denoised(now, sigma, denoise, progress.part(_STEPS / (_STEPS + 1), 1.0))
    return np.where(hole, np.clip(last, 0, 1), level.image)


def _denoised(image: np.ndarray, sigma: float, denoise: Denoiser, progress: Progress) -> np.ndarray:
    """What the denoiser makes of an image that noise has driven out of 0..1."""
    shown = np.clip(0.5 + np.float32(_CONTRAST) * (image - 0.5), 0, 1)
    return (denoise(shown, _CONTRAST * sigma, progress) - 0.5) / np.float32(_CONTRAST) + 0.5


def _pyramid(image: np.ndarray, unknown: np.ndarray) -> list[_Level]:
    """The picture at scales from that where no unknown pixel is far from known ones to its own, each twice the one
    before."""
    levels = [_Level(np.where(unknown[..., None], np.float32(0), image), unknown)]
    while min(levels[0].unknown.shape) > 4 * _REACH and _depth(levels[0].unknown) > _REACH:
        levels.insert(0, _halved(levels[0]))
    return levels


def _depth(unknown: np.ndarray) -> float:
    """How far the unknown pixel deepest in a hole is from a known one, px."""
    padded = np.pad(unknown, 1, mode="edge").astype(np.uint8)
    return float(cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max())


def _halved(level: _Level) -> _Level:
    """At half the size: means of the known ones of four pixels, unknown where none of them is known."""
    height, width = level.unknown.shape
    size = ((width + 1) // 2, (height + 1) // 2)
    known = (~level.unknown).astype(np.float32)
    share = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    mean = cv2.resize(level.image, size, interpolation=cv2.INTER_AREA) / np.maximum(share, 1e-6)[..., None]
    unknown = share < 0.5
    return _Level(np.where(unknown[..., None], np.float32(0), mean), unknown)


def _spread(level: _Level) -> np.ndarray:
    """The picture with the unknown pixels filled smoothly: each with the mean of known ones, near ones most."""
    known = (~level.unknown).astype(np.float32)
    total, weight = np.zeros_like(level.image), np.zeros_like(known)
    for sigma in (2.0, 4.0, 8.0, 16.0, 64.0):
        trust = np.float32(10.0 ** (-sigma / 4))
        total += trust * cv2.GaussianBlur(level.image, (0, 0), sigma)
        weight += trust * cv2.GaussianBlur(known, (0, 0), sigma)
    smooth = total / np.maximum(weight, 1e-30)[..., None]
    return np.where(level.unknown[..., None], smooth, level.image)
