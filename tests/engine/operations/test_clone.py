"""Cloning: plain copies are exact; fitted ones keep the detail of their source and meet the rim without a seam."""

import numpy as np
import pytest

from engine.errors import RestoreError
from engine.image import Image, Mask, frozen
from engine.operation import Step, apply
from engine.operations.clone import Clone
from engine.progress import Progress


@pytest.fixture
def image() -> Image:
    """Noise on a ramp that is brighter to the right, and bluer."""
    grain = np.random.default_rng(0).normal(0, 0.02, (60, 100, 1))
    ramp = np.linspace(0.2, 0.6, 100)[None, :, None] * np.array([1, 1, 1.3])
    return frozen(np.clip(ramp + grain, 0, 1).astype(np.float32))


@pytest.fixture
def mask() -> Mask:
    result = np.zeros((60, 100), np.float32)
    result[20:40, 10:30] = 1
    return frozen(result)


def test_a_plain_copy_is_what_lies_there(image: Image, mask: Mask) -> None:
    result = apply(Step(Clone(right=50, down=-5, fit=False), mask), image)
    assert np.array_equal(result[20:40, 10:30], image[15:35, 60:80])


def test_a_fitted_copy_meets_the_rim_and_keeps_the_detail(image: Image, mask: Mask) -> None:
    result = apply(Step(Clone(right=50), mask), image)
    inside, source = result[20:40, 10:30], image[20:40, 60:80]
    assert (
        abs(inside.mean(axis=(0, 1)) - image[20:40, 10:30].mean(axis=(0, 1))).max() < 0.01
    )  # the colours of its place
    across = [np.diff(one.mean(axis=2), axis=0)[2:-2, 2:-2].ravel() for one in (inside, source)]
    assert np.corrcoef(*across)[0, 1] > 0.98  # the grain of the source
    assert np.array_equal(result[mask == 0], image[mask == 0])


def test_beyond_the_edge_the_edge_is_copied(image: Image, mask: Mask) -> None:
    result = apply(Step(Clone(right=-5000, fit=False), mask), image)
    assert np.array_equal(result[20:40, 10:30], np.repeat(image[20:40, :1], 20, axis=1))


@pytest.mark.parametrize("value", [0, 1])
def test_it_needs_a_selection_and_something_beside_it(image: Image, value: float) -> None:
    with pytest.raises(RestoreError):
        Clone().run(image, frozen(np.full((60, 100), value, np.float32)), Progress())
