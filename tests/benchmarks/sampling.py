"""What samplers make beside what is real: fidelity, variety and copying, by our own encoder of materials.

For each sampler one row for what it made and one for as many training crops that are set aside; both are compared with
the held-out crops and with the rest of the training crops, so that the second row is what real photos reach.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image as Files

from engine import models, samplers
from engine.training import encoder, materials
from engine.training import sampling_metrics as metrics
from engine.training.materials import MATERIALS, Patches

Row = dict[str, object]
SIDE = 64  # px of the crops and samples
_COUNT, _QUICK = 2048, 256  # samples, at most
_ACROSS = 8  # samples in each direction on a sheet


class Sampler(NamedTuple):
    """What makes samples, and photos like those it learned from; all uint8 (n, SIDE, SIDE, 3), RGB."""

    draw: Callable[[int, int], np.ndarray]  # count and seed -> (count, SIDE, SIDE, 3)
    train: np.ndarray  # crops it learned from, twice as many as are held out or more
    held: np.ndarray  # crops of photos that it has not seen


def _textures(data: Path) -> Sampler:
    """As many of each material, in turn."""

    def draw(count: int, seed: int) -> np.ndarray:
        names = [MATERIALS[number % len(MATERIALS)] for number in range(count)]
        return _pixels([_texture("textures-gan", seed, number, name) for number, name in enumerate(names)])

    return Sampler(draw, *_real(data))


def _plates(data: Path) -> Sampler:
    def draw(count: int, seed: int) -> np.ndarray:
        return _pixels([_texture("plates-gan", seed, number) for number in range(count)])

    return Sampler(draw, *_real(data))


def _texture(name: str, seed: int, number: int, material: str = "") -> np.ndarray:
    return samplers.texture(name, (SIDE + 16, SIDE + 16), 100_003 * seed + number, material=material)[:SIDE, :SIDE]


def _pixels(pictures: list[np.ndarray]) -> np.ndarray:
    return np.round(255 * np.stack(pictures)).astype(np.uint8)


def _real(data: Path) -> tuple[np.ndarray, np.ndarray]:
    """Crops of the boxes that nets learn from, and of those of the photos that are held out."""
    crops: list[np.ndarray] = []
    for held_out, count in ((False, 2 * _COUNT), (True, _COUNT)):
        patches = Patches(materials.read(data / "train", MATERIALS, held_out), SIDE)
        batch, _ = patches.batch(count, torch.Generator().manual_seed(1))
        crops.append(batch.permute(0, 2, 3, 1).mul(255).round().to(torch.uint8).numpy())
    return crops[0], crops[1]


# name -> made from the folder of data when it is measured
SAMPLERS: dict[str, Callable[[Path], Sampler]] = {"textures-gan": _textures, "plates-gan": _plates}


def measure(data: Path, sheets: Path, quick: bool) -> list[Row]:
    """Two rows for each of SAMPLERS, and a sheet of 64 samples as they come, NAME.png in `sheets`. [] without the
    encoder's weights, for which a sentence is printed."""
    made = {name: make(data) for name, make in SAMPLERS.items() if models.is_shipped(name)}
    for name, sampler in made.items():
        write_sheet(sampler.draw(_ACROSS**2, 0), sheets / f"{name}.png")
    if not models.is_shipped(encoder.NAME):
        print(f"left out: the weights of {encoder.NAME} are not here")
        return []
    return [
        row
        for name, sampler in made.items()
        for row in score(name, sampler, encoder.encode, _QUICK if quick else _COUNT)
    ]


def score(name: str, sampler: Sampler, encode: Callable[[np.ndarray], encoder.Encoded], most: int) -> list[Row]:
    """A row for at most `most` samples made and one for as many real ones. Raises ValueError where there are too few
    crops."""
    count = min(most, len(sampler.held), len(sampler.train) // 2)
    if count < 64:
        raise ValueError(f"{name} has {len(sampler.train)} crops to learn from and {len(sampler.held)} held out")
    random = np.random.default_rng(0)
    train, held = random.permutation(sampler.train), random.permutation(sampler.held)[:count]
    aside, learned = train[:count], encode(train[count:])
    reference = encode(held)
    rows: list[Row] = []
    for what, images in (("made", sampler.draw(count, 1)), ("real", aside)):
        row = {"sampler": name, "samples": what, "count": count} | encoder.compare(encode(images), learned, reference)
        waves = metrics.sliced_wasserstein(held, images)
        rows.append(row | {f"SWD {SIDE >> level}": value for level, value in enumerate(waves)})
    return rows


def write_sheet(samples: np.ndarray, target: Path) -> None:
    """64 samples (64, SIDE, SIDE, 3), uint8, side by side as a PNG."""
    target.parent.mkdir(parents=True, exist_ok=True)
    height, width, channels = samples.shape[1:]
    grid = samples.reshape(_ACROSS, _ACROSS, height, width, channels).swapaxes(1, 2)
    Files.fromarray(grid.reshape(_ACROSS * height, _ACROSS * width, channels)).save(target)
