"""Grain: noise for filled pixels that looks like the noise around the hole."""

import cv2
import numpy as np
from scipy import ndimage

from engine.image import bounds

_SURROUNDINGS = 24  # px around the hole from which grain is learned
_LEAST = 64  # pixels: from fewer nothing is learned
_BLUR = 1.5  # px: grain is what this Gaussian takes away
# Neighbours' correlation in white noise blurred with a Gaussian of these px, less its own blur of _BLUR.
_LIKENESS = (-0.09, -0.02, 0.12, 0.27, 0.40, 0.50, 0.62, 0.70, 0.78, 0.86)
_WIDTHS = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0)


def match(image: np.ndarray, unknown: np.ndarray, seed: int) -> np.ndarray:
    """Noise (H, W, C), float32 around 0, to add to the filled pixels of `image` (H, W, C), which `unknown` marks.

    It has the strength, the covariance of the channels and the coarseness of the smooth pixels around the hole; 0
    outside the hole's box, and everywhere where too little is known around it.
    """
    result = np.zeros_like(image)
    usable = _clear_surroundings(unknown)
    if usable.sum() < _LEAST:
        return result
    smooth = _blur(image, _BLUR)
    edges = ndimage.gaussian_gradient_magnitude(smooth.mean(axis=2), 2)
    usable &= edges <= np.quantile(edges[usable], 0.4)
    rest = image - smooth
    limit = 3 * 1.4826 * np.median(np.abs(rest[usable]))  # 1.4826: a median as a standard deviation
    found = np.clip(rest, -limit, limit)
    box = bounds(unknown)
    noise = np.random.default_rng(seed).standard_normal((*unknown[box.slices].shape, image.shape[2]), np.float32)
    noise = _blur(noise, _coarseness(found, usable))
    kept = noise - _blur(noise, _BLUR)
    noise /= max(float(kept.std()), 1e-6)
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(found[usable].T)))
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    result[box.slices] = noise @ root.astype(np.float32)
    return result


def _clear_surroundings(unknown: np.ndarray) -> np.ndarray:
    """The pixels around the hole, less 3 px at its rim, where the blur mixes in filled pixels: bool (H, W)."""
    hole = unknown.astype(np.uint8)
    near = cv2.dilate(hole, np.ones((2 * _SURROUNDINGS + 1,) * 2, np.uint8)) > 0
    return near & ~(cv2.dilate(hole, np.ones((7, 7), np.uint8)) > 0)


def _coarseness(grain: np.ndarray, usable: np.ndarray) -> float:
    """The Gaussian, px, that makes white noise correlate from pixel to pixel as `grain` does where it is `usable`."""
    beside = usable[:, 1:] & usable[:, :-1]
    power = float((grain[usable] ** 2).mean())
    likeness = float((grain[:, 1:][beside] * grain[:, :-1][beside]).mean()) / max(power, 1e-12) if beside.any() else 0.0
    return float(np.interp(likeness, _LIKENESS, _WIDTHS))


def _blur(image: np.ndarray, sigma: float) -> np.ndarray:
    return ndimage.gaussian_filter(image, (sigma, sigma, 0))
