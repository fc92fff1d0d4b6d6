"""The contract of images and masks: frozen, bounds, blend."""

import numpy as np
import pytest

from engine.image import Box, blend, bounds, frozen, is_grey, whole


def random_image(height: int = 20, width: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3)).astype(np.float32)


def test_frozen_is_read_only_float_and_within_0_and_1() -> None:
    result = frozen(random_image() * 3 - 1)
    assert result.dtype == np.float32 and result.flags.c_contiguous
    assert result.min() == 0 and result.max() == 1
    with pytest.raises(ValueError, match="read-only"):
        result[0, 0, 0] = 0.5


def test_frozen_leaves_a_view_and_its_owner_alone() -> None:
    owner = random_image() + 1
    result = frozen(owner[2:8, 3:9])
    assert result.max() <= 1
    assert owner.min() >= 1 and owner.flags.writeable


def test_frozen_again_costs_nothing() -> None:
    once = frozen(random_image())
    assert frozen(once) is once


@pytest.mark.parametrize("shape", [(4,), (4, 5, 1), (4, 5, 4), (2, 4, 5, 3), (0, 5, 3), (4, 0)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        frozen(np.zeros(shape, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused_wherever_it_is(value: float) -> None:
    image = np.zeros((600, 4, 3), np.float32)
    image[599, 3, 2] = value
    with pytest.raises(ValueError, match="finite"):
        frozen(image)


def test_bounds_hold_every_pixel_of_the_mask() -> None:
    mask = np.zeros((50, 60), np.float32)
    mask[10, 20] = 0.001
    mask[15, 40] = 1
    assert bounds(mask) == Box(10, 16, 20, 41)
    assert bounds(mask, 5) == Box(5, 21, 15, 46)
    assert bounds(mask, 1000) == whole(mask) == bounds(mask, None)
    assert bounds(np.zeros((5, 5), np.float32), 3).empty


def test_blend_is_bit_exact_at_both_ends_and_mixes_between() -> None:
    old, new = frozen(random_image(600, 9)), frozen(random_image(600, 9, 1))
    mask = np.zeros((600, 9), np.float32)
    mask[100:300], mask[400:500] = 1, 0.25
    result = blend(old, new, frozen(mask))
    assert np.array_equal(result[mask == 0], old[mask == 0])
    assert np.array_equal(result[mask == 1], new[mask == 1])
    assert np.allclose(result[400:500], 0.75 * old[400:500] + 0.25 * new[400:500], atol=1e-6)
    assert not result.flags.writeable


def test_blending_over_the_new_image_gives_the_same() -> None:
    old, mask = frozen(random_image(600, 9)), np.zeros((600, 9), np.float32)
    mask[100:300], mask[400:500, ::3] = 1, 0.25
    new = frozen(random_image(600, 9, 1))
    expected, over = blend(old, new, frozen(mask)), new.copy()
    result = blend(old, frozen(over), frozen(mask), over=True)
    assert result is over and not result.flags.writeable
    assert np.array_equal(result, expected)
    part = new[50:550]  # belongs to another, so that it stays
    assert np.array_equal(blend(old[50:550], part, frozen(mask[50:550]), over=True), expected[50:550])
    assert not np.array_equal(part, expected[50:550])


def test_grey_means_three_equal_channels() -> None:
    grey = np.repeat(random_image()[..., :1], 3, 2)
    assert is_grey(frozen(grey))
    grey = grey.copy()
    grey[19, 29, 2] += 1e-6
    assert not is_grey(grey)
