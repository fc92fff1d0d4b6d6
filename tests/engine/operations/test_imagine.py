"""What imagining must do: keep what is known, fit it, differ by seed."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import RestoreError
from engine.image import Image, Mask, frozen
from engine.operation import Step, apply
from engine.operations.imagine import Imagine
from engine.training.metrics import psnr_inside

PHOTOS = Path(__file__).resolve().parents[3] / "../shared/data/test/mcmaster18"


def hole(side: int, size: int = 96) -> Mask:
    mask = np.zeros((size, size), np.float32)
    mask[(size - side) // 2 : (size + side) // 2, (size - side) // 2 : (size + side) // 2] = 1
    return frozen(mask)


def photos() -> list[Image]:
    """Squares of 64 px out of real photos."""
    files = sorted(PHOTOS.iterdir())[::9]
    return [frozen(cv2.imread(str(file))[150:214, 150:214, ::-1].astype(np.float32) / 255) for file in files]


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the shared photos are not on this machine")
def test_samples_fit_real_photos_and_differ() -> None:
    for photo in photos():
        mask = hole(12, 64)
        one, two = (apply(Step(Imagine(seed=seed), mask), photo) for seed in (0, 1))
        mean = np.where(mask[..., None] > 0, photo[mask == 0].mean(axis=0), photo)
        assert psnr_inside(one, photo, mask) > psnr_inside(mean, photo, mask) - 1
        assert np.array_equal(one[mask == 0], photo[mask == 0])
        assert np.abs(one - two)[mask > 0].max() > 2 / 255
        rim = np.abs(np.diff(one, axis=0))[25, 26:38].mean()
        assert rim < 2.5 * np.abs(np.diff(photo, axis=0))[16:26, 16:48].mean() + 0.02


def test_an_edge_is_continued() -> None:
    image = np.full((96, 96, 3), 0.25, np.float32)
    image[:, 48:] = 0.7
    result = apply(Step(Imagine(), hole(12)), frozen(image))
    assert np.abs(result - image)[hole(12) > 0].mean() < 0.06


def test_grain_comes_back() -> None:
    random = np.random.default_rng(0)
    image = frozen(0.5 + 0.03 * random.standard_normal((72, 72, 3), np.float32))
    deviations = [apply(Step(Imagine(grain=share), hole(20, 72)), image)[28:44, 28:44].std() for share in (0.0, 1.0)]
    assert deviations[1] > deviations[0] + 0.005
    assert deviations[1] == pytest.approx(0.03, rel=0.35)


def test_what_lies_under_the_mask_is_not_looked_at() -> None:
    image = np.full((60, 60, 3), 0.4, np.float32)
    spoiled = image.copy()
    spoiled[22:38, 22:38] = 1
    results = [apply(Step(Imagine(), hole(16, 60)), frozen(one)) for one in (image, spoiled)]
    assert np.array_equal(*results)


def test_with_nothing_known_it_says_so() -> None:
    image = frozen(np.full((20, 20, 3), 0.4, np.float32))
    with pytest.raises(RestoreError, match="nothing to go by"):
        apply(Step(Imagine(), frozen(np.ones((20, 20), np.float32))), image)
    with pytest.raises(RestoreError, match="selection"):
        apply(Step(Imagine()), image)
