"""Sheets to look at: real old photos before and after, at true pixels. Written to build/sheets; no score tells this."""

from pathlib import Path

import numpy as np
from PIL import Image as Files

from engine import detectors, operations
from engine.image import Image, Mask, frozen
from engine.operation import Detector, Step, apply
from engine.progress import Progress
from engine.recipe import make
from tests.benchmarks.denoising import read

_SIDE = 420  # px of each piece
_ACROSS = 3  # pairs in a row
SHEETS = {  # name -> folders, a word and its parameters; a detector's mask is shown in red
    "old-photo": (("old_scratched", "old_faded"), "old-photo", {}),
    "old-photo-fading": (("old_faded",), "old-photo", {"fading": "1"}),
    "streaks": (("old_scratched", "old_faded"), "streaks", {}),
    "damage-careful": (("old_scratched",), "damage", {"sensitivity": "0.3"}),
    "damage": (("old_scratched",), "damage", {}),
    "damage-eager": (("old_scratched",), "damage", {"sensitivity": "0.7"}),
}


def write(data: Path, folder: Path, quick: bool) -> list[dict[str, object]]:
    """A PNG for each of SHEETS in `folder`; a row for each says where."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    for name, (sets, word, values) in SHEETS.items():
        if word not in operations.ALL and word not in detectors.ALL:
            continue  # its weights are not shipped
        photos = [read(file) for one in sets for file in sorted((data / one).iterdir()) if file.suffix != ".md"]
        pairs = [_pair(photo, word, values) for photo in photos[: 2 if quick else None]]
        pairs += [np.zeros_like(pairs[0])] * (-len(pairs) % _ACROSS)
        lines = [np.concatenate(pairs[index : index + _ACROSS], axis=1) for index in range(0, len(pairs), _ACROSS)]
        target = folder / f"{name}.png"
        Files.fromarray(np.round(np.concatenate(lines) * 255).astype(np.uint8)).save(target)
        rows.append({"sheet": str(target.name), "photos": len(photos), "recipe": " ".join([word, *map(str, values)])})
    return rows


def _pair(photo: Image, word: str, values: dict[str, str]) -> np.ndarray:
    """A piece of the photo before and after, side by side. (_SIDE, 2 * _SIDE, 3)"""
    link = make(word, values)
    if isinstance(link, Detector):
        after = _marked(photo, link.detect(photo, Progress()))
    else:
        after = apply(Step(link), photo)
    return np.concatenate((_piece(photo), _piece(after)), axis=1)


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
