"""The denoisers that are told the noise level: bias-free residual U-Nets of two sizes, and one with attention."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.training import degrade, metrics, patterns
from engine.training.photos import read_folder
from engine.training.recipe import Batch, PhotoRecipe

TESTS = {"cbsd68": "cbsd68", "mcmaster": "mcmaster18"}
SIGMAS = (15, 25, 50)


class Denoise(PhotoRecipe):
    """FFDNet's input (Zhang et al. 2018) in a U-Net without biases (Mohan et al. 2020); L1, at the end MSE."""

    name = "denoise-u24"
    used = "denoise, fast and standard; old photo; the prior of deblur and imagine"
    limits = (
        "Fine texture under strong noise is smoothed. Needs to be told the level; noise of more than 75/255, stripes "
        "and salt and pepper are not its business."
    )
    net = "unet.UNet"
    config = {"widths": [24, 48, 96], "blocks": 2, "image_planes": 3, "condition_planes": 3}  # noqa: RUF012
    facts = {"scale": 1, "multiple": 8, "overlap": 48, "half": True}  # noqa: RUF012

    def batch(self) -> Batch:
        reference = self.crops.batch(self.count)
        sigma = degrade.sample_sigma(self.count, self.generator)
        planes = degrade.sigma_map(sigma, self.size, self.generator, self.device)
        coarse = torch.rand(self.count, generator=self.generator) < 0.07
        noisy = degrade.add_gaussian(reference, planes, coarse, self.generator)
        return {"reference": reference, "noisy": noisy, "sigma": degrade.tell(planes, coarse, self.generator)}

    def loss(self, net: nn.Module, batch: Batch, fraction: float) -> Tensor:
        restored = net(torch.cat((batch["noisy"], batch["sigma"]), 1).contiguous(memory_format=torch.channels_last))
        if fraction < 0.9:
            return F.l1_loss(restored.float(), batch["reference"])
        return 20 * F.mse_loss(restored.float(), batch["reference"])  # about the size of the L1 gradient at 25/255

    def validate(self, net: nn.Module) -> dict[str, float]:
        generator = torch.Generator().manual_seed(1)
        return {
            f"held_out_{sigma}": float(
                np.mean([_restore(net, photo.float() / 255, sigma / 255, generator) for photo in self.held_out])
            )
            for sigma in SIGMAS
        }

    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        sets = {label: read_folder(test / folder, self.device) for label, folder in TESTS.items() if _has(test, folder)}
        if "mcmaster" in sets:
            generator = torch.Generator().manual_seed(0)
            sets["patterns"] = [patterns.generate(256, photo, generator) for photo in sets["mcmaster"]]
        scores = {}
        for label, photos in sets.items():
            for sigma in SIGMAS:
                generator = torch.Generator().manual_seed(sigma)
                results = [_restore(net, photo.float() / 255, sigma / 255, generator) for photo in photos]
                scores[f"{label}_{sigma}"] = round(float(np.mean(results)), 3)
        return scores


class Large(Denoise):
    """FFDNet's input (Zhang et al. 2018) in a U-Net twice as wide, U48, for training and use on a GPU; L1, then MSE."""

    name = "denoise-u48"
    used = "nothing yet"
    config = {**Denoise.config, "widths": [48, 96, 192]}  # noqa: RUF012


class Attention(Denoise):
    """U24 and attention between channels (Zamir et al. 2022) at its bottom, trained on from U24; L1, at the end MSE."""

    name = "denoise-attention"
    used = "denoise, best"
    limits = "As denoise-u24; patterns that change within some 100 px gain nothing from the attention."
    net = "attention.AttentionUNet"
    facts = {"scale": 1, "multiple": 32, "overlap": 96, "half": True}  # noqa: RUF012
    start = "denoise-u24"
    rate = 7e-4


class Twin(Attention):
    """What `denoise-attention` is compared with: convolutions of the same cost instead of the attention."""

    name = "denoise-twin"
    twin_of = "denoise-attention"
    net = "unet.UNet"
    config = {**Denoise.config, "extra": 4}  # noqa: RUF012
    facts = Denoise.facts


def _has(test: Path, folder: str) -> bool:
    return (test / folder).is_dir()


@torch.no_grad()
def _restore(net: nn.Module, reference: Tensor, sigma: float, generator: torch.Generator) -> float:
    """PSNR after white Gaussian noise, neither clipped nor rounded, of level `sigma` was removed from `reference`."""
    noise = torch.randn(reference.shape, generator=generator).to(reference.device)
    noisy = (reference + sigma * noise)[None]
    _, _, height, width = noisy.shape
    x = F.pad(noisy, (0, -width % 32, 0, -height % 32), mode="reflect")
    planes = torch.full_like(x, sigma)
    restored = net(torch.cat((x, planes), 1).contiguous(memory_format=torch.channels_last))[..., :height, :width]
    return metrics.psnr(restored[0].clamp(0, 1).float().cpu().numpy(), reference.cpu().numpy())
