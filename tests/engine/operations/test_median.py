"""What the median must do: single pixels go, edges stay."""

import numpy as np
import pytest

from engine.image import frozen
from engine.operation import Step, apply
from engine.operations.median import Median


@pytest.mark.parametrize("size", [3, 5, 7])
def test_specks_go_and_edges_stay(size: int) -> None:
    clean = np.full((50, 60, 3), 0.3, np.float32)
    clean[:, 30:] = 0.7
    dirty = clean.copy()
    dirty[10:-6:9, 8:22:9] = 1.0
    assert np.array_equal(apply(Step(Median(size=size)), frozen(dirty)), clean)


@pytest.mark.parametrize("size", [3, 5, 7, 9])
def test_is_the_median(size: int) -> None:
    image = frozen(np.random.default_rng(0).random((30, 32, 3)).astype(np.float32))
    result, half = apply(Step(Median(size=size)), image), size // 2
    square = image[15 - half : 16 + half, 12 - half : 13 + half]
    assert np.array_equal(result[15, 12], np.median(square, axis=(0, 1)))


def test_even_sizes_count_as_the_next_odd() -> None:
    image = frozen(np.random.default_rng(0).random((30, 32, 3)).astype(np.float32))
    assert np.array_equal(apply(Step(Median(size=4)), image), apply(Step(Median(size=5)), image))


def test_half_the_amount_is_half_the_way() -> None:
    image = frozen(np.random.default_rng(0).random((30, 32, 3)).astype(np.float32))
    full, half = (apply(Step(Median(amount=amount)), image) for amount in (1.0, 0.5))
    assert np.allclose(half, (image + full) / 2, atol=1e-6)
