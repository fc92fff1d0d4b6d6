"""A small net that says how noisy a photo is: filters, their energy in blocks, and a vote of the blocks."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_BLOCK = 16  # px
_FAINT = (0.1 / 255) ** 2  # energy below which nothing is told apart
_SURE = 12.0  # logarithm of how much one vote may count more than another


class NoiseLevel(nn.Module):
    """Three deviations, in the unit of the photo: luma, colour, and luma at half the resolution.

    A bank of filters at full and half resolution, squared and averaged over blocks of 16 x 16 px, gives the spectrum of
    each block. Two small layers, which see it relative to the block's mean energy and to that of the photo's quietest
    blocks, correct that mean and say how much the block's opinion is worth: noise has another spectrum than texture.
    Everything is relative, so that a photo of twice the contrast has twice the noise. Input (B, 3, H, W), sides of at
    least 32.
    """

    def __init__(self, filters: int = 32, width: int = 64, outputs: int = 3) -> None:
        super().__init__()
        self.fine = nn.Conv2d(3, filters, 5, padding=2, bias=False)
        self.coarse = nn.Conv2d(3, filters, 5, padding=2, bias=False)
        self.first = nn.Conv2d(2 * filters + 2, width, 1, bias=False)
        self.second = nn.Conv2d(width, width, 1, bias=False)
        self.opinion = nn.Conv2d(width, outputs + 1, 1, bias=False)
        with torch.no_grad():
            for bank in (self.fine, self.coarse):
                bank.weight -= bank.weight.mean((2, 3), keepdim=True)  # begins blind to plain colour
            self.opinion.weight.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """The levels of each picture. (B, 3)"""
        return self.conclude(self.blocks(x))

    def conclude(self, blocks: Tensor) -> Tensor:
        """The levels for which the blocks vote. (B, 3), fp32"""
        sums = blocks.sum(2)
        return (sums[:, :-1] / sums[:, -1:]).exp()

    def blocks(self, x: Tensor) -> Tensor:
        """Weighted logarithms of levels and, last, the weights; pieces of one photo may be put together along the last
        axis. (B, 4, blocks), fp32"""
        x = x[..., : x.shape[2] // _BLOCK * _BLOCK, : x.shape[3] // _BLOCK * _BLOCK]
        x = x - x.mean((2, 3), keepdim=True)
        half = 2 * F.avg_pool2d(x, 2)  # white noise stays as strong
        energy = torch.cat((_energy(self.fine(x), _BLOCK), _energy(self.coarse(half), _BLOCK // 2)), dim=1)
        spectrum = 0.5 * (energy + _FAINT).log()
        mean = spectrum.mean(1, keepdim=True)
        quietest = mean.flatten(1).quantile(0.05, dim=1).view(-1, 1, 1, 1)
        above = mean - quietest
        seen = torch.cat((spectrum - mean, above, torch.ones_like(mean)), dim=1)
        hidden = F.relu(self.second(F.relu(self.first(seen))))
        opinion = self.opinion(hidden).float()
        weight = (_SURE * torch.tanh(opinion[:, -1:] / _SURE)).exp()
        return torch.cat(((mean + opinion[:, :-1]) * weight, weight), dim=1).flatten(2)


def _energy(features: Tensor, block: int) -> Tensor:
    """Mean squares over blocks, fp32. (B, C, H / block, W / block)"""
    return F.avg_pool2d(features.float().square(), block)
