"""The blind net for old photos: U24, told nothing, against grain, JPEG, blur and paper all at once."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.training import blind, scoring
from engine.training.recipe import Batch, PhotoRecipe

LEVEL = 10 / 255  # in the planes where the denoiser that it starts from was told a level


class OldPhoto(PhotoRecipe):
    """Shuffled degradations (BSRGAN, Zhang et al. 2021; SCUNet, Zhang et al. 2022) on a U-Net without biases; L1."""

    name = "old-photo-u24"
    used = "old-photo"
    limits = (
        "Told nothing, it cannot know fine texture from grain: it smooths where both look alike. Blur of more than "
        "some 1.6 px stays; scratches and stains are left to other operations."
    )
    net = "unet.UNet"
    config = {"widths": [24, 48, 96], "blocks": 2, "image_planes": 3, "condition_planes": 3}  # noqa: RUF012
    facts = {"scale": 1, "multiple": 8, "overlap": 48, "half": True}  # noqa: RUF012
    start = "denoise-u24"
    rate = 1e-3

    def batch(self) -> Batch:
        reference = blind.fade(self.crops.batch(self.count), self.generator)
        return {"reference": reference, "degraded": blind.degrade(reference, self.generator)}

    def loss(self, net: nn.Module, batch: Batch, fraction: float) -> Tensor:
        return F.l1_loss(_restored(net, batch["degraded"]).float(), batch["reference"])

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        generator = torch.Generator().manual_seed(1)
        gains: list[float] = []
        for photo in self.held_out:
            reference = photo[None].float() / 255
            degraded = blind.degrade(reference, generator)
            before, after = (one.sub(reference).square().mean() + 1e-8 for one in (degraded, _restored(net, degraded)))
            gains.append(float(10 * torch.log10(before / after)))
        return {"held_out_gain": float(np.mean(gains))}

    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        def restore(image: np.ndarray) -> np.ndarray:
            return scoring.run(lambda x: _restored(net, x), image, self.device)

        scores = {f"{label}_gain": gain for label, gain in scoring.jpeg_gains(restore, test, (10,)).items()}
        gains = scoring.camera_gains(restore, test)
        if gains:
            scores |= {"nam_gain": round(float(np.mean(gains)), 3), "nam_worst": round(min(gains), 3)}
        return scores


def _restored(net: nn.Module, degraded: Tensor) -> Tensor:
    planes = torch.full_like(degraded, LEVEL)
    return net(torch.cat((degraded, planes), 1).contiguous(memory_format=torch.channels_last))
