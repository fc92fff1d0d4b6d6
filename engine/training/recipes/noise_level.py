"""The estimator of the noise level: shown white and coarse noise, told what it was, better too high than too low."""

from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.image import frozen
from engine.nets import noise_level
from engine.noise import pieces
from engine.training import blind, degrade, scoring
from engine.training.recipe import Batch, PhotoRecipe

SIGMAS = (5, 10, 15, 25, 50)
_FAINT = 0.3 / 255  # below this nobody minds
_OPPONENT = torch.tensor([[1.0, 1, 1], [1, -1, 0], [1, 1, -2]]) / torch.tensor([[3.0], [2], [6]]).sqrt()


class NoiseLevel(PhotoRecipe):
    """Pinball loss on logarithms, under-estimates count 0.7 and over-estimates 0.3 (after CBDNet, Guo et al. 2019)."""

    name = "noise-level"
    used = "denoise and every operation that measures noise"
    limits = "One level for the whole photo. Texture that fills the photo and looks like noise may be taken for some."
    net = "noise_level.NoiseLevel"
    config = {"filters": 48, "width": 64}  # noqa: RUF012
    facts = {"scale": 1, "multiple": 8, "overlap": 0, "half": True}  # noqa: RUF012
    rate = 3e-3
    count = 24
    leaf_share = 0.3

    def batch(self) -> Batch:
        reference = self.crops.batch(self.count)
        tenth, quarter = max(1, self.count // 10), max(1, self.count // 4)  # crops come in random order
        clean, mixed, plain = reference.split((tenth, quarter, self.count - tenth - quarter))
        mixed = blind.poisson(blind.coarse(mixed, self.generator), self.generator)
        raw = torch.cat((clean, mixed, self._gaussian(plain)))
        wanted = levels(raw - reference)  # before clipping: that is what denoisers are told
        noisy, reference = degrade.rounded(raw), degrade.rounded(reference)
        some = slice(0, None, 4)  # a quarter became a JPEG, which takes a share of the noise away
        seed = int(torch.randint(2**31, (1,), generator=self.generator))
        before = levels(noisy[some] - reference[some])
        for batch in (reference, noisy):
            batch[some] = blind.squeeze(batch[some], torch.Generator().manual_seed(seed))
        wanted[some] *= (levels(noisy[some] - reference[some]) + _FAINT) / (before + _FAINT)
        return {"noisy": noisy, "levels": wanted}

    def _gaussian(self, reference: Tensor) -> Tensor:
        """With Gaussian noise of 0.7 to 65/255, the same in all colours on grey pictures and on a few others; two of
        five of them blurred by 0.4 to 1.8 px."""
        draws = torch.rand(4, len(reference), 1, 1, 1, generator=self.generator).to(reference.device)
        grey = (reference == reference[:, :1]).flatten(1).all(1).view(-1, 1, 1, 1)
        noise = degrade.normal(reference, self.generator)
        joint = degrade.normal(reference[:, :1], self.generator).expand_as(noise)
        noise = torch.where((grey & (draws[0] < 0.9)) | (draws[0] < 0.1), joint, noise)
        coarse = (draws[1] < 0.4).flatten()
        if coarse.any():
            blurred = blind.gaussian_blur(noise[coarse], 0.4 + 1.4 * draws[2][coarse])
            noise[coarse] = blurred / blurred.flatten(1).std(1).view(-1, 1, 1, 1)
        return reference + 0.7 / 255 * (65 / 0.7) ** draws[3] * noise

    def loss(self, net: nn.Module, batch: Batch, fraction: float) -> Tensor:
        error = (net(batch["noisy"]) + _FAINT).log() - (batch["levels"] + _FAINT).log()
        return torch.where(error < 0, -0.7 * error, 0.3 * error).mean()

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        errors: dict[str, list[float]] = {"white": [], "coarse": []}
        for index, photo in enumerate(self.held_out):
            for sigma in SIGMAS:
                for word, found in errors.items():
                    noisy = add_noise(photo.float() / 255, sigma / 255, 0.0 if word == "white" else 0.8, index)
                    found.append(abs(told(net, noisy) * 255 / sigma - 1))
        return {f"{word}_off": float(np.mean(found)) for word, found in errors.items()}

    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        scores: dict[str, float] = {}
        for label, folder in scoring.SETS.items():
            photos = [scoring.read(file) for file in sorted((test / folder).glob("*.png"))]
            for word, width in (("white", 0.0), ("coarse", 0.8)) if photos else ():
                ratios: list[float] = []
                for index, photo in enumerate(photos):
                    reference = torch.from_numpy(photo).permute(2, 0, 1).to(self.device)
                    noisy = [add_noise(reference, sigma / 255, width, index) for sigma in SIGMAS]
                    ratios += [told(net, one) * 255 / sigma for one, sigma in zip(noisy, SIGMAS, strict=True)]
                within = np.mean(np.abs(np.array(ratios) - 1) < 0.1)
                scores[f"{label}_{word}_within_10"] = round(float(within), 3)
                scores[f"{label}_{word}_off"] = round(float(np.mean(np.abs(np.array(ratios) - 1))), 4)
        return scores


def levels(noise: Tensor) -> Tensor:
    """Deviations of noise (B, 3, H, W): luma, colour, luma at half the resolution, each the same for white noise in
    independent colours. (B, 3)"""
    opponent = torch.einsum("bchw,pc->bphw", noise, _OPPONENT.to(noise.device))
    luma, colour = opponent[:, :1], opponent[:, 1:]
    half = 2 * F.avg_pool2d(luma, 2)
    return torch.stack([one.square().mean((1, 2, 3)).sqrt() for one in (luma, colour, half)], dim=1)


def add_noise(reference: Tensor, sigma: float, width: float, seed: int) -> Tensor:
    """A photo (3, H, W) as a file with noise of `sigma`, blurred by `width` px."""
    noise = torch.randn(reference.shape, generator=torch.Generator().manual_seed(seed)).to(reference.device)
    if width > 0:
        noise = blind.gaussian_blur(noise[None], torch.full((1, 1, 1, 1), width, device=noise.device))[0]
        noise = noise / noise.std()
    return degrade.rounded(reference + sigma * noise)


@torch.no_grad()
def told(net: nn.Module, noisy: Tensor) -> float:
    """The deviation over all colours that the net reads from a photo (3, H, W), cut in pieces as for the operations."""
    photo = frozen(noisy.permute(1, 2, 0).contiguous().cpu().numpy())
    parts = [torch.from_numpy(piece.copy()).permute(2, 0, 1)[None].to(noisy.device) for piece in pieces(photo)]
    blocks = torch.cat([cast(noise_level.NoiseLevel, net).blocks(part) for part in parts], dim=2)
    luma, colour, _ = cast(noise_level.NoiseLevel, net).conclude(blocks)[0].tolist()
    return float(np.sqrt((luma**2 + 2 * colour**2) / 3))
