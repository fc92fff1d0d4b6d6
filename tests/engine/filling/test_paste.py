"""Pasting: colours meet at the rim, the texture of what is pasted stays."""

import cv2
import numpy as np
import pytest

from engine.filling import harmonic, paste
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


def _photo(shape: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Soft colours, an edge that goes through all of it, and fine texture. (H, W, 3) in 0..1"""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    soft = 0.5 + 0.15 * np.sin(x / 37) + 0.15 * np.cos((x + 2 * y) / 53)
    soft += np.where(x + 0.3 * y > 0.55 * shape[1], np.float32(0.15), np.float32(-0.15))
    texture = cv2.GaussianBlur(random.standard_normal((*shape, 3)).astype(np.float32), (0, 0), 1)
    return np.clip(soft[..., None] + 0.15 * texture, 0, 1)


@pytest.mark.parametrize("shape", [(301, 402), (300, 401)])
def test_a_large_hole_is_met_as_exactly_and_with_few_unknowns(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    image, made = _photo(shape, random), _photo(shape, random)[::-1, ::-1]
    hole = np.zeros(shape, np.uint8)
    cv2.ellipse(hole, (200, 150), (180, 120), 10, 0, 360, 1, -1)
    cv2.rectangle(hole, (330, 0), (401, 180), 1, -1)  # up to the corner of the photo
    hole[140:150, 100:300], hole[::7, 60] = 0, 0  # islands
    hole = hole > 0
    monkeypatch.setattr(paste, "_AT_ONCE", hole.sum())
    fine = paste.meet(image, made, hole, Progress())
    monkeypatch.setattr(paste, "_AT_ONCE", 5000)
    counts: list[int] = []
    span = harmonic.span
    monkeypatch.setattr(harmonic, "span", lambda *all: (counts.append(int(all[1].sum())), span(*all))[1])
    said: list[float] = []
    quick = paste.meet(image, made, hole, Progress(said.append))
    assert np.abs(fine - made[hole]).max() > 0.3
    assert np.abs(quick - fine).max() < 0.01
    assert len(counts) == 3 and sum(counts) < 0.6 * hole.sum() and counts[-1] < 0.4 * hole.sum()
    assert said == sorted(said)


def test_a_large_hole_of_nothing_but_specks_is_met_too(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    image, made = _photo((90, 120), random), _photo((90, 120), random)
    hole = random.random((90, 120)) < 0.2
    fine = paste.meet(image, made, hole, Progress())
    monkeypatch.setattr(paste, "_AT_ONCE", 100)
    assert np.abs(paste.meet(image, made, hole, Progress()) - fine).max() < 1e-4
