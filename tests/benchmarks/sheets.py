"""Sheets to look at: real old photos before and after, at true pixels. Written to build/sheets; no score tells this."""

from pathlib import Path

import numpy as np
from PIL import Image as Files

from engine import detectors, operations
from engine.image import Image, Mask, frozen
from engine.operation import Detector, Step, apply
from engine.progress import Progress
from engine.recipe import Link, make
from tests.benchmarks.denoising import read

_SIDE = 420  # px of each piece
_ACROSS = 6  # pieces in a row, or a few more
_SENSITIVITIES = tuple({"sensitivity": value} for value in ("0.3", "0.5", "0.7"))
SHEETS: dict[str, tuple[tuple[str, ...], str, tuple[dict[str, str], ...]]] = {
    # name -> folders, a word and its parameters, once or more; a detector's mask is shown in red
    "old-photo": (("old_scratched", "old_faded"), "old-photo", ({},)),
    "old-photo-fading": (("old_faded",), "old-photo", ({"fading": "1"},)),
    "streaks": (("old_scratched", "old_faded"), "streaks", ({},)),
    "damage": (("old_scratched",), "damage", _SENSITIVITIES),
    "damage-by-shape": (
        ("old_scratched",),
        "damage",
        tuple(values | {"method": "classical"} for values in _SENSITIVITIES),
    ),
}


def write(data: Path, folder: Path, quick: bool) -> list[dict[str, object]]:
    """A PNG for each of SHEETS in `folder`; a row for each says where."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    for name, (sets, word, values) in SHEETS.items():
        if word not in operations.ALL and word not in detectors.ALL:
            continue  # its weights are not shipped
        photos = [read(file) for one in sets for file in sorted((data / one).iterdir()) if file.suffix != ".md"]
        strips = [_strip(photo, word, values) for photo in photos[: 2 if quick else None]]
        across = max(1, _ACROSS // (1 + len(values)))
        strips += [np.zeros_like(strips[0])] * (-len(strips) % across)
        lines = [np.concatenate(strips[index : index + across], axis=1) for index in range(0, len(strips), across)]
        target = folder / f"{name}.png"
        Files.fromarray(np.round(np.concatenate(lines) * 255).astype(np.uint8)).save(target)
        rows.append(
            {
                "sheet": str(target.name),
                "photos": len(photos),
                "recipe": " / ".join(" ".join([word, *map("=".join, one.items())]) for one in values),
            }
        )
    return rows


def _strip(photo: Image, word: str, values: tuple[dict[str, str], ...]) -> np.ndarray:
    """A piece of the photo before and after each, side by side. (_SIDE, n * _SIDE, 3)"""
    return np.concatenate([_piece(photo), *(_piece(_after(photo, make(word, one))) for one in values)], axis=1)


def _after(photo: Image, link: Link) -> Image:
    if isinstance(link, Detector):
        return _marked(photo, link.detect(photo, Progress()))
    return apply(Step(link), photo)


def _marked(photo: Image, mask: Mask) -> Image:
    red = np.array([1, 0.1, 0.1], np.float32)
    return frozen(photo * (1 - mask[..., None]) + red * mask[..., None])


def _piece(image: Image) -> np.ndarray:
    """The piece in the middle, a little above it, where faces are; black beside smaller photos."""
    height, width = image.shape[:2]
    top, left = max(0, (height - _SIDE) // 3), max(0, (width - _SIDE) // 2)
    piece = np.zeros((_SIDE, _SIDE, 3), np.float32)
    found = image[top : top + _SIDE, left : left + _SIDE]
    piece[: found.shape[0], : found.shape[1]] = found
    return piece
