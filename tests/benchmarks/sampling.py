"""What samplers make beside what is real: fidelity, variety and copying, by our own encoder of materials.

For each sampler one row for what it made and one for as many training crops that are set aside; both are compared with
the held-out crops and with the rest of the training crops, so that the second row is what real photos reach.
"""

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image as Files

from engine import models, samplers
from engine.image import frozen
from engine.operation import Operation, Step, apply
from engine.operations.fill import Fill
from engine.operations.imagine import Imagine
from engine.operations.texture import Texture
from engine.training import encoder, materials
from engine.training import sampling_metrics as metrics
from engine.training.materials import MATERIALS, Patches
from tests.benchmarks.denoising import read

Row = dict[str, object]
SIDE = 64  # px of the crops and samples
_COUNT, _QUICK = 2048, 256  # samples, at most
_ACROSS = 8  # samples in each direction on a sheet


class Sampler(NamedTuple):
    """What makes samples, and photos like those it learned from; all uint8 (n, SIDE, SIDE, 3), RGB."""

    draw: Callable[[int, int], np.ndarray]  # count and seed -> (count, SIDE, SIDE, 3)
    train: np.ndarray  # crops it learned from, twice as many as are held out or more
    held: np.ndarray  # crops of photos that it has not seen
    labels: np.ndarray | None = None  # (n,) of `held`, where each sample is of one of the MATERIALS in turn


def _textures(data: Path) -> Sampler:
    """As many of each material, in turn."""

    def draw(count: int, seed: int) -> np.ndarray:
        names = [MATERIALS[number % len(MATERIALS)] for number in range(count)]
        return _pixels([_texture("textures-gan", seed, number, name) for number, name in enumerate(names)])

    train, held, labels = _real(data)
    return Sampler(draw, train, held, labels)


def _variations(data: Path) -> Sampler:
    """What `vary` makes of crops that its net may have seen, as strongly as amount 1."""
    train, held, _ = _real(data)

    def draw(count: int, seed: int) -> np.ndarray:
        chosen = train[np.random.default_rng(seed).choice(len(train), count)].astype(np.float32) / 255
        share = np.ones((SIDE, SIDE), np.float32)
        made = [one + samplers.vary(one, share, 1.0, 100_003 * seed + number) for number, one in enumerate(chosen)]
        return _pixels([one.clip(0, 1) for one in made])

    return Sampler(draw, train, held)


def _plates(data: Path) -> Sampler:
    def draw(count: int, seed: int) -> np.ndarray:
        return _pixels([_texture("plates-gan", seed, number) for number in range(count)])

    return Sampler(draw, *_real(data)[:2])


def _texture(name: str, seed: int, number: int, material: str = "") -> np.ndarray:
    size = SIDE + 16, SIDE + 16
    variety = Texture().variety if material else 1.0
    return samplers.texture(name, size, 100_003 * seed + number, material=material, variety=variety)[:SIDE, :SIDE]


def _pixels(pictures: list[np.ndarray]) -> np.ndarray:
    return np.round(255 * np.stack(pictures)).astype(np.uint8)


