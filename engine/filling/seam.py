"""Seams: copying pixels into a hole so that no step in colour shows at its rim."""

import cv2
import numpy as np

from engine.filling import harmonic, patches
from engine.filling.patches import Scene
from engine.progress import Progress

_LARGEST = 0.1  # of 0..1
_ALONG = 1.0  # px along the rim over which differences are averaged: those of single pixels are grain


def copy(scene: Scene, source: np.ndarray, channels: int, progress: Progress) -> np.ndarray:
    """The first `channels` of the picture of `scene` (H, W, channels) with each pixel of the hole copied from the
    middle of the patch at `source` (n, one for each target), within 0..1.

    A membrane over the hole, as high at its rim as what was copied differs from what is there, takes the difference
    away (Perez, Gangnet and Blake 2003, section 2). Raises Cancelled.
    """
    height, width = scene.hole.shape
    y, x = np.nonzero(scene.hole)
    reach = patches.REACH
    middle = np.clip(y, reach, height - 1 - reach) * width + np.clip(x, reach, width - 1 - reach)
    place = y * width + x  # not the middle at the picture's edge
    origin = source[scene.index[middle]] + place - middle
    flat = scene.flat[:, :channels]
    result = scene.image[..., :channels].copy()
    errors = np.zeros((height, width, channels + 1), np.float32)  # their sums, and of how many
    for own, (there_y, there_x) in harmonic.neighbours(np.stack([y, x], axis=1), scene.hole.shape):
        rim = ~scene.hole[there_y, there_x]
        own, there = own[rim], (there_y * width + there_x)[rim]
        error = _limit(flat[there] - flat[origin[own] + there - place[own]])
        errors[y[own], x[own]] += np.pad(error, ((0, 0), (0, 1)), constant_values=1)
    progress(0.1)
    soft = cv2.GaussianBlur(errors, (0, 0), _ALONG)[scene.hole]
    right = soft[:, :-1] / np.maximum(soft[:, -1:], 1e-9) * errors[scene.hole][:, -1:]
    where = np.stack([y, x], axis=1)
    membrane = harmonic.solve(harmonic.laplacian(scene.hole), right, where, progress.part(0.1, 1.0))
    result[scene.hole] = flat[origin] + membrane
    return np.clip(result, 0, 1)


def _limit(error: np.ndarray) -> np.ndarray:
    """The errors (n, C), larger ones cut to _LARGEST: another thing begins there, whose colour must not spread."""
    size = np.abs(error).max(axis=1, keepdims=True)
    return error * np.minimum(1, _LARGEST / np.maximum(size, 1e-9))
