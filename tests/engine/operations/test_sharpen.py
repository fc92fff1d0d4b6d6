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


def test_a_shock_filter_makes_edges_steep_without_any_halo() -> None:
    result = apply(Step(Sharpen(method="shock", amount=2.0, radius=1.5)), soft_edge())
    before, after = (np.abs(np.diff(image[20, :, 1])).max() for image in (soft_edge(), result))
    assert after > 2 * before
    assert result.max() <= soft_edge().max() + 1e-6 and result.min() >= soft_edge().min() - 1e-6
    middle = np.abs(result[20, :, 1] - result[20, (0, -1), 1].mean()).argmin()
    assert middle in (29, 30)  # the edge stays where it was


def test_a_shock_filter_leaves_noise_as_it_is() -> None:
    noisy = frozen(0.5 + 0.01 * np.random.default_rng(0).standard_normal((80, 80, 1)) + np.zeros(3))
    shock, unsharp = (
        apply(Step(Sharpen(method=method, amount=1.5, radius=1.5, threshold=2.0)), noisy)
        for method in ("shock", "unsharp")
    )
    assert shock.std() < 1.05 * noisy.std() < unsharp.std()


def test_a_shock_filter_needs_no_more_than_its_context() -> None:
    image = frozen(cv2.GaussianBlur(np.random.default_rng(0).random((60, 400, 3), np.float32), (0, 0), 2))
    operation = Sharpen(method="shock", amount=3.0, radius=3.0, threshold=0.0)
    whole, part = (apply(Step(operation), frozen(one.copy())) for one in (image, image[:, :220]))
    inside = slice(0, 220 - operation.context)
    assert np.abs(whole[:, inside] - part[:, inside]).max() < 1e-3
