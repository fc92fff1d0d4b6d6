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

from engine import models
from engine.training import sampling_metrics as metrics

Row = dict[str, object]
ENCODER = "materials-encoder"
SIDE = 64  # px of the crops and samples
_COUNT, _QUICK = 2048, 256  # samples, at most
_BATCH = 256
_PER_BIN = 20  # samples for each bin of NDB, at least
_ACROSS = 8  # samples in each direction on a sheet


class Sampler(NamedTuple):
    """What makes samples, and photos like those it learned from; all uint8 (n, SIDE, SIDE, 3), RGB."""

    draw: Callable[[int, int], np.ndarray]  # count and seed -> (count, SIDE, SIDE, 3)
    train: np.ndarray  # crops it learned from, twice as many as are held out or more
    held: np.ndarray  # crops of photos that it has not seen


class Encoded(NamedTuple):
    """Pictures as the encoder sees them."""

    features: np.ndarray  # (n, 128)
    classes: np.ndarray  # (n, classes), probabilities


SAMPLERS: dict[str, Callable[[Path], Sampler]] = {}  # name -> made from the folder of data when it is measured


def measure(data: Path, sheets: Path, quick: bool) -> list[Row]:
    """Two rows for each of SAMPLERS, and a sheet of 64 samples as they come, NAME.png in `sheets`. [] without the
    encoder's weights, for which a sentence is printed."""
    made = {name: make(data) for name, make in SAMPLERS.items()}
    for name, sampler in made.items():
        write_sheet(sampler.draw(_ACROSS**2, 0), sheets / f"{name}.png")
    if not models.is_shipped(ENCODER):
        print(f"left out: the weights of {ENCODER} are not here")
        return []
    return [row for name, sampler in made.items() for row in score(name, sampler, _encode, _QUICK if quick else _COUNT)]


def score(name: str, sampler: Sampler, encode: Callable[[np.ndarray], Encoded], most: int) -> list[Row]:
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
        row = {"sampler": name, "samples": what, "count": count} | _compare(encode(images), learned, reference)
        waves = metrics.sliced_wasserstein(held, images)
        rows.append(row | {f"SWD {SIDE >> level}": value for level, value in enumerate(waves)})
    return rows


def _compare(images: Encoded, learned: Encoded, held: Encoded) -> Row:
    found, train, real = images.features, learned.features, held.features
    density, coverage = metrics.fidelity(real, found)
    birthday = metrics.birthday(real, found)
    return {
        "density": density,
        "coverage": coverage,
        "NDB/K": metrics.different_bins(train, found, min(100, len(found) // _PER_BIN)),
        "KID": metrics.kernel_distance(real, found),
        "distance": metrics.mean_distance(found),
        "nearest of 64": birthday.nearest,
        "to real": birthday.ratio,
        "train/held": metrics.memorised(found, train, real),
        "classes": metrics.effective_classes(images.classes),
    }


def _encode(images: np.ndarray) -> Encoded:
    """By the shipped encoder, in batches."""
    from engine.training import encoder

    features: list[np.ndarray] = []
    classes: list[np.ndarray] = []
    for start in range(0, len(images), _BATCH):
        batch = torch.from_numpy(images[start : start + _BATCH]).permute(0, 3, 1, 2).float() / 255
        features.append(np.asarray(encoder.features(batch)))
        classes.append(np.asarray(encoder.classes(batch)))
    return Encoded(np.concatenate(features), np.concatenate(classes))


def write_sheet(samples: np.ndarray, target: Path) -> None:
    """64 samples (64, SIDE, SIDE, 3), uint8, side by side as a PNG."""
    target.parent.mkdir(parents=True, exist_ok=True)
    height, width, channels = samples.shape[1:]
    grid = samples.reshape(_ACROSS, _ACROSS, height, width, channels).swapaxes(1, 2)
    Files.fromarray(grid.reshape(_ACROSS * height, _ACROSS * width, channels)).save(target)
