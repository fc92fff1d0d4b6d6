"""What non-local means must reach on noise."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.image import Image, frozen
from engine.operation import Step, apply
from engine.operations.nlm import Nlm
from engine.training.metrics import psnr

PHOTOS = Path(__file__).resolve().parents[3] / "../shared/data/test/cbsd68"


def noisy(image: Image, sigma: float, seed: int = 0) -> Image:
    noise = np.random.default_rng(seed).normal(0, sigma / 255, image.shape)
    return frozen((image + noise).astype(np.float32))


def stripes() -> Image:
    y, x = np.mgrid[:96, :96].astype(np.float32)
    wave = 0.5 + 0.25 * np.sign(np.sin(x * 0.5 + y * 0.2))
    return frozen(np.stack([wave, 0.8 * wave, 0.2 + 0.5 * wave], axis=2))


@pytest.mark.parametrize("sigma", [15, 25, 50])
def test_repeated_texture_comes_back(sigma: float) -> None:
    image = stripes()
    before = psnr(noisy(image, sigma), image)
    assert psnr(apply(Step(Nlm(strength=sigma)), noisy(image, sigma)), image) > before + 5


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the shared photos are not on this machine")
@pytest.mark.parametrize(("sigma", "gain"), [(15, 4.5), (25, 6.5), (50, 8.5)])
def test_gains_on_photos_what_the_literature_does(sigma: float, gain: float) -> None:
    gains: list[float] = []
    for seed, path in enumerate(sorted(PHOTOS.iterdir())[::17]):
        photo = frozen(cv2.imread(str(path))[60:220, 60:220, ::-1].astype(np.float32) / 255)
        dirty = noisy(photo, sigma, seed)
        gains.append(psnr(apply(Step(Nlm(strength=sigma)), dirty), photo) - psnr(dirty, photo))
    assert np.mean(gains) > gain


def test_strength_0_gives_the_input_and_weak_noise_stays_finer_than_8_bits() -> None:
    image = stripes()
    assert np.array_equal(apply(Step(Nlm(strength=0.0)), image), image)
    faint = frozen(image * np.float32(0.999) + np.float32(0.0003))
    assert np.abs(apply(Step(Nlm(strength=1.0)), faint) - faint).max() < 1e-4


def test_tiles_leave_no_seam() -> None:
    image = noisy(frozen(np.full((40, 300, 3), 0.5, np.float32)), 20)
    whole = apply(Step(Nlm(strength=20.0)), image)
    left = apply(Step(Nlm(strength=20.0)), frozen(image[:, :200].copy()))
    assert np.abs(whole[:, :190] - left[:, :190]).max() < 1e-5
