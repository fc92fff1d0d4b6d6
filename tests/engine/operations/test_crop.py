"""Cutting a rectangle out."""

import numpy as np
import pytest

from engine.errors import RestoreError
from engine.image import frozen
from engine.operation import Step, apply
from engine.operations.crop import Crop

IMAGE = frozen(np.random.default_rng(0).random((20, 30, 3)).astype(np.float32))


def test_the_default_keeps_everything() -> None:
    assert np.array_equal(apply(Step(Crop()), IMAGE), IMAGE)


def test_keeps_the_rectangle() -> None:
    assert np.array_equal(apply(Step(Crop(left=3, top=4, width=5, height=6)), IMAGE), IMAGE[4:10, 3:8])


def test_0_means_up_to_the_edge_and_more_is_cut() -> None:
    assert np.array_equal(apply(Step(Crop(left=3, top=4)), IMAGE), IMAGE[4:, 3:])
    assert np.array_equal(apply(Step(Crop(left=25, width=100)), IMAGE), IMAGE[:, 25:])


@pytest.mark.parametrize("crop", [Crop(left=30), Crop(top=20)])
def test_a_rectangle_outside_is_refused(crop: Crop) -> None:
    with pytest.raises(RestoreError, match="30 x 20"):
        apply(Step(crop), IMAGE)
