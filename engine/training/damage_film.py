"""Damage from rendered film scans: masks of dirt, hairs, lint, scratches and more, read once and pasted at random."""

from pathlib import Path as FilePath

import cv2
import numpy as np
from PIL import Image as Pillow

from engine.training.damage_coats import LINE, SPOT, STAIN, Coat, bright_or_dark
from engine.training.strokes import Plane

Film = dict[str, list[Plane]]  # masks by kind, the first part of their file names

_KINDS = {  # label, how often, side of the whole mask after scaling in px (least, most)
    "dirt": (SPOT, 1.0, 150, 420),
    "dots": (SPOT, 0.4, 5, 18),
    "hair": (LINE, 1.5, 40, 220),
    "lint": (LINE, 1.0, 25, 120),
    "scratch": (LINE, 1.5, 160, 500),
    "smut": (SPOT, 0.7, 12, 60),
    "spots": (SPOT, 1.0, 120, 400),
    "sprink": (SPOT, 0.7, 100, 400),
    "stain": (STAIN, 0.0, 120, 500),
}


def read_film(folder: FilePath) -> Film:
    """The grey masks KIND-NUMBER.png of `folder` by kind, uint8; {} where there are none."""
    film: Film = {}
    for path in sorted(folder.glob("*.png")):
        kind = path.stem.split("-")[0]
        if kind in _KINDS:
            with Pillow.open(path) as file:
                film.setdefault(kind, []).append(np.array(file.convert("L")))
    return film


def split(film: Film) -> tuple[Film, Film]:
    """The film in two: nine tenths of each kind to learn from, every tenth mask for scores."""
    learned = {kind: [mask for i, mask in enumerate(masks) if i % 10 != 9] for kind, masks in film.items()}
    return learned, {kind: held for kind, masks in film.items() if (held := masks[9::10])}


def paste_any(film: Film, size: int, rng: np.random.Generator) -> list[Coat]:
    """One mask of a random kind, no stain, as `paste` does; `film` must hold one."""
    kinds = [kind for kind in film if _KINDS[kind][1] > 0]
    odds = np.array([_KINDS[kind][1] for kind in kinds])
    return paste(film, kinds[int(rng.choice(len(kinds), p=odds / odds.sum()))], size, rng)


def paste(film: Film, kind: str, size: int, rng: np.random.Generator) -> list[Coat]:
    """One mask of `kind`, turned, flipped, scaled and cut at random, in a square of `size` px."""
    label, _, least, most = _KINDS[kind]
    source = film[kind][int(rng.integers(len(film[kind])))]
    height, width = source.shape
    scale = rng.uniform(least, most) / max(height, width)
    angle, flip = rng.uniform(0, 2 * np.pi), rng.choice([-1, 1])
    turn = scale * np.array([[np.cos(angle) * flip, -np.sin(angle)], [np.sin(angle) * flip, np.cos(angle)]])
    centre = rng.uniform(0, size, 2) - turn @ (width / 2, height / 2)
    if scale < 0.7:  # the mean first, or warping would step over thin lines
        source = cv2.resize(source, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        turn = turn / scale
    mask = cv2.warpAffine(source, np.column_stack((turn, centre)), (size, size), flags=cv2.INTER_LINEAR)
    opacity = rng.uniform(0.06, 0.3) if label == STAIN else rng.uniform(0.5, 1.0)
    return [Coat(cv2.convertScaleAbs(mask, alpha=opacity), bright_or_dark(rng), label)]
