"""The membrane is exact and stays within its rim."""

import cv2
import numpy as np
from scipy import ndimage

from engine.filling import harmonic
from engine.progress import Progress


def test_it_is_exact_on_a_large_ragged_hole() -> None:
    random = np.random.default_rng(0)
    field = cv2.GaussianBlur(random.random((260, 260)).astype(np.float32), (0, 0), 6)
    unknown = field > np.median(field)
    assert unknown.sum() > 4000  # beyond what is factorised directly
    result = harmonic.fill(random.random((260, 260, 3)).astype(np.float32), unknown, Progress()).astype(np.float64)
    padded = np.pad(result, ((1, 1), (1, 1), (0, 0)), mode="edge")
    laplacian = padded[2:, 1:-1] + padded[:-2, 1:-1] + padded[1:-1, 2:] + padded[1:-1, :-2] - 4 * result
    assert np.abs(laplacian[unknown]).max() < 1e-5


def test_it_stays_within_its_rim() -> None:
    image, unknown = np.random.default_rng(0).random((120, 140, 3)).astype(np.float32), np.zeros((120, 140), bool)
    unknown[20:100, 20:110] = True
    inside = harmonic.fill(image, unknown, Progress())[unknown]
    rim = image[ndimage.binary_dilation(unknown) & ~unknown]
    assert (inside.max(axis=0) <= rim.max(axis=0) + 1e-4).all()
    assert (inside.min(axis=0) >= rim.min(axis=0) - 1e-4).all()


def test_halving_leaves_out_what_is_unknown() -> None:
    image, unknown = np.full((5, 7, 1), 0.5, np.float32), np.zeros((5, 7), bool)
    image[2, 3], unknown[2, 3] = 9, True
    small, hole = harmonic.halve(image, unknown)
    assert small.shape == (3, 4, 1) and hole.sum() == 1 and hole[1, 1]
    assert np.array_equal(small, np.full((3, 4, 1), 0.5, np.float32))