def _real(data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Crops of the boxes that nets learn from, and of those of the photos that are held out, with their materials."""
    crops: list[np.ndarray] = []
    labels = np.zeros(0, np.int64)
    for held_out, count in ((False, 2 * _COUNT), (True, _COUNT)):
        patches = Patches(materials.read(data / "train", MATERIALS, held_out), SIDE)
        batch, numbers = patches.batch(count, torch.Generator().manual_seed(1))
        crops.append(batch.permute(0, 2, 3, 1).mul(255).round().to(torch.uint8).numpy())
        labels = numbers.numpy()
    return crops[0], crops[1], labels


# name -> made from the folder of data when it is measured
SAMPLERS: dict[str, Callable[[Path], Sampler]] = {
    "textures-gan": _textures,
    "plates-gan": _plates,
    "patches-vae": _variations,
}


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
    train, order = random.permutation(sampler.train), random.permutation(len(sampler.held))[:count]
    held = sampler.held[order]
    aside, learned = train[:count], encode(train[count:])
    reference = encode(held)
    rows: list[Row] = []
    for what, images in (("made", sampler.draw(count, 1)), ("real", aside)):
        seen = encode(images)
        row: Row = {"sampler": name, "samples": what, "count": count, **encoder.compare(seen, learned, reference)}
        if sampler.labels is not None:  # of real ones as many of photos that the classifier has not seen
            asked = np.arange(count) % len(MATERIALS) if what == "made" else sampler.labels[order]
            row["right %"] = 100 * float(((seen if what == "made" else reference).classes.argmax(1) == asked).mean())
        waves = metrics.sliced_wasserstein(held, images)
        rows.append(row | {f"SWD {SIDE >> level}": value for level, value in enumerate(waves)})
    return rows


def measure_patches(data: Path) -> list[Row]:
    """How well the auto-encoder of patches brings held-out crops back, dB, and how much of it is in use."""
    if not models.is_shipped("patches-vae"):
        return []
    net, device, _ = models.load("patches-vae", precise=True).net()
    means: list[torch.Tensor] = []
    back: list[float] = []
    with torch.inference_mode():
        for some in torch.from_numpy(_real(data)[1][:512]).permute(0, 3, 1, 2).div(255).split(64):
            coarse, fine = net.encode(some.to(device))
            off = (net.decode(coarse.mean, fine.mean).clamp(0, 1).cpu() - some).square().mean((1, 2, 3))
            back += (-10 * off.clamp(min=1e-6).log10()).tolist()
            means.append(torch.cat((coarse.mean.flatten(1), fine.mean.flatten(1)), dim=1).cpu())
    active = torch.cat(means).var(0) > 0.01  # Burda et al. 2016
    return [{"sampler": "patches-vae", "back dB": float(np.mean(back)), "active %": 100 * float(active.float().mean())}]


def measure_fills(data: Path, quick: bool) -> list[Row]:
    """For each sampler of holes and each of some photos with a hole of 48 px: by how much known pixels are off, and how
    far four seeds are apart in the hole, both of 255; and seconds for one."""
    makers: dict[str, Callable[[int], Operation]] = {"imagine method=posterior": lambda seed: Imagine(seed=seed)}
    if models.is_shipped("imagine-gan"):
        makers["fill method=imagine"] = lambda seed: Fill(method="imagine", seed=seed)
    mask = np.zeros((192, 192), np.float32)
    mask[72:120, 72:120] = 1
    rows: list[Row] = []
    for name, make in makers.items():
        for file in sorted((data / "test" / "mcmaster18").iterdir())[:: 9 if quick else 3]:
            photo = frozen(read(file)[100:292, 100:292].copy())
            start = time.perf_counter()
            made = [apply(Step(make(seed), frozen(mask)), photo) for seed in range(4)]
            off = max(float(np.abs(one - photo)[mask == 0].max()) for one in made)
            apart = [np.abs(one - other)[mask > 0].mean() for one, other in itertools.combinations(made, 2)]
            seconds = (time.perf_counter() - start) / len(made)
            row: Row = {"sampler": name, "photo": file.stem, "known off": 255 * off}
            rows.append(row | {"apart": 255 * float(np.mean(apart)), "nearest": 255 * float(min(apart)), "s": seconds})
    return rows


def write_sheet(samples: np.ndarray, target: Path) -> None:
    """64 samples (64, SIDE, SIDE, 3), uint8, side by side as a PNG."""
    target.parent.mkdir(parents=True, exist_ok=True)
    height, width, channels = samples.shape[1:]
    grid = samples.reshape(_ACROSS, _ACROSS, height, width, channels).swapaxes(1, 2)
    Files.fromarray(grid.reshape(_ACROSS * height, _ACROSS * width, channels)).save(target)
