"""Borders between what was copied into a hole from different places, moved to where both places look alike."""

import numpy as np

from engine.filling import patches
from engine.filling.patches import Scene
from engine.progress import Progress

_SWEEPS = 2
_JUMPS = (3, 1, 2, 1)  # px between pixels of which one takes over where the other is copied from
_WAYS = ((0, 1), (1, 0), (0, -1), (-1, 0))
_RIM = 5.0  # how much a difference from what is known counts beside one between two copies
_LOYAL = 0.1  # the same of a difference from what the patches over the pixel agreed on


def move(scene: Scene, source: np.ndarray, channels: int, progress: Progress) -> np.ndarray:
    """Where each of the n pixels of the hole, row by row, is copied from (n,), when `source` (one for each target) is
    the patch that the target is most like. Nothing else is copied than what patches of `source` show.

    Pixels take over from their neighbours the way to their origin where this lowers what the first `channels` differ by
    at the borders: each of two neighbours beside what goes on at the other's origin (the measure of Kwatra et al. 2003,
    Graphcut textures; lowered by turns of half of the pixels, after Besag 1986). With a guide all keep their own.
    Raises Cancelled.
    """
    borders = _Borders(scene, source, channels)
    if scene.fixed:  # what follows a guide fits less well: agreeing would cost it its grain
        return borders.origins
    tries = [(jump, way, half) for _ in range(_SWEEPS) for jump in _JUMPS for way in _WAYS for half in (0, 1)]
    for jump, (down, across), half in progress.each(tries):
        borders.take_over(jump * down, jump * across, half)
    return borders.origins


class _Borders:
    """How far each pixel of a hole is from where it is copied from."""

    def __init__(self, scene: Scene, source: np.ndarray, channels: int) -> None:
        height, width = scene.hole.shape
        self._scene, self._hole, self._size, self._width = scene, scene.hole.ravel(), scene.size, width
        self._y, self._x = np.nonzero(scene.hole)
        self._place = self._y * width + self._x
        low_y, low_x = (side - 1 - patches.REACH for side in scene.size)
        y, x = np.clip(self._y, patches.REACH, low_y), np.clip(self._x, patches.REACH, low_x)
        self._middle = y * width + x  # not the pixel's own place at the picture's edge
        self._flat = np.ascontiguousarray(scene.flat[:, :channels])
        self._away = np.zeros(height * width, np.int64)
        self._away[self._place] = source[scene.index[self._middle]] - self._middle

    @property
    def origins(self) -> np.ndarray:
        """Where each pixel of the hole is copied from (n,)."""
        return self._place + self._away[self._place]

    def take_over(self, down: int, across: int, half: int) -> None:
        """Lets every other pixel, as on one `half` of a chessboard, try what the pixel so far from it has."""
        pixels = np.flatnonzero((self._y + self._x) % 2 == half)
        heard, other = self._neighbours(pixels, down, across)
        pixels, away = pixels[heard], self._away[other]
        there = np.clip(self._middle[pixels] + away, 0, len(self._hole) - 1)
        fresh = self._hole[other] & (away != self._away[self._place[pixels]]) & self._scene.usable[there]
        pixels, away = pixels[fresh], away[fresh]
        better = self._cost(pixels, away) < self._cost(pixels, self._away[self._place[pixels]])
        self._away[self._place[pixels[better]]] = away[better]

    def _cost(self, pixels: np.ndarray, away: np.ndarray) -> np.ndarray:
        """What it costs (m,) to copy the `pixels` (m,), numbers of those in the hole, from so far `away` (m,)."""
        place = self._place[pixels]
        copied = self._pixels(place + away)
        total = _LOYAL * _square(copied - self._pixels(place))
        for down, across in _WAYS:
            own, other = self._neighbours(pixels, down, across)
            theirs = self._away[other]  # 0 of what is known
            there = _square(self._pixels(other + away[own]) - self._pixels(other + theirs))
            here = _square(copied.take(own, axis=0) - self._pixels(place[own] + theirs))
            total[own] += np.where(self._hole[other], here + there, _RIM * there)
        return total

    def _pixels(self, places: np.ndarray) -> np.ndarray:
        return self._flat.take(places, axis=0)  # quicker than by an index

    def _neighbours(self, pixels: np.ndarray, down: int, across: int) -> tuple[np.ndarray, np.ndarray]:
        """Which of the `pixels` (m,), numbers of those in the hole, have another so far away, and its place."""
        y, x = self._y[pixels] + down, self._x[pixels] + across
        inside = np.flatnonzero((y >= 0) & (y < self._size[0]) & (x >= 0) & (x < self._size[1]))
        return inside, (y * self._width + x)[inside]


def _square(difference: np.ndarray) -> np.ndarray:
    return np.einsum("nc,nc->n", difference, difference)
