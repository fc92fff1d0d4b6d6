"""The damage simulator: scenes of damage and decoys, a bank of them for training, and putting them on photos."""

import argparse
import functools
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from torch import Tensor
from torch.nn import functional as F

from engine.training import decoys
from engine.training.damage_film import Film, read_film
from engine.training.damage_scene import TORN, scene
from engine.training.photos import pieces, read_folder, turned

_MANY = 40  # times as many scenes are made beforehand for a GPU, which goes through them in minutes


@dataclass(frozen=True, eq=False)
class Layers:
    """Scenes as planes, uint8 (B, 10, H, W) or (10, H, W); the properties take them apart."""

    planes: Tensor

    @property
    def paint(self) -> Tensor:
        """What damage adds: its colour times its opacity. float32 (B, 3, H, W) in 0..1"""
        return self.planes[..., 0:3, :, :].float() / 255

    @property
    def opacity(self) -> Tensor:
        """How much of the photo damage hides, stains and shading too. float32 (B, 1, H, W) in 0..1"""
        return self.planes[..., 3:4, :, :].float() / 255

    @property
    def labels(self) -> Tensor:
        """Opacity of lines, spots and tears, which are to be filled. float32 (B, 3, H, W) in 0..1"""
        return self.planes[..., 4:7, :, :].float() / 255

    @property
    def stain(self) -> Tensor:
        """Opacity of stains, which are not filled. float32 (B, 1, H, W) in 0..1"""
        return self.planes[..., 7:8, :, :].float() / 255

    def decorate(self, reference: Tensor, generator: torch.Generator) -> Tensor:
        """The references (B, 3, H, W) with the scenes' decoys in colours of each picture: the new references."""
        return decoys.add(reference, self.planes[:, 8:9].float() / 255, self.planes[:, 9:10].long(), generator)


def apply(reference: Tensor, layers: Layers) -> Tensor:
    """The references (B, 3, H, W) in 0..1 with damage on them; damage on grey pictures is grey, as in grey scans."""
    paint = layers.paint
    grey = (reference == reference[:, :1]).flatten(1).all(1).view(-1, 1, 1, 1)
    paint = torch.where(grey, paint.mean(1, keepdim=True), paint)
    return reference * (1 - layers.opacity) + paint


def visible(reference: Tensor, damaged: Tensor, layers: Layers, least: float = 0.04) -> tuple[Tensor, Tensor]:
    """What a detector can be asked for. Returns bool (B, 3, H, W), where damage is, and (B, 1, H, W), where it counts.

    Damage is what is labelled with an opacity of a quarter or more. It does not count where it cannot be seen, changing
    the photo by less than `least`, nor just beside it, where either answer is right.
    """
    labels = layers.labels > 0.25
    some = layers.labels.amax(1, keepdim=True)
    change = (damaged - reference).abs().amax(1, keepdim=True)
    seen = F.max_pool2d((change >= least).float(), 3, 1, 1) > 0
    unsure = (some > 0.08) & ((some < 0.35) | ~seen)
    return labels, ~unsure


