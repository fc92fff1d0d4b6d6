"""Scenes: damage of several kinds, and decoys, painted in a square within a budget."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.training import damage_film, damage_lines, damage_spots, damage_tears, decoys
from engine.training.damage_coats import STAIN, Coat
from engine.training.damage_film import Film

MOST = 0.12  # share of a scene that damage may cover
CLEAN = 0.1  # share of the scenes without damage
TORN = 0.12  # share of the others with a tear
KINDS: dict[Callable[[int, np.random.Generator], list[Coat]], float] = {  # how often each is drawn
    damage_lines.scratch: 3.0,
    damage_lines.hair: 1.5,
    damage_lines.crease: 1.2,
    damage_lines.crack: 2.0,
    damage_lines.wrinkle: 0.5,
    damage_lines.craze: 0.5,
    damage_spots.dust: 3.0,
    damage_spots.specks: 2.0,
    damage_spots.sprinkle: 1.0,
    damage_spots.blotch: 0.8,
}


def scene(film: Film, size: int, seed: int, amount: float = 1.0, torn: float = TORN) -> NDArray[np.uint8]:
    """Damage and decoys of `size` x `size` px, a function of the arguments alone; `amount` 0 leaves the decoys,
    `torn` is the share of the damaged scenes with a tear.

    Of amount 1 a tenth is clean and the mean scene is covered by about 3 %. Returns uint8 (10, size, size): paint (RGB,
    times its opacity), opacity, the labels line, spot, tear and stain, opacity and palette index of the decoys.
    """
    rng = np.random.default_rng(seed)
    opacity, colour = decoys.draw(size, rng)
    surface = _Surface(size)
    if amount > 0 and rng.random() > CLEAN:
        _damage(surface, film, amount * 0.07 * rng.random() ** 1.5, torn, rng)
    return np.concatenate((surface.finish(), opacity[None], colour[None]))


def _damage(surface: "_Surface", film: Film, budget: float, torn: float, rng: np.random.Generator) -> None:
    """Coat after coat until `budget`, a share of the scene, is spent; each scene favours a few kinds of damage."""
    size = surface.size
    if rng.random() < 0.15:
        rendered = "stain" in film and rng.random() < 0.5
        surface.add(damage_film.paste(film, "stain", size, rng) if rendered else damage_spots.stain(size, rng))
    if rng.random() < 0.3:
        surface.add(damage_lines.bundle(size, rng))
    if rng.random() < torn:
        surface.add(damage_tears.tear(size, rng))
    makers = list(KINDS)
    odds = np.array([*KINDS.values(), 4.0 if film else 0.0]) * rng.gamma(0.5, 1, len(makers) + 1)
    odds /= odds.sum()
    for _ in range(16):
        if surface.covered >= budget:
            return
        choice = int(rng.choice(len(odds), p=odds))
        rendered = choice == len(makers)
        surface.add(damage_film.paste_any(film, size, rng) if rendered else makers[choice](size, rng))


class _Surface:
    """A scene while it is painted."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.paint = np.zeros((size, size, 3), np.float32)
        self.opacity = np.zeros((size, size, 1), np.float32)
        self.labels = np.zeros((4, size, size), np.uint8)
        self.covered = 0.0

    def add(self, coats: list[Coat]) -> None:
        """Put the coats on, unless the scene would be covered too much."""
        masks = [coat.mask for coat in coats if coat.label not in (None, STAIN)]
        union = np.maximum.reduce([self.labels[:STAIN].max(0), *masks])
        share = np.count_nonzero(union > 64) / union.size
        if share > MOST:
            return
        self.covered = share
        for coat in coats:
            self._coat(coat)

    def _coat(self, coat: Coat) -> None:
        x, y, width, height = cv2.boundingRect(coat.mask)
        box = np.s_[y : y + height, x : x + width]
        mask = coat.mask[box]
        cover = (mask * np.float32(1 / 255))[..., None]
        self.paint[box] += cover * (coat.tone - self.paint[box])
        self.opacity[box] += cover * (1 - self.opacity[box])
        if coat.label is not None:
            np.maximum(self.labels[coat.label][box], mask, out=self.labels[coat.label][box])

    def finish(self) -> NDArray[np.uint8]:
        """Paint, opacity and labels. uint8 (8, size, size)"""
        planes = np.concatenate((self.paint, self.opacity), axis=2).transpose(2, 0, 1)
        return np.concatenate((np.round(255 * planes).astype(np.uint8), self.labels))
