"""The noise estimate: right for white noise, high enough for coarse noise, quiet on clean pictures."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from engine import noise
from engine.image import frozen

TEST = Path(__file__).resolve().parents[2] / "../shared/data/test"
needs_photos = pytest.mark.skipif(not TEST.exists(), reason="the test photos are not beside this checkout")


def _picture(seed: int = 0) -> np.ndarray:
    """A smooth coloured picture with some edges and a patch of grey texture. (256, 384, 3)"""
    random = np.random.default_rng(seed)
    low = random.uniform(0.25, 0.75, (6, 9, 3)).astype(np.float32)
    picture = cv2.resize(low, (384, 256), interpolation=cv2.INTER_CUBIC)
    cv2.circle(picture, (120, 100), 60, (0.7, 0.4, 0.3), -1)
    picture[150:, 250:] += random.normal(0, 0.1, (106, 134, 1)).astype(np.float32)
    return np.clip(picture, 0.1, 0.9)


def _noisy(picture: np.ndarray, sigma: float, blur: float = 0) -> np.ndarray:
    grain = np.random.default_rng(1).normal(size=picture.shape).astype(np.float32)
    if blur:
        grain = cv2.GaussianBlur(grain, (0, 0), blur)
        grain /= grain.std()
    return frozen(picture + sigma * grain)


@pytest.mark.parametrize("sigma", [5, 10, 25, 50])
def test_white_noise_is_measured_within_ten_percent(sigma: int) -> None:
    assert noise.estimate(_noisy(_picture(), sigma / 255)) * 255 == pytest.approx(sigma, rel=0.1)


def test_grey_noise_is_measured_within_ten_percent() -> None:
    grey = np.repeat(_picture().mean(axis=2, keepdims=True), 3, axis=2)
    grain = np.random.default_rng(1).normal(size=(*grey.shape[:2], 1)).astype(np.float32)
    assert noise.estimate(frozen(grey + 15 / 255 * grain)) * 255 == pytest.approx(15, rel=0.1)


def test_coarse_noise_is_told_as_more_than_it_measures() -> None:
    level = noise.estimate(_noisy(_picture(), 4 / 255, blur=1.0)) * 255
    assert 8 < level <= 20


def test_clean_picture_reads_nearly_nothing() -> None:
    assert noise.estimate(frozen(_picture())) * 255 < 1.5


@needs_photos
@pytest.mark.parametrize("name", ["mcmaster18/1", "mcmaster18/17", "cbsd68/101085", "cbsd68/304034"])
def test_texture_is_not_sure_to_be_noise_and_noise_on_it_is(name: str) -> None:
    with Pillow.open(TEST / f"{name}.png") as file:
        photo = np.asarray(file.convert("RGB"), np.float32) / 255
    assert noise.level(frozen(photo)).sigma * noise.level(frozen(photo)).sure < 2 / 255
    level = noise.level(_noisy(photo, 10 / 255))
    assert level.told * level.sure > 7 / 255


def test_of_noise_in_a_jpeg_more_is_told_the_less_fine_it_is() -> None:
    assert noise.coarser(0) == noise.coarser(100) == 1
    assert noise.coarser(75) == noise.coarser(90) > noise.coarser(95) > 1


def test_coarse_noise_on_smooth_places_is_sure() -> None:
    assert noise.level(_noisy(_picture(), 4 / 255, blur=1.0)).sure > 0.95


def test_as_little_as_clean_photos_read_is_not_sure_to_be_noise() -> None:
    assert noise.level(_noisy(_picture(), 1.5 / 255)).sure == 0
    assert 0 < noise.level(_noisy(_picture(), 4 / 255)).sure < 1


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 500, 3), (16, 16, 3), (17, 31, 3)])
def test_tiny_pictures_give_a_number(shape: tuple[int, int, int]) -> None:
    level = noise.estimate(frozen(np.random.default_rng(0).random(shape, dtype=np.float32)))
    assert np.isfinite(level) and level >= 0


def test_huge_picture_is_sampled_and_reads_the_same() -> None:
    small = _noisy(_picture(), 20 / 255)
    huge = np.tile(small, (12, 12, 1))
    assert noise.estimate(huge) == pytest.approx(noise.estimate(small), rel=0.05)
