"""A small net that says how noisy a photo is: filters, their energy in blocks, and what the quietest blocks have."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_BLOCK = 16  # px
_FAINT = (0.1 / 255) ** 2  # energy below which nothing is told apart
_SCALES = (1, 2, 4)  # the photo and its means over so many px
_SHARES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.55, 0.8)  # of the blocks that are quieter


class NoiseLevel(nn.Module):
    """Three deviations, in the unit of the photo: luma, colour, and luma at half the resolution.

    A bank of filters at three resolutions, squared and averaged over blocks of 16 x 16 px, gives the spectrum of each
    block. How the quantiles of these energies over the photo's blocks lie to each other tells noise, which is
    everywhere, from texture, which is not; two small layers learn it. All is relative to one of the quantiles, so that
    a photo of twice the contrast has twice the noise. Input (B, 3, H, W), sides of at least 32.
    """

    def __init__(self, filters: int = 16, width: int = 96, outputs: int = 3) -> None:
        super().__init__()
        self.banks = nn.ModuleList(nn.Conv2d(3, filters, 5, padding=2, bias=False) for _ in _SCALES)
        self.first = nn.Conv2d(len(_SCALES) * filters * len(_SHARES) + 1, width, 1, bias=False)
        self.second = nn.Conv2d(width, width, 1, bias=False)
        self.level = nn.Conv2d(width, outputs, 1, bias=False)
        with torch.no_grad():
            for bank in self.banks:
                bank.weight -= bank.weight.mean((2, 3), keepdim=True)  # begins blind to plain colour
            self.level.weight.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """The levels of each picture. (B, 3)"""
        return self.conclude(self.blocks(x))

    def blocks(self, x: Tensor) -> Tensor:
        """Logarithms of the energies in each block of each picture; pieces of one photo may be put together along the
        last axis. (B, n, blocks), fp32"""
        x = x[..., : x.shape[2] // _BLOCK * _BLOCK, : x.shape[3] // _BLOCK * _BLOCK]
        x = x - x.mean((2, 3), keepdim=True)
        energies: list[Tensor] = []
        for bank, scale in zip(self.banks, _SCALES, strict=True):
            seen = scale * F.avg_pool2d(x, scale)  # white noise stays as strong
            energies.append(F.avg_pool2d(bank(seen).float().square(), _BLOCK // scale))
        return 0.5 * (torch.cat(energies, dim=1).flatten(2) + _FAINT).log()

    def conclude(self, blocks: Tensor) -> Tensor:
        """The levels that the blocks of `blocks` tell. (B, 3), fp32"""
        shares = torch.tensor(_SHARES, device=blocks.device)
        found = blocks.quantile(shares, dim=2).permute(1, 2, 0).flatten(1)  # (B, n * shares)
        base = found.mean(1, keepdim=True)
        seen = torch.cat((found - base, torch.ones_like(base)), dim=1)[..., None, None]
        hidden = F.relu(self.second(F.relu(self.first(seen))))
        return (base + self.level(hidden).float().flatten(1)).exp()
