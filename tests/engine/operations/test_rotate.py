"""Turning by quarters loses nothing."""

import numpy as np
import pytest

from engine.image import frozen
from engine.operation import Step, apply
from engine.operations.rotate import Rotate

IMAGE = frozen(np.random.default_rng(0).random((5, 8, 3)).astype(np.float32))


@pytest.mark.parametrize(("turn", "back"), [("90", "270"), ("180", "180"), ("270", "90")])
def test_turning_back_gives_the_input(turn: str, back: str) -> None:
    assert np.array_equal(apply(Step(Rotate(back)), apply(Step(Rotate(turn)), IMAGE)), IMAGE)


def test_90_turns_clockwise() -> None:
    result = apply(Step(Rotate("90")), IMAGE)
    assert result.shape == (8, 5, 3)
    assert np.array_equal(result[0, -1], IMAGE[0, 0])  # top left goes to the top right


def test_the_selection_is_ignored() -> None:
    mask = frozen(np.zeros((5, 8), np.float32))
    assert apply(Step(Rotate("90"), mask), IMAGE).shape == (8, 5, 3)
