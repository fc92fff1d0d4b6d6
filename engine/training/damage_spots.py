"""Damage that is round: each function draws a kind of it in a square as coats of paint, bottom first."""

import cv2
import numpy as np

from engine.training.damage_coats import SPOT, STAIN, Coat, bright_or_dark, paper, soot, worn
from engine.training.strokes import Canvas, Path, clouds, lumpy


def _places(size: int, count: int, rng: np.random.Generator) -> Path:
    """Where spots are: half of the time all over, else around one place."""
    if rng.random() < 0.5:
        return rng.uniform(0, size, (count, 2))
    return rng.normal(rng.uniform(0, size, 2), rng.uniform(0.05, 0.4) * size, (count, 2))


def dust(size: int, rng: np.random.Generator) -> list[Coat]:
    """Round specks 1 to 6 px wide, most of them small."""
    canvas = Canvas(size)
    count = 1 + int(rng.exponential(14) * (size / 256) ** 2)
    radii = 0.5 * 6 ** (rng.random(count) ** rng.uniform(1, 3))
    canvas.dots(_places(size, count, rng), radii, rng.uniform(0.4, 1.0, count))
    return [Coat(canvas.mask(), bright_or_dark(rng), SPOT)]


def specks(size: int, rng: np.random.Generator) -> list[Coat]:
    """Lumps of dirt 2 to 8 px wide, irregular and often long."""
    canvas = Canvas(size)
    for place in _places(size, 1 + int(rng.exponential(6) * (size / 256) ** 2), rng):
        outline = lumpy(np.zeros(2), rng.uniform(1, 4) * rng.uniform(0.5, 1), 0.45, rng)
        angle, flat = rng.uniform(0, np.pi), rng.uniform(0.3, 1)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        canvas.area(place + (outline * (1, flat)) @ turn.T, rng.uniform(0.5, 1))
    return [Coat(canvas.mask(), bright_or_dark(rng), SPOT)]


def sprinkle(size: int, rng: np.random.Generator) -> list[Coat]:
    """A cloud of the finest specks, 1 to 2 px."""
    canvas = Canvas(size)
    count = int(rng.uniform(20, 150) * size / 256)
    centres = rng.normal(rng.uniform(0, size, 2), rng.uniform(0.04, 0.25, 2) * size, (count, 2))
    canvas.dots(centres, rng.uniform(0.3, 1.0, count), rng.uniform(0.3, 1.0, count))
    return [Coat(canvas.mask(), bright_or_dark(rng), SPOT)]


def blotch(size: int, rng: np.random.Generator) -> list[Coat]:
    """Emulsion lost or mould grown over 6 to 16 px: ragged, sometimes with a rim."""
    canvas, tone = Canvas(size), bright_or_dark(rng)
    for place in rng.uniform(0, size, (int(rng.integers(1, 4)), 2)):
        canvas.area(lumpy(place, rng.uniform(3, 8), rng.uniform(0.2, 0.4), rng), rng.uniform(0.6, 1))
    mask = worn(canvas.mask(), rng.uniform(0, 0.5), rng)
    if rng.random() < 0.3:
        rim = cv2.subtract(cv2.GaussianBlur(mask, (0, 0), 2.0), mask)
        return [Coat(mask, tone, SPOT), Coat(rim, soot(rng) if tone.mean() > 0.5 else paper(rng), None)]
    return [Coat(mask, tone, SPOT)]


def stain(size: int, rng: np.random.Generator) -> list[Coat]:
    """A soft, faint discolouration, as water leaves it: some with a darker rim."""
    canvas = Canvas(size)
    canvas.area(lumpy(rng.uniform(0, size, 2), rng.uniform(0.1, 0.4) * size, 0.25, rng), 1)
    mask = cv2.GaussianBlur(canvas.mask(), (0, 0), rng.uniform(1.5, 8))
    if rng.random() < 0.4:
        rim = cv2.absdiff(mask, cv2.GaussianBlur(mask, (0, 0), rng.uniform(3, 8)))
        mask = cv2.addWeighted(mask, 0.6, rim, 1.2, 0)
    level = rng.uniform(0.1, 0.9)
    tone = np.clip(level * np.array([1, rng.uniform(0.75, 1), rng.uniform(0.5, 1)]), 0, 1).astype(np.float32)
    cloudy = np.clip(1 + 0.3 * clouds(size, 12.0, rng), 0, 1.3)
    return [Coat(np.round(mask * (rng.uniform(0.06, 0.3) * cloudy)).astype(np.uint8), tone, STAIN)]
