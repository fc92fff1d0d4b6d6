"""The generators of textures, by class, and of plates: fully convolutional, against a critic that sees patches."""

from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine import models
from engine.nets.generator import STYLE, Generator
from engine.training import encoder, materials
from engine.training.duel import Duel, recolour_and_move
from engine.training.encoder import Encoded
from engine.training.materials import MATERIALS, Patches
from engine.training.photos import read_folder
from engine.training.recipe import Batch

_BEYOND = 16  # px that a made picture is larger than what the critic sees, so that it cannot see that it tiles


class Textures(Duel):
    """A convolutional GAN with classes: relativistic loss and R1 + R2 (R3GAN, Huang et al. 2024), projected classes."""

    name = "textures-gan"
    used = "texture"
    limits = (
        "Eight materials, from 12 to 36 photos of each. Structure of more than some 32 px, such as courses of bricks, "
        "is not kept."
    )
    net = "generator.Generator"
    config = {"widths": [96, 96, 64, 32], "classes": len(MATERIALS)}  # noqa: RUF012
    facts = {"multiple": 16, "materials": list(MATERIALS)}  # noqa: RUF012
    data = "boxes of 8 materials in 128 photos: CC0, Unsplash, Pexels, CC BY-SA 4.0, US public domain"
    classes = len(MATERIALS)
    size = 64
    count = 24

    def __init__(self, data: Path, device: torch.device, generator: torch.Generator, photos: int | None) -> None:
        self.device, self.generator = device, generator
        pieces, held_out = self._pieces(data, photos)
        self.patches, self.held_out = Patches(pieces, self.size), Patches(held_out, self.size)
        self._real: dict[int, tuple[Encoded, Encoded]] = {}

    def _pieces(self, data: Path, photos: int | None) -> tuple[list[tuple[int, Tensor]], list[tuple[int, Tensor]]]:
        """What is trained on, and what is held out. Without named boxes whole photos are taken, of one class."""
        boxes = materials.read(data, MATERIALS, held_out=False)
        if boxes and photos is None:
            return boxes, materials.read(data, MATERIALS, held_out=True)
        found = read_folder(data, torch.device("cpu"), photos)
        whole = [(0, photo) for photo in found if min(photo.shape[1:]) >= self.size]
        held = max(1, len(whole) // 10)
        return whole[held:] or whole, whole[:held]

    def batch(self) -> Batch:
        real, labels = self.patches.batch(self.count, self.generator)
        batch = {"real": real.to(self.device)}
        return batch | ({"classes": F.one_hot(labels, self.classes).float().to(self.device)} if self.classes else {})

    def fake(self, net: nn.Module, batch: Batch) -> Tensor:
        made = self._made(net, len(batch["real"]), self.generator, batch.get("classes"))
        y, x = torch.randint(_BEYOND + 1, (2,), generator=self.generator).tolist()
        return made[:, :, y : y + self.size, x : x + self.size]

    def augment(self, *pictures: Tensor) -> list[Tensor]:
        return recolour_and_move(list(pictures), self.generator, self.size // 8)

    def _made(self, net: nn.Module, count: int, random: torch.Generator, classes: Tensor | None) -> Tensor:
        side = (self.size + _BEYOND) // 16
        style = torch.randn((count, STYLE), generator=random).to(self.device)
        noise = [one.to(self.device) for one in cast(Generator, net).latents(count, side, side, random)]
        return net(style, noise, classes)

    @torch.no_grad()
    def preview(self, net: nn.Module) -> Tensor:
        """64 of them, as many of each class."""
        labels = torch.arange(64) % max(1, self.classes)
        classes = F.one_hot(labels, self.classes).float().to(self.device) if self.classes else None
        return self._made(net, 64, torch.Generator().manual_seed(0), classes)[:, :, : self.size, : self.size]

    def sheet(self, net: nn.Module) -> Tensor:
        return self.preview(net)

    def validate(self, net: nn.Module) -> dict[str, float]:
        return self._judge(net, 256) if models.is_shipped(encoder.NAME) else {}

    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        """Per cent of samples that our classifier of materials takes for what they are to be, and how they compare with
        what is held out of training; see `make.py bench --only sampling`."""
        return self._judge(net, 1024) if models.is_shipped(encoder.NAME) else {}

    @torch.no_grad()
    def _judge(self, net: nn.Module, count: int) -> dict[str, float]:
        random = torch.Generator().manual_seed(1)
        labels = torch.arange(count) % max(1, self.classes)
        made: list[Tensor] = []
        for some in labels.split(64):
            classes = F.one_hot(some, self.classes).float().to(self.device) if self.classes else None
            made.append(self._made(net, len(some), random, classes)[:, :, : self.size, : self.size])
        found = encoder.encode(_pixels(torch.cat(made)))
        if count not in self._real:  # the same each time
            self._real[count] = (_encoded(self.patches, 2 * count), _encoded(self.held_out, count))
        compared = encoder.compare(found, *self._real[count])
        scores = {"right": 100 * float((found.classes.argmax(1) == labels.numpy()).mean())} if self.classes else {}
        scores |= {"coverage": compared["coverage"], "ndb": compared["NDB/K"], "kid": compared["KID"]}
        return {key: round(value, 3) for key, value in scores.items()}


class Plates(Textures):
    """A convolutional GAN without classes: relativistic loss and R1 + R2 (R3GAN, Huang et al. 2024)."""

    name = "plates-gan"
    used = "plate kind=gan"
    limits = "Backgrounds only: skies, foliage, stone, cloth and the like; nothing that has a shape."
    config = {"widths": [96, 96, 64, 32], "classes": 0}  # noqa: RUF012
    facts = {"multiple": 16}  # noqa: RUF012
    classes = 0
    start = "textures-gan"


def _encoded(source: Patches, count: int) -> Encoded:
    return encoder.encode(_pixels(source.batch(count, torch.Generator().manual_seed(2))[0]))


def _pixels(batch: Tensor) -> np.ndarray:
    """Pictures (n, 3, H, W) in 0..1 as bytes (n, H, W, 3)."""
    return batch.clamp(0, 1).mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
