"""Edges go on through the hole and meet: along a diagonal, at a crossing, in colour."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from engine.filling import edges, harmonic
from engine.progress import Progress

SIDE = 96
HOLE = (slice(36, 60), slice(36, 60))


def diagonal() -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return coloured(x + 0.7 * y > 80)


def cross() -> np.ndarray:
    plane = np.zeros((SIDE, SIDE), bool)
    plane[40:57] = plane[:, 39:56] = True
    return coloured(plane)


def hues() -> np.ndarray:
    """Two colours of one brightness."""
    red, blue = np.float32((0.7, 0.35, 0.3)), np.float32((0.2, 0.35, 0.8))
    return np.where(np.mgrid[:SIDE, :SIDE][1][..., None] > 48, red, blue).astype(np.float32)


def coloured(plane: np.ndarray) -> np.ndarray:
    return np.where(plane[..., None], np.float32((0.8, 0.75, 0.7)), np.float32((0.2, 0.1, 0.3))).astype(np.float32)


def spoiled(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    unknown = np.zeros(image.shape[:2], bool)
    unknown[HOLE] = True
    return np.where(unknown[..., None], 0, image).astype(np.float32), unknown


@pytest.mark.parametrize("make", [diagonal, cross, hues])
def test_edges_go_on(make: Callable[[], np.ndarray]) -> None:
    image = make()
    damaged, unknown = spoiled(image)
    result, smooth = edges.fill(damaged, unknown, unknown, Progress()), harmonic.fill(damaged, unknown, Progress())
    error = np.abs(result - image)[unknown].mean()
    assert error < 0.05
    assert error < 0.5 * np.abs(smooth - image)[unknown].mean()
    assert np.array_equal(result[~unknown], image[~unknown])


def test_colours_stay_between_those_around() -> None:
    image = np.random.default_rng(0).uniform(0.2, 0.7, (SIDE, SIDE, 3)).astype(np.float32)
    damaged, unknown = spoiled(image)
    result = edges.fill(damaged, unknown, unknown, Progress())
    assert result[unknown].min() >= 0.2 - 1e-6 and result[unknown].max() <= 0.7 + 1e-6


def test_holes_beside_each_other_do_not_look_at_one_another() -> None:
    image = cross()
    damaged, unknown = spoiled(image)
    alone = edges.fill(damaged, unknown, unknown, Progress())
    unknown[70:76, 70:76] = True
    damaged[70:76, 70:76] = 0
    assert np.abs(edges.fill(damaged, unknown, unknown, Progress()) - alone)[HOLE].max() < 0.02


def test_a_wide_hole_takes_bounded_time_and_reports() -> None:
    image = np.random.default_rng(0).random((180, 180, 3)).astype(np.float32)
    unknown = np.zeros((180, 180), bool)
    unknown[30:150, 30:150] = True
    told: list[tuple[float, float]] = []
    start = time.process_time()
    edges.fill(image, unknown, unknown, Progress(lambda fraction: told.append((time.process_time(), fraction))))
    assert time.process_time() - start < 5
    fractions = [fraction for _time, fraction in told]
    assert len(told) > 40 and fractions == sorted(fractions)
