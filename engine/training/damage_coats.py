"""Coats of paint: what damage is made of, its tones and its wear."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.training.strokes import Plane, clouds

LINE, SPOT, TEAR, STAIN = range(4)
Tone = NDArray[np.float32]  # (3,), RGB 0..1


@dataclass(frozen=True, eq=False)
class Coat:
    """Paint of one `tone` with an opacity mask; `label` is the plane that says so, None for mere shading."""

    mask: Plane
    tone: Tone
    label: int | None


def paper(rng: np.random.Generator) -> Tone:
    """The white of bare paper or of a hole in the emulsion: from white to cream, seldom coloured as film is."""
    if rng.random() < 0.06:
        return rng.uniform(0.3, 1, 3).astype(np.float32)
    cream = rng.random() ** 2
    tone = rng.uniform(0.72, 1.0) * np.array([1, 1 - 0.1 * cream, 1 - 0.38 * cream]) + rng.normal(0, 0.01, 3)
    return np.clip(tone, 0, 1).astype(np.float32)


def soot(rng: np.random.Generator) -> Tone:
    """The dark of dirt, of holes in a negative's print or of shadows."""
    return np.clip(rng.uniform(0.0, 0.18) + rng.normal(0, 0.015, 3), 0, 1).astype(np.float32)


def bright_or_dark(rng: np.random.Generator) -> Tone:
    """Paper or soot, 7 to 3."""
    return paper(rng) if rng.random() < 0.7 else soot(rng)


def scaled(mask: Plane, factor: float) -> Plane:
    """The mask, `factor` times as opaque."""
    return cv2.convertScaleAbs(mask, alpha=factor)


def worn(mask: Plane, strength: float, rng: np.random.Generator) -> Plane:
    """The mask, eaten away by fine noise: `strength` 0..1."""
    noise = clouds(len(mask), float(rng.choice([0.8, 1.5, 3.0])), rng)
    return np.round(mask * np.clip(1 - strength * (0.35 + noise), 0, 1)).astype(np.uint8)