class Bank:
    """Scenes for training: `count` of them made beforehand, cut, flipped and turned at random, and now and then, with
    the share `fresh`, one that was never seen before. A GPU would wait for those: there many times as many are made
    beforehand, on all cores, and kept on it.

    What a batch holds depends on `seed` and on the state of `generator` alone, not on the batches before it, so that a
    resumed run gets the same numbers.
    """

    def __init__(
        self,
        film: Film,
        count: int,
        size: int,
        device: torch.device,
        fresh: float = 0.1,
        seed: int = 0,
        torn: float = TORN,
    ) -> None:
        self.film, self.device = film, device
        self._scene = functools.partial(scene, film, torn=torn)
        if device.type == "cuda":
            self.fresh = 0.0
            made = made_on_all_cores(film, size, range(seed, seed + _MANY * count), torn)
        else:
            self.fresh = fresh
            made = [self._scene(size, one) for one in range(seed, seed + count)]
        self.scenes = torch.from_numpy(np.stack(made)).to(device)

    def batch(self, count: int, size: int, generator: torch.Generator) -> Layers:
        """`count` scenes of `size` px, at most the bank's, on the device."""
        fresh = torch.rand(count, generator=generator) < self.fresh
        seeds = torch.randint(2**62, (count,), generator=generator)
        room = self.scenes.shape[-1] - size
        # half of the pieces lie at a border each way, as tears do
        corners = (torch.randint(2 * room + 1, (2, count), generator=generator) - room // 2).clamp(0, room)
        planes = pieces(self.scenes, seeds % len(self.scenes), corners, size)
        for number in fresh.nonzero().flatten().tolist():
            planes[number] = torch.from_numpy(self._scene(size, int(seeds[number])))
        return Layers(turned(planes, 0.3, generator))


def made_on_all_cores(film: Film, size: int, seeds: Sequence[int], torn: float) -> list[NDArray[np.uint8]]:
    """The scenes of these seeds, made by as many processes as there are cores."""
    fresh = multiprocessing.get_context("spawn")  # CUDA does not survive a fork
    with ProcessPoolExecutor(mp_context=fresh, initializer=_keep, initargs=(film,)) as pool:
        return list(pool.map(_make_of_kept, [(size, seed, torn) for seed in seeds], chunksize=32))


_kept: Film = {}  # by the processes that make scenes, so that it is sent to each of them once


def _keep(film: Film) -> None:
    _kept.update(film)


def _make_of_kept(arguments: tuple[int, int, float]) -> NDArray[np.uint8]:
    size, seed, torn = arguments
    return scene(_kept, size, seed, torn=torn)


class Example(NamedTuple):
    """A picture of the held set: damaged and reference (with decoys), float32 (3, H, W) in 0..1; labels and where they
    count as `visible` gives them, bool (3, H, W) and (1, H, W)."""

    damaged: Tensor
    reference: Tensor
    labels: Tensor
    counts: Tensor


def examples(photos: list[Tensor], film: Film, count: int, size: int, seed: int) -> Iterator[Example]:
    """`count` pieces of the photos, uint8 (3, H, W), in turn, under damage; the same each time. On the CPU.

    Raises ValueError where no photo has `size` px a side.
    """
    large = [photo for photo in photos if min(photo.shape[1:]) >= size]
    if not large:
        raise ValueError(f"no photo has {size} px a side")
    generator = torch.Generator().manual_seed(seed)
    for i in range(count):
        photo = large[i % len(large)]
        y, x = (int(torch.randint(side - size + 1, (1,), generator=generator)) for side in photo.shape[1:])
        layers = Layers(torch.from_numpy(scene(film, size, 1_000_003 * (seed + 1) + i))[None])
        reference = layers.decorate(photo[None, :, y : y + size, x : x + size].cpu().float() / 255, generator)
        damaged = apply(reference, layers)
        labels, counts = visible(reference, damaged, layers)
        yield Example(damaged[0], reference[0], labels[0], counts[0])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m engine.training.damage",
        description="Writes NUMBER-damaged.png, -reference.png and -label.png (red: line, green: spot, blue: tear).",
    )
    parser.add_argument("target", type=Path)
    parser.add_argument("--photos", type=Path, required=True, help="folder of clean photos")
    parser.add_argument("--film", type=Path, default=Path("../shared/data/train/damage"), help="folder of masks")
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--size", type=int, default=256, help="side of the pictures in px")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.target.mkdir(parents=True, exist_ok=True)
    photos, film = read_folder(arguments.photos, torch.device("cpu")), read_film(arguments.film)
    for number, example in enumerate(examples(photos, film, arguments.count, arguments.size, arguments.seed)):
        label = (example.labels & example.counts).float()
        for name, picture in (("damaged", example.damaged), ("reference", example.reference), ("label", label)):
            pixels = picture.permute(1, 2, 0).mul(255).round().to(torch.uint8).numpy()
            Pillow.fromarray(pixels).save(arguments.target / f"{number:03d}-{name}.png")


if __name__ == "__main__":
    main()
