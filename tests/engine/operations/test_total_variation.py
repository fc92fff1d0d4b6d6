"""What total variation must reach on noise, and that its energy falls."""

import numpy as np
import pytest

from engine.diffusion import total_variation
from engine.diffusion.evolving import variation
from engine.image import frozen
from engine.operation import Step, apply
from engine.operations.total_variation import TotalVariation
from tests.engine.diffusion.noisy_photos import best_gaussian, crops, mean_psnr, needs_photos


@needs_photos
@pytest.mark.parametrize(("sigma", "gain"), [(15, 1.7), (25, 1.5), (50, 0.8)])
def test_beats_the_best_gaussian_blur(sigma: int, gain: float) -> None:
    photos = crops()
    told = TotalVariation(automatic=False, sigma=sigma)
    assert mean_psnr(told, sigma, photos) > best_gaussian(sigma, photos) + gain


@needs_photos
def test_a_measured_level_is_nearly_as_good_as_the_true_one() -> None:
    photos = crops()
    assert (
        mean_psnr(TotalVariation(), 25, photos) > mean_psnr(TotalVariation(automatic=False, sigma=25), 25, photos) - 1
    )


@pytest.mark.parametrize("weight", [0.02, 0.1, 0.6])
def test_its_energies_fall_at_every_step(weight: float) -> None:
    planes = np.random.default_rng(0).random((3, 50, 70)).astype(np.float32)
    planes[:, :, 30:] += 0.5
    found = [planes, *total_variation.flow(planes, weight)]
    primal = [variation(u) + float(((u - planes) ** 2).sum(dtype=np.float64)) / (2 * weight) for u in found]
    dual = [float((u**2).sum(dtype=np.float64)) for u in found]
    assert all(after <= before * (1 + 1e-7) for before, after in zip(dual, dual[1:], strict=False))
    assert all(after <= before * (1 + 1e-5) for before, after in zip(primal, primal[1:], strict=False))
    assert primal[-1] < primal[1] < primal[0] and dual[-1] < dual[1] < dual[0]


def test_a_disc_loses_what_theory_says() -> None:
    """A disc of radius R on a plain ground loses 2 weight / R of its height (Strong and Chan 2003)."""
    y, x = np.mgrid[:120, :120].astype(np.float32)
    disc = ((y - 60) ** 2 + (x - 60) ** 2 < 12**2).astype(np.float32)
    *_, result = total_variation.flow(disc[None], 0.6)
    assert 1 - result[0, 56:64, 56:64].mean() == pytest.approx(2 * 0.6 / 12, rel=0.1)


def test_plain_surfaces_get_plain_and_edges_stay() -> None:
    image = np.full((60, 80, 3), 0.3)
    image[:, 40:] = 0.7
    noisy = frozen(image + np.random.default_rng(0).normal(0, 0.05, image.shape))
    result = apply(Step(TotalVariation(automatic=False, sigma=0.05 * 255)), noisy)
    assert np.abs(result - image).std() < 0.25 * 0.05
    assert (result[:, 40] - result[:, 39]).mean() > 0.36


def test_what_is_farther_than_its_context_hardly_matters() -> None:
    image = frozen(0.5 + np.random.default_rng(0).normal(0, 0.1, (60, 400, 3)))
    operation = TotalVariation(automatic=False, sigma=75, strength=3)
    whole, part = (apply(Step(operation), frozen(one.copy())) for one in (image, image[:, :220]))
    inside = slice(0, 220 - operation.context)
    assert np.abs(whole[:, inside] - part[:, inside]).max() < 1e-3
