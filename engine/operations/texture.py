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

_RIM = 8  # px around the selection, by whose colours it goes


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
    meet: bool = param(True, "Meet the colours around", "Off: its own colours, also at the border of the selection.")
    tileable: bool = param(True, "Tileable", "A whole picture goes on at its other side where copies are laid out.")
    seed: int = param(0, "Seed", "Another number makes another one.", low=0, high=999999)
    twist: int = param(0, "Variation", "Other numbers than 0 stay near what the seed makes.", low=0, high=999)

    @property
    def context(self) -> int:
        return _RIM

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        box = bounds(image[..., 0] >= 0 if mask is None else mask, _RIM)
        part = image[box.slices]
        height, width = part.shape[:2]
        made = self._make((height, width), mask is None, progress.part(0.0, 0.8))
        result = image.copy()
        if mask is None or not self.meet:
            result[box.slices] = made
        else:
            hole = mask[box.slices] > 0
            inside = paste.meet(part, made, hole, progress.part(0.8, 1.0))
            result[box.slices][hole] = np.clip(inside, 0, 1)
        progress(1.0)
        return result

    def _make(self, shape: tuple[int, int], whole: bool, progress: Progress) -> np.ndarray:
        """The material, (H, W, 3) of this shape."""
        rows, columns = (max(1, round(side / self.size)) for side in shape)
        if whole and self.tileable:  # all of what tiles, then scaled to the last pixel
            rows, columns = (max(32, round(side / 16) * 16) for side in (rows, columns))
        made = samplers.texture("textures-gan", (rows, columns), self.seed, self.twist, self.material, False, progress)
        if made.shape[:2] == shape:
            return made
        return np.clip(_scaled(made, shape), 0, 1)


def _scaled(made: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A picture that tiles, scaled, going round its borders. (H, W, 3)"""
    rows, columns = made.shape[:2]
    y = (np.arange(shape[0], dtype=np.float32) + 0.5) * (rows / shape[0]) - 0.5
    x = (np.arange(shape[1], dtype=np.float32) + 0.5) * (columns / shape[1]) - 0.5
    around = cv2.copyMakeBorder(made, 4, 4, 4, 4, cv2.BORDER_WRAP)
    where = np.meshgrid(x + 4, y + 4)
    return cv2.remap(around, where[0], where[1], cv2.INTER_CUBIC)
