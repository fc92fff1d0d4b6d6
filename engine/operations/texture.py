"""Textures: stone, grass, cloth and the like, made by a net for any size and any selection."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine import samplers
from engine.filling import paste
from engine.image import Image, Mask, bounds
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress
from engine.tiles import split

_RIM = 8  # px around the selection, by whose colours it goes
_PIECE = 1024  # px a side, scaled at once


@dataclass(frozen=True)
class Texture(Operation):
    """A picture of one material, over everything or into a selection."""

    title = "Texture"
    group = "sample"
    summary = "Makes a material, as a whole picture or into the selection, where its colours meet those around it."
    weights = "textures-gan"
    colours = True
    fits_mask = True

    material: str = param(
        "grass",
        "Material",
        "What the texture is to look like.",
        choices={
            "fabric": "Fabric",
            "foliage": "Foliage",
            "grass": "Grass",
            "masonry": "Masonry",
            "rock": "Rock",
            "sky": "Sky",
            "water": "Water",
            "wood": "Wood",
        },
    )
    size: float = param(1.0, "Size of structure", "2 makes everything twice as large.", low=1.0, high=8.0, slider="log")
    variety: float = param(
        0.9,
        "Variety",
        "More makes samples differ more, and some of them look less like the material.",
        low=0.0,
        high=1.0,
    )
    meet: bool = param(True, "Meet the colours around", "Off: its own colours, also at the border of the selection.")
    tileable: bool = param(True, "Tileable", "A whole picture goes on at its other side where copies are laid out.")
    seed: int = param(0, "Seed", "Another number makes another one.", low=0, high=999999)
    twist: int = param(0, "Variation", "Other numbers than 0 stay near what the seed makes.", low=0, high=999)

    @property
    def context(self) -> int:
        return _RIM

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if mask is None:
            return self._make(image.shape[:2], True, progress)
        box = bounds(mask, _RIM)
        part, hole = image[box.slices], mask[box.slices] > 0
        made = self._make(hole.shape, False, progress.part(0.0, 0.8))
        result = image.copy()
        inside = paste.meet(part, made, hole, progress.part(0.8, 1.0)) if self.meet else made[hole]
        result[box.slices][hole] = np.clip(inside, 0, 1)
        progress(1.0)
        return result

    def _make(self, shape: tuple[int, ...], whole: bool, progress: Progress) -> np.ndarray:
        """The material, (H, W, 3) of this shape."""
        rows, columns = (max(1, round(side / self.size)) for side in shape)
        tiles = whole and self.tileable
        if tiles:  # all of what tiles, then scaled to the last pixel
            rows, columns = (max(32, round(side / 16) * 16) for side in (rows, columns))
        scales = (rows, columns) != tuple(shape)
        making = progress.part(0.0, 0.9) if scales else progress
        made = samplers.texture(
            "textures-gan",
            (rows, columns),
            self.seed,
            self.twist,
            self.material,
            progress=making,
            variety=self.variety,
        )
        return _scaled(made, shape, tiles, progress.part(0.9, 1.0)) if scales else made


def _scaled(made: np.ndarray, shape: tuple[int, ...], tiles: bool, progress: Progress) -> np.ndarray:
    """A picture scaled to (H, W) = `shape`, going round its borders where it `tiles`. (H, W, 3) in 0..1"""
    result = np.empty((*shape, 3), np.float32)
    for box in progress.each(split(shape, _PIECE)):
        y, x = (
            (np.arange(where.start, where.stop) + 0.5) * (old / new) - 0.5
            for where, old, new in zip(box.slices, made.shape, shape, strict=False)
        )
        rows, columns = (np.arange(int(one[0]) - 3, int(one[-1]) + 5) for one in (y, x))
        sides = [
            one % side if tiles else one.clip(0, side - 1)
            for one, side in ((rows, len(made)), (columns, made.shape[1]))
        ]
        piece = made[sides[0]][:, sides[1]]
        where = np.meshgrid((x - columns[0]).astype(np.float32), (y - rows[0]).astype(np.float32))
        np.clip(cv2.remap(piece, where[0], where[1], cv2.INTER_CUBIC), 0, 1, out=result[box.slices])
    return result
