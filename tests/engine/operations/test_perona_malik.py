"""What Perona-Malik diffusion must reach on noise, and what its parameters must do."""

import numpy as np
import pytest

from engine.diffusion.perona_malik import gradient_scale
from engine.image import frozen
from engine.operation import Step, apply
from engine.operations.perona_malik import PeronaMalik
from tests.engine.diffusion.noisy_photos import best_gaussian, crops, mean_psnr, needs_photos


@needs_photos
@pytest.mark.parametrize(("sigma", "gain"), [(15, 1.8), (25, 1.5), (50, 0.5)])
def test_beats_the_best_gaussian_blur(sigma: int, gain: float) -> None:
    photos = crops()
    told = PeronaMalik(automatic=False, sigma=sigma)
    assert mean_psnr(told, sigma, photos) > best_gaussian(sigma, photos) + gain


@needs_photos
def test_a_measured_level_is_nearly_as_good_as_the_true_one() -> None:
    photos = crops()
    told = mean_psnr(PeronaMalik(automatic=False, sigma=25), 25, photos)
    assert mean_psnr(PeronaMalik(), 25, photos) > told - 0.6
    assert mean_psnr(PeronaMalik(measure="gradients"), 25, photos) > told - 0.6


@pytest.mark.parametrize("sigma", [2, 10, 40])
def test_gradients_tell_the_noise_of_a_photo_with_few_edges(sigma: float) -> None:
    image = np.full((120, 160, 3), 0.3)
    image[:, 70:] = 0.7
    image += np.random.default_rng(0).normal(0, sigma / 255, image.shape)
    assert gradient_scale(image.astype(np.float32)) * 255 == pytest.approx(sigma, rel=0.03)


def test_edges_beyond_the_threshold_stay_and_fainter_ones_go() -> None:
    image = np.full((40, 60, 3), 0.4, np.float32)
    image[:, 30:] = 0.8
    image[10:20, 10:20] = 0.42
    result = apply(Step(PeronaMalik(automatic=False, sigma=10, time=20)), frozen(image))
    assert result[20, 30, 0] - result[20, 29, 0] == pytest.approx(0.4, abs=0.01)
    assert np.ptp(result[:, :25]) < 0.6 * 0.02


def test_a_long_time_needs_no_more_than_its_context() -> None:
    image = frozen(0.5 + np.random.default_rng(0).normal(0, 0.1, (60, 400, 3)))
    operation = PeronaMalik(automatic=False, sigma=75, edges=4, time=12)
    whole, part = (apply(Step(operation), frozen(one.copy())) for one in (image, image[:, :220]))
    inside = slice(0, 220 - operation.context)
    assert np.abs(whole - np.pad(part, ((0, 0), (0, 180), (0, 0))))[:, inside].max() < 1e-3
