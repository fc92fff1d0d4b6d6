"""Photos with noise for the tests of smoothing operations."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.image import Image, frozen
from engine.operation import Operation, Step, apply
from engine.training.metrics import psnr

PHOTOS = Path(__file__).resolve().parents[3] / "../shared/data/test/cbsd68"
needs_photos = pytest.mark.skipif(not PHOTOS.is_dir(), reason="the test photos are not beside this checkout")


def crops(every: int = 11, side: int = 160) -> list[Image]:
    """Squares out of photos of CBSD68."""
    files = sorted(PHOTOS.glob("*.png"))[4::every]
    return [frozen(cv2.imread(str(file))[60:, 60:, ::-1][:side, :side].astype(np.float32) / 255) for file in files]


def noisy(image: Image, sigma: float, seed: int = 0) -> Image:
    """With Gaussian noise of `sigma` (of 255), clipped and rounded to 8 bits as files are."""
    noise = np.random.default_rng(seed).normal(0, sigma / 255, image.shape)
    return frozen((np.round((image + noise).clip(0, 1) * 255) / 255).astype(np.float32))


def mean_psnr(operation: Operation, sigma: float, photos: list[Image]) -> float:
    """dB after the operation, mean over the photos with noise of `sigma` (of 255)."""
    return float(np.mean([psnr(apply(Step(operation), noisy(p, sigma, i)), p) for i, p in enumerate(photos)]))


def best_gaussian(sigma: float, photos: list[Image]) -> float:
    """The same for the best of many Gaussian blurs."""
    dirty = [noisy(p, sigma, i) for i, p in enumerate(photos)]
    scores = [
        np.mean([psnr(cv2.GaussianBlur(d, (0, 0), width), p) for d, p in zip(dirty, photos, strict=True)])
        for width in np.arange(0.4, 2.0, 0.1)
    ]
    return float(max(scores))
