"""Turning by small angles: direction, size and precision."""

import math

import numpy as np
import pytest

from engine.image import frozen, is_grey
from engine.operation import Step, apply
from engine.operations.straighten import Straighten


def waves(height: int = 150, width: int = 200) -> np.ndarray:
    y, x = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    return frozen(np.repeat((0.5 + 0.2 * np.sin(x / 9) + 0.2 * np.cos(y / 7))[..., None], 3, 2).astype(np.float32))


def test_angle_0_gives_the_input() -> None:
    assert np.array_equal(apply(Step(Straighten(0.0)), waves()), waves())


def test_positive_angles_turn_clockwise() -> None:
    image = np.zeros((101, 101, 3), np.float32)
    image[50, 50:90] = 1  # a hand to the right
    result = apply(Step(Straighten(20.0)), frozen(image))
    middle_y, middle_x = (side // 2 for side in result.shape[:2])
    y = middle_y + round(20 * math.sin(math.radians(20)))
    x = middle_x + round(20 * math.cos(math.radians(20)))
    assert result[y - 1 : y + 2, x].max() > 0.5  # it points to the lower right
    assert result[2 * middle_y - y - 1 : 2 * middle_y - y + 2, x].max() < 0.2


@pytest.mark.parametrize("angle", [-30.0, 3.0, 12.5, 45.0])
def test_pixels_are_where_the_turn_puts_them(angle: float) -> None:
    result = apply(Step(Straighten(angle)), waves())
    height, width = result.shape[:2]
    y, x = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    from_x, from_y = cos * x + sin * y, -sin * x + cos * y
    expected = 0.5 + 0.2 * np.sin(from_x / 9) + 0.2 * np.cos(from_y / 7)
    assert np.abs(result[2:-2, 2:-2, 0] - expected[2:-2, 2:-2]).max() < 5e-3
    assert is_grey(result)


@pytest.mark.parametrize("shape", [(150, 200), (400, 40), (40, 400), (1, 50), (1, 1)])
@pytest.mark.parametrize("angle", [1.0, -20.0, 45.0])
def test_the_rectangle_has_no_empty_corners_and_is_large(shape: tuple[int, int], angle: float) -> None:
    height, width = shape
    result = apply(Step(Straighten(angle)), frozen(np.full((height, width, 3), 0.6, np.float32)))
    new_height, new_width = result.shape[:2]
    cos, sin = math.cos(math.radians(angle)), abs(math.sin(math.radians(angle)))
    if min(shape) > 10:
        assert new_width * cos + new_height * sin <= width + 1e-6
        assert new_width * sin + new_height * cos <= height + 1e-6
        grown_x, grown_y = new_width + 2, new_height + 2
        assert grown_x * cos + grown_y * sin > width or grown_x * sin + grown_y * cos > height
    assert np.allclose(result, 0.6, atol=1e-3)


def test_there_and_back_is_nearly_the_input() -> None:
    back = apply(Step(Straighten(-7.0)), apply(Step(Straighten(7.0)), waves()))
    height, width = back.shape[:2]
    y, x = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    expected = 0.5 + 0.2 * np.sin(x / 9) + 0.2 * np.cos(y / 7)
    assert np.abs(back[..., 0] - expected)[6:-6, 6:-6].mean() < 5e-3
