"""Grain is as strong and as coarse as that around, is made in little memory, and is not put where there is some."""

import tracemalloc

import numpy as np
import pytest
from scipy import ndimage

from engine.filling import grain
from engine.progress import Progress


def grainy(height: int, width: int, coarseness: float = 0.0) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal((height, width, 3)).astype(np.float32)
    noise = ndimage.gaussian_filter(noise, (coarseness, coarseness, 0)) if coarseness else noise
    return 0.5 + noise * np.float32(0.03 / noise.std())


def test_channels_that_go_together_do_so_in_the_fill() -> None:
    image = grainy(120, 160)
    image[..., 1] = image[..., 0]
    hole = np.zeros((120, 160), bool)
    hole[40:80, 60:100] = True
    image[hole] = 0.5
    noise = grain.match(image, hole, hole, 0, Progress())
    likeness = np.corrcoef(noise.T)
    assert likeness[0, 1] > 0.9 and abs(likeness[0, 2]) < 0.15
    assert noise.std(axis=0) == pytest.approx(0.03, rel=0.15)


def test_where_there_is_grain_nothing_is_added() -> None:
    image, hole = grainy(120, 160, 1.0), np.zeros((120, 160), bool)
    hole[40:80, 60:100] = True
    assert grain.match(image, hole, hole, 0, Progress()).std() < 0.015


def test_clean_ground_stays_clean_beside_other_holes() -> None:
    image, hole, other = np.full((80, 90, 3), 0.4, np.float32), np.zeros((80, 90), bool), np.zeros((80, 90), bool)
    hole[30:40, 30:40] = True
    other[30:60, 50:60] = True
    image[other] = np.random.default_rng(0).random((int(other.sum()), 3))  # whatever is still there
    assert np.abs(grain.match(image, hole | other, hole, 0, Progress())).max() < 1e-3


def test_grain_for_scattered_scratches_needs_little_memory_and_reports() -> None:
    random = np.random.default_rng(0)
    image = (0.5 + 0.03 * random.standard_normal((1500, 1200, 3), np.float32)).clip(0, 1)
    unknown = np.zeros((1500, 1200), bool)
    unknown[:, ::100] = True
    image[unknown] = 0.5
    said: list[float] = []
    tracemalloc.start()
    noise = grain.match(image, unknown, unknown, 0, Progress(said.append))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert noise.shape == (unknown.sum(), 3)
    assert noise.std() == pytest.approx(0.03, rel=0.15)
    assert peak < 4 * image.nbytes
    assert len(said) > 15


def test_grain_has_no_seam_where_bands_of_it_meet() -> None:
    image, unknown = grainy(400, 300, 1.0), np.zeros((400, 300), bool)
    unknown[30:370, 60:240] = True
    image[unknown] = 0.5
    noise = grain.match(image, unknown, unknown, 0, Progress()).reshape(340, 180, 3)
    step = np.abs(np.diff(noise, axis=0)).mean(axis=(1, 2))
    assert step[120:136].max() < 1.25 * np.median(step)  # rows 127 and on are made in the second band
