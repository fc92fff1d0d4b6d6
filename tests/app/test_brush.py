"""The shapes of painting: exact sizes, even coverage whatever the event rate, soft edges, filled outlines."""

import math

import numpy as np
import pytest

from app import brush

SHAPE = (300, 400)


def drawn(points: list[tuple[float, float]], size: float, hardness: float = 1.0) -> np.ndarray:
    array = np.zeros(SHAPE, np.uint8)
    for start, end in zip(points, points[1:], strict=False):
        for piece in brush.line(start, end, (size, size), hardness, SHAPE):
            brush.blend(array, piece, False)
    return array


@pytest.mark.parametrize("size", [4, 25, 120, 280])
def test_a_dab_covers_a_disc_of_its_diameter(size: int) -> None:
    dab = drawn([(200, 150), (200, 150)], size)
    assert dab.sum() / 255 == pytest.approx(math.pi * size**2 / 4, rel=0.05)
    assert abs(int((dab[150] > 127).sum()) - size) <= 1


@pytest.mark.parametrize("hardness", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("size", [3, 40, 150])
def test_coverage_does_not_depend_on_the_event_rate(size: float, hardness: float) -> None:
    start, end = (30.0, 40.0), (370.0, 260.0)
    many = [(start[0] + t * 340 / 97, start[1] + t * 220 / 97) for t in range(98)]
    once, often = drawn([start, end], size, hardness), drawn(many, size, hardness)
    assert np.abs(once.astype(int) - often).max() <= 1


def test_a_stroke_is_even_along_its_length() -> None:
    stroke = drawn([(50, 150), (350, 150)], 40, 0.4)
    assert (stroke[:, 60:340] == stroke[:, 60:61]).all()


def test_crossing_strokes_do_not_add_up() -> None:
    cross = drawn([(50, 150), (350, 150)], 40, 0.0)
    single = cross.copy()
    for piece in brush.line((200, 20), (200, 280), (40, 40), 0.0, SHAPE):
        brush.blend(cross, piece, False)
    other = drawn([(200, 20), (200, 280)], 40, 0.0)
    assert np.array_equal(cross, np.maximum(single, other))


def test_hardness_decides_how_far_the_edge_falls_off() -> None:
    hard, soft = (drawn([(200, 150), (200, 150)], 100, value)[150] for value in (1.0, 0.3))
    assert ((hard > 0) & (hard < 255)).sum() <= 4
    edge = soft[200:251].astype(int)
    assert (np.diff(edge) <= 0).all() and np.diff(edge).min() > -20
    assert (edge[:14] == 255).all() and edge[-1] == 0


def test_the_finest_brush_fills_whole_pixels() -> None:
    array = drawn([(10.9, 20.1), (30.2, 20.9)], 1)
    assert (array[20, 10:31] == 255).all()
    assert (array > 0).sum() == 21


def test_erasing_takes_away_what_painting_put_there() -> None:
    array = drawn([(50, 150), (350, 150)], 40, 0.5)
    for piece in brush.line((50, 150), (350, 150), (60, 60), 1.0, SHAPE):
        brush.blend(array, piece, True)
    assert not array.any()


def test_pressure_makes_a_cone() -> None:
    array = np.zeros(SHAPE, np.uint8)
    for piece in brush.line((50, 150), (350, 150), (10, 100), 1.0, SHAPE):
        brush.blend(array, piece, False)
    widths = (array > 127).sum(axis=0)[50:350]
    assert (np.diff(widths) >= 0).all() and abs(int(widths[0]) - 10) <= 4 and abs(int(widths[-1]) - 100) <= 4


@pytest.mark.parametrize("point", [(-50.0, -50.0), (0.0, 0.0), (400.0, 300.0), (10_000.0, 5.0)])
def test_painting_beyond_the_border_is_cut_off(point: tuple[float, float]) -> None:
    array = drawn([point, (200, 150)], 30)
    assert array.shape == SHAPE and array[150, 200] == 255


def test_a_polygon_covers_its_area_and_a_crossing_lasso_is_filled() -> None:
    array = np.zeros(SHAPE, np.uint8)
    for piece in brush.polygon([(20.5, 20), (220.5, 20), (20.5, 220)], SHAPE):
        brush.blend(array, piece, False)
    assert array.sum() / 255 == pytest.approx(200 * 200 / 2, rel=0.01)
    star = [
        (200 + 100 * math.sin(turn * 4 * math.pi / 5), 150 - 100 * math.cos(turn * 4 * math.pi / 5))
        for turn in range(5)
    ]
    array[:] = 0
    for piece in brush.polygon(star, SHAPE):
        brush.blend(array, piece, False)
    assert array[150, 200] == 255


def test_a_rectangle_is_made_of_whole_pixels_in_any_direction() -> None:
    for corners in (((10.5, 20.5), (30.2, 40.2)), ((30.2, 40.2), (10.5, 20.5)), ((10.5, 40.2), (30.2, 20.5))):
        array = np.zeros(SHAPE, np.uint8)
        for piece in brush.rectangle(*corners, SHAPE):
            brush.blend(array, piece, False)
        assert (array[20:41, 10:31] == 255).all() and (array > 0).sum() == 21 * 21
