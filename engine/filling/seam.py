"""Seams: copying pixels into a hole so that no step in colour shows where they meet others."""

import cv2
import numpy as np

from engine.filling import borders, harmonic
from engine.filling.patches import Scene
from engine.progress import Progress

_LARGEST = 0.15  # of 0..1
_ALONG = 0.4  # px along the rim over which differences are averaged: those of single pixels are grain
_INSIDE = 3.0  # the same inside, where many copies of few pixels may meet


def copy(scene: Scene, source: np.ndarray, channels: int, progress: Progress) -> np.ndarray:
    """The first `channels` of the picture of `scene` (H, W, channels) with each pixel of the hole copied from the
    middle of the patch at `source` (n, one for each target), or of a neighbour's, within 0..1.

    Where copies meet what is there, or copies from elsewhere, they differ by what the one would go on with; a membrane
    over the hole takes these differences away (Perez, Gangnet and Blake 2003, section 2). Raises Cancelled.
    """
    height, width = scene.hole.shape
    y, x = np.nonzero(scene.hole)
    place = y * width + x
    origin = np.full(height * width, -1)
    origin[place] = borders.move(scene, source, channels, progress.part(0.0, 0.5))
    progress = progress.part(0.5, 1.0)
    flat = scene.flat[:, :channels]
    errors = np.zeros((height * width, channels + 1), np.float32)  # their sums, and of how many
    for own, (there_y, there_x) in harmonic.neighbours(np.stack([y, x], axis=1), scene.size):
        here, there = place[own], there_y * width + there_x
        rim = origin[there] < 0
        here, there = here[rim], there[rim]
        error = _limit(flat[there] - flat[origin[here] + there - here])
        errors[here] += np.pad(error, ((0, 0), (0, 1)), constant_values=1)
    progress(0.05)
    rims = _average(errors, scene, _ALONG) * errors[:, -1:]
    progress(0.1)
    right = (rims + _join(scene, origin, flat))[place].astype(np.float64)
    progress(0.2)
    where = np.stack([y, x], axis=1)
    result = scene.image[..., :channels].copy()
    own_hole = scene.hole[: scene.size[0], : scene.size[1]]
    membrane = harmonic.solve(harmonic.laplacian(own_hole), right, where, progress.part(0.2, 1.0))
    result[scene.hole] = flat[origin[place]] + membrane
    return np.clip(result, 0, 1)


def _join(scene: Scene, origin: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """What the differences between neighbours in the hole copied from different places, `origin` (H * W) of the pixels
    `flat` (H * W, C), add to the right side of the membrane's equation (H * W, C)."""
    total, hole, width = np.zeros_like(flat), scene.hole, scene.hole.shape[1]
    for step, inside in ((1, hole[:, :-1] & hole[:, 1:]), (width, hole[:-1] & hole[1:])):
        y, x = np.nonzero(inside)
        here = y * width + x
        here = here[origin[here + step] != origin[here] + step]
        there = here + step
        error = (flat[origin[here] + step] - flat[origin[there]] + flat[origin[here]] - flat[origin[there] - step]) / 2
        seams = np.zeros((len(flat), flat.shape[1] + 1), np.float32)
        seams[here] = np.pad(_limit(error), ((0, 0), (0, 1)), constant_values=1)
        mean = _average(seams, scene, _INSIDE)[here]
        total[here] -= mean
        total[there] += mean
    return total


def _average(errors: np.ndarray, scene: Scene, radius: float) -> np.ndarray:
    """The mean error nearby (H * W, C) of sums of errors and how many they are, its last column."""
    soft = cv2.GaussianBlur(errors.reshape(*scene.hole.shape, -1), (0, 0), radius).reshape(errors.shape)
    return soft[:, :-1] / np.maximum(soft[:, -1:], 1e-9)


def _limit(error: np.ndarray) -> np.ndarray:
    """The errors (n, C), larger ones cut to _LARGEST: another thing begins there, whose colour must not spread."""
    size = np.abs(error).max(axis=1, keepdims=True)
    return error * np.minimum(1, _LARGEST / np.maximum(size, 1e-9))
