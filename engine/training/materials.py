"""Patches of materials: sky, grass, wood ... cut from the boxes that are named in the training photos."""

import csv
from collections import defaultdict
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.training.photos import read_photo

MATERIALS = ("fabric", "foliage", "grass", "masonry", "rock", "sky", "water", "wood")  # 12 photos or more of each
_EVERY = 5  # one photo in so many of each material is held out


class Patches:
    """Pieces of photos with their classes, each at full size and at halves of it, handed out as small patches.

    Every class comes as often as the others, every size of a piece too.
    """

    def __init__(self, pieces: list[tuple[int, Tensor]], size: int) -> None:
        """`pieces` are class numbers and photos, uint8 (3, H, W). Raises ValueError where none has `size` px."""
        self.size = size
        self._levels: dict[int, list[list[Tensor]]] = defaultdict(list)
        for label, piece in pieces:
            if levels := _halved(piece, size):
                self._levels[label].append(levels)
        if not self._levels:
            raise ValueError(f"no picture has {size} px a side")
        self.labels = sorted(self._levels)

    def batch(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Patches float32 (count, 3, size, size) in 0..1, half of them mirrored, and their classes int64 (count,)."""
        patches: list[Tensor] = []
        labels: list[int] = []
        for draws in torch.randint(2**31, (count, 6), generator=generator).tolist():
            label = self.labels[draws[0] % len(self.labels)]
            pieces = self._levels[label]
            levels = pieces[draws[1] % len(pieces)]
            level = levels[draws[2] % len(levels)]
            y, x = (draw % (side - self.size + 1) for draw, side in zip(draws[3:5], level.shape[1:], strict=True))
            patch = level[:, y : y + self.size, x : x + self.size]
            patches.append(patch.flip(2) if draws[5] % 2 else patch)
            labels.append(label)
        return torch.stack(patches).float() / 255, torch.tensor(labels)


def read(data: Path, materials: tuple[str, ...], held_out: bool) -> list[tuple[int, Tensor]]:
    """The boxes of these materials in `data`/materials.csv with their number in `materials`: those of the photos that
    are held out of training, or those of the others. [] where there is no such file."""
    table = data / "materials.csv"
    if not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["material"] in materials]
    names = {name: sorted({row["file"] for row in rows if row["material"] == name}) for name in materials}
    held = {file for files in names.values() for file in files[::_EVERY]}
    wanted = [row for row in rows if (row["file"] in held) == held_out]
    photos = {file: read_photo(data / "photos" / file) for file in sorted({row["file"] for row in wanted})}
    boxes: list[tuple[int, Tensor]] = []
    for row in wanted:
        x0, y0, x1, y1 = (int(row[key]) for key in ("x0", "y0", "x1", "y1"))
        boxes.append((materials.index(row["material"]), photos[row["file"]][:, y0:y1, x0:x1].contiguous()))
    return boxes


def _halved(piece: Tensor, least: int) -> list[Tensor]:
    """The piece at full size, half, a quarter ... as long as both sides have `least` px. uint8 (3, H, W)"""
    levels: list[Tensor] = []
    while min(piece.shape[1:]) >= least and len(levels) < 4:
        levels.append(piece)
        piece = F.avg_pool2d(piece[None].float(), 2)[0].round().to(torch.uint8)
    return levels
