"""What a sample keeps, and how samples differ, whatever the denoiser."""

import cv2
import numpy as np
import pytest

from engine.diffusion import sampling
from engine.errors import Cancelled
from engine.progress import Progress


def blur(image: np.ndarray, sigma: float, progress: Progress) -> np.ndarray:
    """A denoiser that knows photos to be smooth."""
    assert image.dtype == np.float32 and image.min() >= 0 and image.max() <= 1 and 0 < sigma <= 75 / 255
    progress(0.0)
    progress(1.0)
    return cv2.GaussianBlur(image, (0, 0), 0.5 + 12 * sigma)


def shaded() -> tuple[np.ndarray, np.ndarray]:
    """A shading with a hole of 40 x 36 px."""
    image = np.full((90, 100, 3), (0.2, 0.3, 0.4), np.float32)
    image += np.linspace(0, 0.4, 100, dtype=np.float32)[:, None]
    unknown = np.zeros((90, 100), bool)
    unknown[30:70, 30:66] = True
    return image, unknown


def test_known_pixels_stay_and_unknown_ones_are_not_looked_at() -> None:
    image, unknown = shaded()
    result = sampling.fill(image, unknown, blur, np.random.default_rng(0), Progress())
    assert np.array_equal(result[~unknown], image[~unknown])
    spoiled = np.where(unknown[..., None], np.float32(1), image)
    assert np.array_equal(sampling.fill(spoiled, unknown, blur, np.random.default_rng(0), Progress()), result)
    assert result.min() >= 0 and result.max() <= 1


def test_what_is_made_up_fits_its_surroundings() -> None:
    image, unknown = shaded()
    result = sampling.fill(image, unknown, blur, np.random.default_rng(0), Progress())
    assert np.abs(result - image)[unknown].mean() < 0.1
    assert np.abs(result[30:70, 30] - result[30:70, 29]).mean() < 0.05


def test_another_seed_gives_another_sample_and_the_same_the_same() -> None:
    image, unknown = shaded()
    one, two, same = (
        sampling.fill(image, unknown, blur, np.random.default_rng(seed), Progress()) for seed in (0, 1, 0)
    )
    assert np.array_equal(one, same)
    assert np.abs(one - two)[unknown].mean() > 0.005


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (5, 4), (200, 3)])
def test_small_and_narrow_pictures_are_filled(shape: tuple[int, int]) -> None:
    unknown = np.ones(shape, bool)
    unknown.flat[0] = False
    result = sampling.fill(np.full((*shape, 3), 0.3, np.float32), unknown, blur, np.random.default_rng(0), Progress())
    assert np.isfinite(result).all() and result.shape == (*shape, 3)


def test_progress_rises_and_cancels() -> None:
    said: list[float] = []

    def cancel(fraction: float) -> None:
        said.append(fraction)
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        sampling.fill(*shaded(), blur, np.random.default_rng(0), Progress(cancel))
    assert len(said) > 20 and said == sorted(said)
