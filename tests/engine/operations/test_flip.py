"""Mirroring loses nothing."""

import numpy as np
import pytest

from engine.image import frozen
from engine.operation import Step, apply
from engine.operations.flip import Flip

IMAGE = frozen(np.random.default_rng(0).random((5, 8, 3)).astype(np.float32))


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_twice_gives_the_input(direction: str) -> None:
    once = apply(Step(Flip(direction)), IMAGE)
    assert not np.array_equal(once, IMAGE)
    assert np.array_equal(apply(Step(Flip(direction)), once), IMAGE)


def test_horizontal_swaps_left_and_right() -> None:
    assert np.array_equal(apply(Step(Flip("horizontal")), IMAGE)[:, 0], IMAGE[:, -1])
    assert np.array_equal(apply(Step(Flip("vertical")), IMAGE)[0], IMAGE[-1])
