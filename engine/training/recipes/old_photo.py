"""The blind net for old photos: a U-Net, told nothing, against grain, JPEG, blur and paper all at once."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine.nets.recurrent import ConvGRU
from engine.training import blind, jpeg, loop, scoring
from engine.training.degrade import rounded
from engine.training.recipe import Batch, PhotoRecipe
from engine.training.recipes.jpeg import Jpeg

_LEAST = 0.015  # added to how bad a crop was, which its loss is divided by
_STRONG = 0.1  # share of the crops that are nothing but a strong JPEG; as many become one after all else
_CAMERA = 0.25  # share of the crops with the noise of a camera and nothing else, but a JPEG of half of them
_ALONE = 0.2  # share of the batches without what the deblocker makes of them


class OldPhoto(PhotoRecipe):
    """Shuffled degradations (BSRGAN, Zhang et al. 2021; SCUNet, Zhang et al. 2022) on a U-Net; L1 over that before."""

    name = "old-photo-u24"
    used = "old-photo"
    limits = (
        "Told nothing, it cannot know fine texture from grain: it smooths where both look alike. Blur of more than "
        "some 1.6 px stays; scratches and stains are left to other operations."
    )
    net = "blind.Blind"
    config = {"widths": [24, 48, 96], "blocks": 2}  # noqa: RUF012
    facts = {"scale": 1, "multiple": 8, "overlap": 48, "half": True}  # noqa: RUF012
    start = "denoise-u24"
    rate = 1e-3

    def __init__(self, data: Path, device: torch.device, generator: torch.Generator, photos: int | None) -> None:
        super().__init__(data, device, generator, photos)
        deblocker = loop.shipped(Jpeg)
        assert isinstance(deblocker, ConvGRU)
        self.deblocker = deblocker.to(device).requires_grad_(False)

    def batch(self) -> Batch:
        reference = blind.fade(self.crops.batch(self.count), self.generator)
        degraded = blind.degrade(reference, self.generator)
        kind = torch.rand(self.count, 1, 1, 1, generator=self.generator).to(self.device)
        degraded = torch.where(kind < _STRONG, rounded(reference), degraded)
        degraded = torch.where(kind < 2 * _STRONG, self._strongly_compressed(degraded), degraded)
        degraded = torch.where(kind > 1 - _CAMERA, self._photographed(reference), degraded)
        alone = bool(torch.rand(1, generator=self.generator) < _ALONE)
        return {"reference": reference, "seen": _seen(degraded, degraded if alone else self._deblocked(degraded))}

    def _photographed(self, reference: Tensor) -> Tensor:
        """As a camera leaves it, in 8 bits or, half of them, in a JPEG."""
        noisy = blind.camera(reference, self.generator)
        saved = torch.rand(len(noisy), 1, 1, 1, generator=self.generator).to(self.device) < 0.5
        return torch.where(saved, blind.squeeze(noisy, self.generator), rounded(noisy))

    def _strongly_compressed(self, batch: Tensor) -> Tensor:
        """As JPEGs of quality 5 to 45, the grid of blocks mostly where the picture begins."""
        quality = (5 + 41 * torch.rand(len(batch), generator=self.generator)).floor()
        halved = torch.rand(len(batch), generator=self.generator) < 0.75
        aligned = bool(torch.rand(1, generator=self.generator) < 0.6)
        y, x = [0, 0] if aligned else torch.randint(16, (2,), generator=self.generator).tolist()
        return jpeg.compress(batch.clamp(0, 1), quality, halved, (y, x))

    @torch.no_grad()
    def _deblocked(self, photo: Tensor) -> Tensor:
        """What the deblocker, not told the quality, makes of photos (B, 3, H, W) in one pass."""
        seen = torch.cat((photo, torch.zeros_like(photo[:, :1])), dim=1).contiguous(memory_format=torch.channels_last)
        return (photo + self.deblocker(seen)[0][0]).clamp(0, 1)

    def loss(self, net: nn.Module, batch: Batch, fraction: float) -> Tensor:
        reference, degraded = batch["reference"], batch["seen"][:, :3]
        before = (degraded - reference).abs().mean((1, 2, 3))
        after = (net(batch["seen"]).float() - reference).abs().mean((1, 2, 3))
        return (after / (before + _LEAST)).mean()

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        generator = torch.Generator().manual_seed(1)
        gains: list[float] = []
        for photo in self.held_out:
            reference = photo[None].float() / 255
            for degrade in (*4 * (blind.degrade,), blind.camera):
                degraded = rounded(degrade(reference, generator))
                errors = (degraded, net(_seen(degraded, self._deblocked(degraded))))
                # up to 45 dB: what was clean already is not to decide
                before, after = (one.sub(reference).square().mean() + 3e-5 for one in errors)
                gains.append(float(10 * torch.log10(before / after)))
        scores = {"held_out_gain": float(np.mean(gains)), "held_out_worst": min(gains)}
        return scores | {"held_out_camera": float(np.mean(gains[4::5]))}

    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        def restore(image: np.ndarray) -> np.ndarray:
            return scoring.run(lambda x: net(_seen(x, self._deblocked(x))), image, self.device)

        scores = {f"{label}_gain": gain for label, gain in scoring.jpeg_gains(restore, test, (10,)).items()}
        gains = scoring.camera_gains(restore, test)
        if gains:
            scores |= {"nam_gain": round(float(np.mean(gains)), 3), "nam_worst": round(min(gains), 3)}
        return scores


def _seen(photo: Tensor, deblocked: Tensor) -> Tensor:
    """What the net sees: both. (B, 6, H, W)"""
    return torch.cat((photo, deblocked), 1).contiguous(memory_format=torch.channels_last)
