"""Tears: where the picture is gone down to the paper, or the paper too, up to the border of the square."""

import cv2
import numpy as np

from engine.training.damage_coats import TEAR, Coat, paper, soot
from engine.training.strokes import Canvas, Path, Plane, beside, clouds, walk, wave


def tear(size: int, rng: np.random.Generator) -> list[Coat]:
    """A tear that runs in from the border, a corner or a piece of the border torn off, or the print's worn edge."""
    return (_rip, _loss, _edge)[int(rng.choice(3, p=[0.45, 0.35, 0.2]))](size, rng)


def _border(size: int, rng: np.random.Generator) -> tuple[Path, float]:
    """A place on the border and the heading from there inwards."""
    side, along = int(rng.integers(4)), rng.uniform(0.1, 0.9) * size
    place = ((along, -2.0), (size + 2.0, along), (along, size + 2.0), (-2.0, along))[side]
    return np.array(place), np.pi / 2 * (1 + side) + rng.normal(0, 0.35)


def _ragged(mask: Plane, rough: float, rng: np.random.Generator) -> Plane:
    """The mask with a fibrous edge, moved by noise of about `rough` px."""
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.6, rough)).astype(np.float32) / 255
    noise = 0.22 * clouds(len(mask), 1.5, rng) + 0.12 * clouds(len(mask), 5.0, rng)
    return np.round(255 * np.clip((soft + noise * (soft * (1 - soft) * 4) - 0.5) * 2.5 * rough + 0.5, 0, 1)).astype(
        np.uint8
    )


def _shadow(mask: Plane, rng: np.random.Generator) -> Coat:
    """The soft shadow of a raised edge, fallen to one side."""
    dx, dy = rng.normal(0, 2, 2)
    moved = cv2.warpAffine(mask, np.array([[1, 0, dx], [0, 1, dy]]), mask.shape[::-1])
    soft = cv2.GaussianBlur(moved, (0, 0), rng.uniform(1.5, 4))
    return Coat(cv2.convertScaleAbs(soft, alpha=rng.uniform(0.2, 0.7)), soot(rng), None)


def _rip(size: int, rng: np.random.Generator) -> list[Coat]:
    """A wedge of bare paper, widest at the border."""
    start, heading = _border(size, rng)
    path = walk((start[0], start[1]), heading, rng.uniform(0.15, 0.7) * size, rng.uniform(0.05, 0.25), rng)
    opening = rng.uniform(2, 14) * np.linspace(1, 0.1, len(path)) ** rng.uniform(0.5, 2)
    left, right = (beside(path, s * opening * (0.5 + 0.15 * wave(len(path), len(path), rng))) for s in (1, -1))
    canvas = Canvas(size)
    canvas.area(np.concatenate((left, right[::-1])), 1)
    mask = _ragged(canvas.mask(), 1.0, rng)
    coats = [_shadow(mask, rng), Coat(mask, paper(rng), TEAR)]
    if rng.random() < 0.4:  # the scanner's lid shows through the gap
        gap = cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 3)))
        coats.append(Coat(gap, soot(rng) if rng.random() < 0.5 else np.ones(3, np.float32), TEAR))
    return coats


def _loss(size: int, rng: np.random.Generator) -> list[Coat]:
    """A piece missing at a corner or along the border: a rim of bare paper, outside it the scanner's lid."""
    canvas = Canvas(size)
    count = 48
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    corner = np.array([0, size])[rng.integers(0, 2, 2)].astype(float)
    centre = corner if rng.random() < 0.6 else _border(size, rng)[0]
    radii = rng.uniform(0.06, 0.3, 2) * size
    reach = np.maximum(0.4, 1 + 0.15 * wave(count, 16, rng) + 0.06 * wave(count, 40, rng))
    canvas.area(centre + radii * reach[:, None] * np.stack((np.cos(angle), np.sin(angle)), axis=1), 1)
    return _laid(canvas.mask(), rng)


def _edge(size: int, rng: np.random.Generator) -> list[Coat]:
    """One edge of the print along a side of the square: worn, nicked, the scanner's lid beyond it."""
    along = np.linspace(-4, size + 4, 64)
    depth = rng.uniform(1, 6) + rng.uniform(0.5, 2) * wave(64, 6, rng) + rng.uniform(0.2, 2.5) * wave(64, 50, rng)
    inner = np.stack((along, np.maximum(0, depth)), axis=1)
    outline = np.concatenate((inner, [[size + 4.0, -4.0], [-4.0, -4.0]]))
    canvas = Canvas(size)
    canvas.area(outline, 1)
    return _laid(np.ascontiguousarray(np.rot90(canvas.mask(), int(rng.integers(4)))), rng)


def _laid(gone: Plane, rng: np.random.Generator) -> list[Coat]:
    """A missing piece as it is scanned: a shadow, a rim of bare paper around it, the lid through it."""
    rim = int(rng.integers(1, 6))
    wide = cv2.dilate(gone, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1)))
    bare = _ragged(wide, rng.uniform(0.8, 2.0), rng)
    lid = soot(rng) if rng.random() < 0.5 else np.full(3, rng.uniform(0.93, 1), np.float32)
    coats = [_shadow(bare, rng), Coat(bare, paper(rng), TEAR)]
    return coats if rng.random() < 0.3 else [*coats, Coat(_ragged(gone, 0.8, rng), lid, TEAR)]
