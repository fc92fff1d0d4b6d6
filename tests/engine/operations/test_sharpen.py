"""What sharpening must do: steeper edges, limited halos, quiet noise, no colour fringes."""

import cv2
import numpy as np

from engine.image import Image, frozen
from engine.operation import Step, apply
from engine.operations.sharpen import Sharpen


def soft_edge() -> Image:
    image = np.zeros((40, 60, 3), np.float32) + np.float32([0.3, 0.25, 0.2])
    image[:, 30:] += 0.4
    return frozen(cv2.GaussianBlur(image, (0, 0), 1.5))


def test_edges_get_steeper() -> None:
    sharper = apply(Step(Sharpen(amount=1.5, radius=2.0, threshold=0.0)), soft_edge())
    before, after = (np.abs(np.diff(image[20, :, 1])).max() for image in (soft_edge(), sharper))
    assert after > 1.3 * before


def test_halos_stay_within_their_limit() -> None:
    result = apply(Step(Sharpen(amount=3.0, halo=0.02)), soft_edge())
    assert result[..., 0].max() <= soft_edge()[..., 0].max() + 0.02 + 1e-6
    assert result[..., 0].min() >= soft_edge()[..., 0].min() - 0.02 - 1e-6
    none = apply(Step(Sharpen(amount=3.0, halo=0.0)), soft_edge())
    assert none.max() <= soft_edge().max() + 1e-6


def test_noise_below_the_threshold_is_left_alone() -> None:
    image = frozen(0.5 + 0.002 * np.random.default_rng(0).standard_normal((40, 40, 3)).astype(np.float32))
    assert np.abs(apply(Step(Sharpen(threshold=6.0)), image) - image).max() < 1e-6


def test_differences_of_colour_stay() -> None:
    image = soft_edge()
    result = apply(Step(Sharpen(amount=1.0)), image)
    assert np.allclose(result[..., 0] - result[..., 2], image[..., 0] - image[..., 2], atol=1e-5)
