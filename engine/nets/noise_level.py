"""A small net that says how noisy a photo is: what it leaves of it, its energy in blocks, their vote."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_BLOCK = 16  # px
_FAINT = (0.1 / 255) ** 2  # energy below which nothing is told apart
_SURE = 12.0  # logarithm of how much one vote may count more than another
_BLACK, _WHITE = 0.5 / 255, 254.5 / 255


class NoiseLevel(nn.Module):
    """Three deviations, in the unit of the photo: luma, colour, and luma at half the resolution.

    Convolutions without biases, at half the resolution and then at a quarter, learn to leave the noise and to suppress
    the photo; squared and averaged over blocks of 16 x 16 px their outputs give each block's energies. Two layers over
    neighbouring blocks, which see them relative to the block's mean energy and to that of the photo's quietest blocks,
    correct that mean and say how much the block's opinion is worth. All but the share of clipped values is relative, so
    that a photo of twice the contrast has twice the noise. Input (B, 3, H, W), sides of at least 32.
    """

    def __init__(self, filters: int = 48, width: int = 64, outputs: int = 3) -> None:
        super().__init__()
        sizes = [(12, filters, 1), (filters, filters, 1), (filters, filters, 2), (filters, filters, 1)]
        layers = [
            nn.Conv2d(inputs, features, 3, stride=stride, padding=1, bias=False) for inputs, features, stride in sizes
        ]
        self.filters = nn.ModuleList(layers)
        self.fine = nn.Conv2d(filters, filters, 1, bias=False)
        self.coarse = nn.Conv2d(filters, filters, 1, bias=False)
        self.first = nn.Conv2d(2 * filters + 3, width, 3, padding=1, bias=False)
        self.second = nn.Conv2d(2 * width, width, 3, padding=1, bias=False)
        self.opinion = nn.Conv2d(width, outputs + 1, 1, bias=False)
        with torch.no_grad():
            layers[0].weight -= layers[0].weight.mean((2, 3), keepdim=True)  # begins blind to plain colour
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
        clipped = F.avg_pool2d(((x < _BLACK) | (x > _WHITE)).float().mean(1, keepdim=True), _BLOCK)
        spectrum = 0.5 * (self._energies(x - x.mean((2, 3), keepdim=True)) + _FAINT).log()
        mean = spectrum.mean(1, keepdim=True)
        quietest = mean.flatten(1).quantile(0.05, dim=1).view(-1, 1, 1, 1)
        above = mean - quietest
        hidden = F.relu(self.first(torch.cat((spectrum - mean, above, clipped, torch.ones_like(mean)), dim=1)))
        whole = hidden.mean((2, 3), keepdim=True).expand_as(hidden)
        hidden = F.relu(self.second(torch.cat((hidden, whole), dim=1)))
        opinion = self.opinion(hidden).float()
        weight = (_SURE * torch.tanh(opinion[:, -1:] / _SURE)).exp()
        return torch.cat(((mean + opinion[:, :-1]) * weight, weight), dim=1).flatten(2)

    def _energies(self, x: Tensor) -> Tensor:
        """Mean squares over blocks of what the filters make at half and at a quarter of the resolution, fp32.
        (B, 2 * filters, H / block, W / block)"""
        first, second, third, fourth = self.filters
        half = F.relu(first(F.pixel_unshuffle(x, 2)))
        half = half + F.relu(second(half))
        quarter = F.relu(third(half))
        quarter = quarter + F.relu(fourth(quarter))
        energies = [_energy(self.fine(half), _BLOCK // 2), _energy(self.coarse(quarter), _BLOCK // 4)]
        return torch.cat(energies, dim=1)


def _energy(features: Tensor, block: int) -> Tensor:
    """Mean squares over blocks, fp32. (B, C, H / block, W / block)"""
    return F.avg_pool2d(features.float().square(), block)
