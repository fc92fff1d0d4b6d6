"""The net that imagines what is in a hole, at a coarse scale: a conditional GAN with noise that it must not ignore."""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.imaginer import field
from engine.training.duel import Duel, recolour_and_move
from engine.training.materials import Patches
from engine.training.photos import read_folder
from engine.training.recipe import HELD_OUT, Batch, PhotoRecipe

_APART = 0.4  # mean difference of two fills, by the photo's deviation, from which on more is worth little


class Imagine(Duel):
    """A conditional GAN: mask and noise, R3GAN losses (Huang et al. 2024), mode seeking (Mao et al. 2019)."""

    name = "imagine-gan"
    used = "fill method=imagine"
    limits = "Made for holes that it sees at up to some 60 px; it goes on with what is around and knows no objects."
    net = "imaginer.Imaginer"
    config = {"widths": [24, 48, 96], "blocks": 2}  # noqa: RUF012
    facts = {"scale": 1, "multiple": 8, "overlap": 64}  # noqa: RUF012
    data = PhotoRecipe.data.split(";")[0]
    start = "scratch-fill-u24"
    rate = 2e-4
    gamma = (0.2, 0.12)
    critic_planes = 1
    size = 96
    count = 16

    def __init__(self, data: Path, device: torch.device, generator: torch.Generator, photos: int | None) -> None:
        self.device, self.generator = device, generator
        found = read_folder(data, torch.device("cpu"), photos)
        everything = [(0, photo) for photo in found if min(photo.shape[1:]) >= self.size]
        held = min(HELD_OUT, len(everything) // 4)
        if not held:
            raise ValueError(f"4 photos of {self.size} px a side or more are needed, and there are {len(everything)}")
        self.patches = Patches(everything[: len(everything) - held], self.size)
        self.held_out = Patches(everything[len(everything) - held :], self.size)

    def batch(self) -> Batch:
        return self._batch(self.patches, self.count, self.generator)

    def _batch(self, patches: Patches, count: int, generator: torch.Generator) -> Batch:
        mask = _holes(count, self.size, generator, self.device)
        reference = patches.batch(count, generator)[0].to(self.device)
        real = torch.cat((reference, mask), dim=1)
        return {"real": real, "seen": torch.cat((reference * (1 - mask), mask), dim=1)}

    def fake(self, net: nn.Module, batch: Batch) -> Tensor:
        seen = batch["seen"]
        return torch.cat((self._filled(net, seen, self.generator), seen[:, 3:]), dim=1)

    def _filled(self, net: nn.Module, seen: Tensor, generator: torch.Generator) -> Tensor:
        noise = field(len(seen), seen.shape[2], seen.shape[3], generator).to(seen.device)
        return cast(Tensor, net(torch.cat((seen, noise), dim=1)))

    def augment(self, *pictures: Tensor) -> list[Tensor]:
        return recolour_and_move(list(pictures), self.generator, self.size // 8)

    def more(self, net: nn.Module, batch: Batch, fake: Tensor) -> Tensor:
        """That fills for other noise differ as places in the photo do, and that near the rim they are as it is."""
        mask = batch["seen"][:, 3:]
        share = mask.mean((1, 2, 3)).clamp(min=1e-3)
        other = self._filled(net, batch["seen"], self.generator)
        lighter = ((fake[:, :3] - other) * mask).mean(1, keepdim=True)  # in brightness, or it would grow colourful
        apart = _coarse(lighter).abs().mean((1, 2, 3)) / share
        varied = _coarse(batch["real"][:, :3].mean(1, keepdim=True)).flatten(1).std(1)
        wanted = _APART * varied.clamp(min=0.02)
        near = mask * (1 - F.avg_pool2d(mask, 9, stride=1, padding=4, count_include_pad=False))
        off = ((fake[:, :3] - batch["real"][:, :3]).abs() * near).mean((1, 2, 3)) / share
        return 0.05 * (wanted / (apart + wanted / 4)).mean() + 2 * off.mean()

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        """How far two fills of one hole are apart, and how far each is from the photo, of 0..1."""
        random = torch.Generator().manual_seed(3)
        batch = self._batch(self.held_out, 64, random)
        one, other = (self._filled(net, batch["seen"], random).clamp(0, 1) for _ in range(2))
        inside = batch["seen"][:, 3:].expand_as(one) > 0
        off = (one - batch["real"][:, :3]).abs()[inside].mean()
        return {"apart": round(float((one - other).abs()[inside].mean()), 4), "off": round(float(off), 4)}

    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        """As `validate`, on photos held out of training."""
        return self.validate(net)

    @torch.no_grad()
    def preview(self, net: nn.Module) -> Tensor:
        """Held-out photos, their holes, and six fills of each."""
        random = torch.Generator().manual_seed(4)
        batch = self._batch(self.held_out, 8, random)
        rows = [batch["real"][:, :3], batch["seen"][:, :3]]
        rows += [self._filled(net, batch["seen"], random) for _ in range(6)]
        return torch.stack(rows, dim=1).flatten(0, 1)


def _coarse(planes: Tensor) -> Tensor:
    """Means over 7 x 7 px."""
    return F.avg_pool2d(planes, 7, stride=1, padding=3, count_include_pad=False)


def _holes(count: int, side: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """Boxes and ellipses of a sixth to two thirds of the side each way. (count, 1, side, side), 0 or 1, on the
    device"""
    draw = torch.rand((5, count, 1, 1, 1), generator=generator).to(device)
    high, wide = side * (0.16 + 0.5 * draw[:2]) / 2
    y, x = side * (0.25 + 0.5 * draw[2:4])
    place = torch.arange(side, device=device)
    rows, columns = (place[:, None] - y) / high, (place - x) / wide
    ellipse = rows.square() + columns.square() < 1
    box = (rows.abs() < 1) & (columns.abs() < 1)
    return torch.where(draw[4] < 0.6, ellipse, box).float()
