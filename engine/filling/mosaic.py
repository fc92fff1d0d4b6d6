"""Mosaics: the surroundings of many small holes laid side by side, so that these are filled in one go."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from engine.filling.holes import within
from engine.image import Box

_SIDE = 1024  # px of a mosaic, unless a single hole needs more


class _Tile(NamedTuple):
    """A piece of the picture and where it lies in the mosaic."""

    source: Box
    place: Box
    own: np.ndarray  # (h, w), bool: the pixels to fill


class Mosaic:
    """Pieces of a picture as a picture of its own. Only pixels of the pieces count; what lies between is unknown."""

    def __init__(self, tiles: list[_Tile]) -> None:
        self._tiles = tiles
        shape = max(tile.place.bottom for tile in tiles), max(tile.place.right for tile in tiles)
        self.hole = np.zeros(shape, bool)
        for tile in tiles:
            self.hole[tile.place.slices] = tile.own

    def cut(self, image: np.ndarray, unknown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The pieces of `image` (H, W, C), black where it is unknown, and of `unknown` (H, W), bool."""
        values = np.zeros((*self.hole.shape, image.shape[2]), np.float32)
        blank = np.ones(self.hole.shape, bool)
        for tile in self._tiles:
            blank[tile.place.slices] = unknown[tile.source.slices]
            np.copyto(values[tile.place.slices], image[tile.source.slices], where=~blank[tile.place.slices][..., None])
        return values, blank

    def put(self, image: np.ndarray, unknown: np.ndarray, filled: np.ndarray) -> None:
        """Writes what was `filled` (n, C), the pixels of `hole` row by row, into `image`, and that it is known now."""
        values = np.zeros((*self.hole.shape, image.shape[2]), np.float32)
        values[self.hole] = filled
        for tile in self._tiles:
            image[tile.source.slices][tile.own] = values[tile.place.slices][tile.own]
            unknown[tile.source.slices][tile.own] = False


def alone(box: Box, own: np.ndarray, reach: int, shape: tuple[int, ...]) -> Mosaic:
    """The surroundings, `reach` px around, of one hole: its box in a picture of `shape` and which pixels of that."""
    source = box.grown(reach, shape)
    place = within(source, source)
    hole = np.zeros((place.bottom, place.right), bool)
    hole[within(box, source).slices] = own
    return Mosaic([_Tile(source, place, hole)])


def pack(
    holes: Iterable[tuple[Box, np.ndarray]], reach: int, shape: tuple[int, ...], side: int = _SIDE
) -> Iterator[Mosaic]:
    """The same for all the holes, in rows, high ones first, as many as go into a mosaic of `side` px a side; those at
    the picture's edge stay alone, since some ways of filling must know of it."""
    tiles: list[_Tile] = []
    top = left = height = 0
    for box, own in sorted(holes, key=lambda one: -len(one[1])):
        source = box.grown(reach, shape)
        high, wide = (length + 2 * reach for length in own.shape)
        if (source.bottom - source.top, source.right - source.left) != (high, wide):
            yield alone(box, own, reach, shape)
            continue
        if left and left + wide > side:
            top, left, height = top + height, 0, 0
        if tiles and top + max(height, high) > side:
            yield Mosaic(tiles)
            tiles, top, left, height = [], 0, 0, 0
        tiles.append(_Tile(source, Box(top, top + high, left, left + wide), np.pad(own, reach)))
        left, height = left + wide, max(height, high)
    if tiles:
        yield Mosaic(tiles)
