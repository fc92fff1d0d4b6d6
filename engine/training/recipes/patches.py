"""Nets for patches of 64 px: the auto-encoder that varies them, and the classifier by which samplers are measured."""

from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.patch_vae import Guess, PatchVAE, divergence
from engine.training import materials, metrics, scoring
from engine.training.materials import MATERIALS, Patches
from engine.training.photos import read_folder
from engine.training.recipe import Batch, PhotoRecipe, Recipe

_FREE = 0.1  # nats a latent channel may know at each place for nothing (Kingma et al. 2016, free bits)
_ACTIVE = 0.01  # variance of its mean over patches above which a dimension is in use (Burda et al. 2016)


class PatchesVAE(PhotoRecipe):
    """A hierarchical VAE (Sonderby et al. 2016) with the decoder's deviation at its best (sigma-VAE, Rybkin 2021)."""

    name = "patches-vae"
    used = "vary, blend"
    limits = "It keeps structure of some 4 px and more; what is finer is left to the photo."
    net = "patch_vae.PatchVAE"
    config = {"coarse": 32, "fine": 16}  # noqa: RUF012
    facts = {"multiple": 16}  # noqa: RUF012
    start = "denoise-u24"
    rate = 1e-3
    size = 64
    count = 48
    leaf_share = 0.1

    def optimizer(self, net: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(net.parameters(), lr=self.rate)

    def batch(self) -> Batch:
        vae = PatchVAE
        reference = self.crops.batch(self.count)
        side = self.size // vae.multiple
        coarse = torch.randn((self.count, self.config["coarse"], side, side), generator=self.generator)
        fine = torch.randn((self.count, self.config["fine"], 2 * side, 2 * side), generator=self.generator)
        return {"reference": reference, "coarse": coarse.to(self.device), "fine": fine.to(self.device)}

    def loss(self, net: nn.Module, batch: Batch, fraction: float) -> Tensor:
        vae, reference = cast(PatchVAE, net), batch["reference"]
        coarse, fine = vae.encode(reference, batch["coarse"])
        drawn = coarse.draw(batch["coarse"])
        made = vae.decode(drawn, fine.draw(batch["fine"]))
        error = (made - reference).square().mean()
        told = 0.5 * reference[0].numel() * (error + 1e-5).log()
        nothing = Guess(torch.zeros_like(coarse.mean), torch.zeros_like(coarse.spread))
        knowledge = _over_free(divergence(coarse, nothing)) + _over_free(divergence(fine, vae.expect(drawn)))
        beta = min(1.0, 0.1 + 2 * fraction)
        return (told + beta * knowledge) / reference[0].numel() + 5.0

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        patches = torch.cat([_grid(photo, self.size) for photo in self.held_out]).float().to(self.device) / 255
        return self._measure(cast(PatchVAE, net), patches)

    @torch.no_grad()
    def preview(self, net: nn.Module) -> Tensor:
        """Held-out patches, as they come back, and two variations of each."""
        patches = (
            torch.cat([_grid(photo, self.size)[-11:][:2] for photo in self.held_out]).float().to(self.device) / 255
        )
        vae = cast(PatchVAE, net)
        coarse, fine = vae.encode(patches)
        rows = [patches, vae.decode(coarse.mean, fine.mean)]
        for seed in (1, 2):
            random = torch.Generator().manual_seed(seed)
            moved = coarse.mean + 0.7 * torch.randn(coarse.mean.shape, generator=random).to(self.device)
            expected = vae.expect(moved).mean - vae.expect(coarse.mean).mean
            rows.append(vae.decode(moved, fine.mean + expected))
        return torch.stack(rows, dim=1).flatten(0, 1)

    @torch.no_grad()
    def sheet(self, net: nn.Module) -> Tensor:
        """Patches made of nothing but random numbers, as the net expects them."""
        vae, side = cast(PatchVAE, net), self.size // PatchVAE.multiple
        random = torch.Generator().manual_seed(0)
        coarse = torch.randn((64, self.config["coarse"], side, side), generator=random).to(self.device)
        fine = torch.randn((64, self.config["fine"], 2 * side, 2 * side), generator=random).to(self.device)
        return vae.decode(coarse, vae.expect(coarse).draw(fine))

    @torch.no_grad()
    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        """PSNR in dB of patches of 64 px that come back, the mean over patches of CBSD68, and which per cent of the
        latent dimensions is in use."""
        scores: dict[str, float] = {}
        for label, folder in scoring.SETS.items():
            files = sorted((test / folder).glob("*.png"))
            if files:
                photos = [torch.from_numpy(scoring.read(file)).permute(2, 0, 1) for file in files]
                patches = torch.cat([_grid(photo, self.size)[::4] for photo in photos]).to(self.device)
                measured = self._measure(cast(PatchVAE, net), patches)
                scores |= {f"{label}_{key}": round(value, 2) for key, value in measured.items()}
        return scores

    def _measure(self, vae: PatchVAE, patches: Tensor) -> dict[str, float]:
        means: list[Tensor] = []
        off: list[float] = []
        for some in patches.split(64):
            coarse, fine = vae.encode(some)
            back = vae.decode(coarse.mean, fine.mean).clamp(0, 1)
            off += [metrics.psnr(a.cpu().numpy(), b.cpu().numpy()) for a, b in zip(back, some, strict=True)]
            means.append(torch.cat((coarse.mean.flatten(1), fine.mean.flatten(1)), dim=1))
        found = torch.cat(means)
        active = (found.var(0, correction=min(1, len(found) - 1)) > _ACTIVE).float().mean()
        return {"back": float(np.mean(np.minimum(off, 60))), "active": 100 * float(active)}


class Materials(Recipe):
    """Which of eight materials a patch is of, cross entropy with smoothed labels (Szegedy et al. 2016)."""

    name = "materials-encoder"
    used = "make.py bench --only sampling: it tells classes and features of samples apart"
    limits = "Patches of 64 px of eight materials; photos of whole things are none of its business."
    net = "trunk.Classifier"
    config = {"classes": len(MATERIALS)}  # noqa: RUF012
    facts = {"multiple": 16, "materials": list(MATERIALS)}  # noqa: RUF012
    data = "boxes of 8 materials in 128 photos: CC0, Unsplash, Pexels, CC BY-SA 4.0, US public domain"
    start = "denoise-u24"
    rate = 5e-4
    size = 64
    count = 48

    def __init__(self, data: Path, device: torch.device, generator: torch.Generator, photos: int | None) -> None:
        self.device, self.generator = device, generator
        boxes = materials.read(data, MATERIALS, held_out=False)
        held_out = materials.read(data, MATERIALS, held_out=True)
        if not boxes:  # a folder of photos without names: each is taken for a material of its own
            photographs = read_folder(data, torch.device("cpu"), photos)
            boxes = held_out = [(number % len(MATERIALS), photo) for number, photo in enumerate(photographs)]
        self.patches, self.held_out = Patches(boxes, self.size), Patches(held_out, self.size)

    def optimizer(self, net: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.AdamW(net.parameters(), lr=self.rate, weight_decay=0.05)

    def batch(self) -> Batch:
        photo, label = self.patches.batch(self.count, self.generator)
        draw = torch.rand((3, self.count, 1, 1, 1), generator=self.generator)
        photo = ((photo - 0.5) * (0.7 + 0.6 * draw[0]) + 0.5 + 0.3 * (draw[1] - 0.5)).clamp(0, 1)
        grey = photo.mean(1, keepdim=True)
        photo = grey + (photo - grey) * (0.3 + draw[2])
        return {"photo": photo.to(self.device), "label": label.to(self.device)}

    def loss(self, net: nn.Module, batch: Batch, fraction: float) -> Tensor:
        return F.cross_entropy(net(batch["photo"]).float(), batch["label"], label_smoothing=0.1)

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        photo, label = self.held_out.batch(512, torch.Generator().manual_seed(0))
        right = torch.cat([net(some.to(self.device)).argmax(1).cpu() for some in photo.split(64)]) == label
        return {"right": 100 * float(right.float().mean())}

    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        """Which per cent of patches of photos held out of training is told right; guessing gives 12.5."""
        return {key: round(value, 1) for key, value in self.validate(net).items()}


def _over_free(knowledge: Tensor) -> Tensor:
    """Nats per patch of knowledge (B, C, h, w), at least what is free for each channel."""
    places = knowledge.shape[2] * knowledge.shape[3]
    return (knowledge.mean((0, 2, 3)).clamp(min=_FREE) * places).sum()


def _grid(photo: Tensor, size: int) -> Tensor:
    """A photo (3, H, W) as patches side by side. (n, 3, size, size)"""
    height, width = (side // size * size for side in photo.shape[1:])
    rows = photo[:, :height, :width].unfold(1, size, size).unfold(2, size, size)
    return rows.permute(1, 2, 0, 3, 4).flatten(0, 1)
