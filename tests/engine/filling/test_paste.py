"""Pasting: colours meet at the rim, the texture of what is pasted stays."""

import numpy as np

from engine.filling import paste
from engine.progress import Progress


def _hole(height: int, width: int) -> np.ndarray:
    hole = np.zeros((height, width), bool)
    hole[20:60, 20:70] = True
    return hole


def test_a_made_picture_takes_the_colours_around_and_keeps_its_texture() -> None:
    random = np.random.default_rng(0)
    y, x = np.mgrid[:80, :90].astype(np.float32)
    image = np.stack((0.3 + 0.003 * x, 0.6 - 0.002 * y, np.full_like(x, 0.5)), axis=2)
    texture = 0.05 * random.standard_normal(image.shape).astype(np.float32)
    hole = _hole(80, 90)
    inside = paste.meet(image, 0.2 + texture, hole, Progress())
    off = inside - image[hole] - texture[hole]
    assert np.abs(off.mean(axis=0)).max() < 0.01  # not 0.1 to 0.4 as the colours of the two were
    assert np.corrcoef((inside - image[hole]).ravel(), texture[hole].ravel())[0, 1] > 0.95


def test_without_anything_around_the_picture_stays() -> None:
    made = np.random.default_rng(0).random((10, 12, 3)).astype(np.float32)
    everything = np.ones((10, 12), bool)
    assert np.array_equal(paste.meet(np.zeros_like(made), made, everything, Progress()), made[everything])
