"""Masks from masks."""

import numpy as np
import pytest

from engine import masks
from engine.image import Mask, frozen


def square(soft: bool = False) -> Mask:
    mask = np.zeros((60, 70), np.float32)
    mask[20:40, 20:50] = 1
    if soft:
        mask[20:40, 49] = 0.5
    return frozen(mask)


@pytest.mark.parametrize("radius", [0.5, 1, 2, 3.5, 7, 12])
def test_hard_masks_grow_as_soft_ones_do(radius: float) -> None:
    y, x = np.mgrid[:60, :70]
    near = (y - np.clip(y, 20, 39)) ** 2 + (x - np.clip(x, 20, 49)) ** 2
    expected = near <= (radius + 0.25) ** 2
    assert np.array_equal(masks.grow(square(), radius), expected)
    soft = masks.grow(square(soft=True), radius)
    assert np.array_equal(soft > 0, expected)


@pytest.mark.parametrize("radius", [1, 4])
@pytest.mark.parametrize("soft", [False, True])
def test_shrinking_undoes_growing_of_a_convex_mask(radius: int, soft: bool) -> None:
    assert np.array_equal(masks.grow(masks.grow(square(soft), radius), -radius), square(soft))


def test_shrinking_a_thin_mask_leaves_nothing() -> None:
    assert not masks.grow(square(), -15).any()
    assert masks.grow(frozen(np.ones((9, 9), np.float32)), -3).all()
    assert not masks.grow(frozen(np.zeros((9, 9), np.float32)), 3).any()
    assert np.array_equal(masks.grow(square(), 0), square())


def test_feathered_edges_are_soft_and_end() -> None:
    result = masks.feather(square(), 6)
    assert 0 < result[30, 18] < result[30, 20] < 1
    assert result[30, 35] == pytest.approx(1, abs=1e-3)
    assert result[0, 0] == 0
    assert np.array_equal(masks.feather(square(), 0), square())


def test_invert_and_only() -> None:
    assert np.array_equal(masks.invert(square()), 1 - square())
    assert np.array_equal(masks.invert(masks.invert(square(soft=True))), square(soft=True))
    assert np.array_equal(masks.only(square(), square(soft=True)), square(soft=True))
    assert not masks.only(square(), masks.invert(square())).any()


def test_places_are_counted() -> None:
    mask = np.zeros((20, 20), np.float32)
    assert masks.places(frozen(mask.copy())) == 0
    mask[2:4, 2:4] = 1
    mask[4, 4] = 0.2  # touches at a corner
    mask[10, 10:15] = 0.5
    assert masks.places(frozen(mask)) == 2
