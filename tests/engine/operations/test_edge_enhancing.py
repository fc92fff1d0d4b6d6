"""What edge-enhancing diffusion must reach on noise, and that it flows along edges only."""

import numpy as np
import pytest

from engine.diffusion.edge_enhancing import neighbour_weights
from engine.image import frozen
from engine.operation import Step, apply
from engine.operations.edge_enhancing import EdgeEnhancing
from tests.engine.diffusion.noisy_photos import best_gaussian, crops, mean_psnr, needs_photos

NEIGHBOURS = [(0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (1, -2), (2, 1), (2, -1)]


@needs_photos
@pytest.mark.parametrize(("sigma", "gain"), [(15, 1.8), (25, 1.5), (50, 0.7)])
def test_beats_the_best_gaussian_blur(sigma: int, gain: float) -> None:
    photos = crops()
    told = EdgeEnhancing(automatic=False, sigma=sigma)
    assert mean_psnr(told, sigma, photos) > best_gaussian(sigma, photos) + gain


@needs_photos
def test_a_measured_level_is_nearly_as_good_as_the_true_one() -> None:
    photos = crops()
    assert mean_psnr(EdgeEnhancing(), 25, photos) > mean_psnr(EdgeEnhancing(automatic=False, sigma=25), 25, photos) - 1


@pytest.mark.parametrize(("narrowness", "error"), [(1.0, 1e-6), (0.2, 1e-6), (0.06, 1e-6), (0.0, 0.056)])
def test_weights_are_positive_and_make_up_the_tensor(narrowness: float, error: float) -> None:
    angle = np.linspace(0, np.pi, 721)
    x, y = np.cos(angle), np.sin(angle)
    tensor = np.array([x * x, x * y, y * y]) * (1 - narrowness) + narrowness * np.array([[1], [0], [1]])
    weights = neighbour_weights(*tensor)
    assert min(weight.min() for weight in weights) >= 0
    assert sum(weights).max() <= 2 + 1e-6
    found = sum(
        w * np.array([[dx * dx], [dx * dy], [dy * dy]]) for (dy, dx), w in zip(NEIGHBOURS, weights, strict=True)
    )
    assert np.abs(found - tensor).max() <= error


@pytest.mark.parametrize("angle", [0.0, 0.2, 0.6, 1.1, 2.0])
def test_a_noisy_edge_gets_clean_and_stays_steep(angle: float) -> None:
    y, x = np.mgrid[:80, :80] - 40.0
    edge = 1 / (1 + np.exp(-2 * (x * np.cos(angle) + y * np.sin(angle))))
    image = np.repeat((0.3 + 0.4 * edge)[..., None], 3, axis=2)
    dirty = frozen(image + np.random.default_rng(0).normal(0, 0.05, image.shape))
    result = apply(Step(EdgeEnhancing(automatic=False, sigma=0.05 * 255, time=6)), dirty)
    beside = np.abs(x * np.cos(angle) + y * np.sin(angle)) < 3
    assert (result - image)[beside].std() < 0.5 * 0.05
    assert np.abs((result - image)[beside].mean()) < 0.01


def test_a_long_time_needs_no_more_than_its_context() -> None:
    image = frozen(0.5 + np.random.default_rng(0).normal(0, 0.1, (60, 400, 3)))
    operation = EdgeEnhancing(automatic=False, sigma=75, edges=4, time=12)
    whole, part = (apply(Step(operation), frozen(one.copy())) for one in (image, image[:, :220]))
    inside = slice(0, 220 - operation.context)
    assert np.abs(whole[:, inside] - part[:, inside]).max() < 1e-3
