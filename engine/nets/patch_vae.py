"""The variational auto-encoder that varies and blends patches, with latent numbers at two levels."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.trunk import Trunk
from engine.nets.unet import ResidualBlock


class Guess(NamedTuple):
    """Latents as they may be: means and the logarithms of variances, both (B, C, h, w)."""

    mean: Tensor
    spread: Tensor

    def draw(self, noise: Tensor) -> Tensor:
        """One of them, `noise` being normal."""
        return self.mean + (0.5 * self.spread).exp() * noise


class PatchVAE(nn.Module):
    """A hierarchical convolutional VAE (Kingma and Welling 2014; Sonderby et al. 2016) for patches of any size.

    `coarse` latents at 1/16 of the resolution are normal beforehand; what `fine` ones at 1/8 are expected to be, the
    net says from the coarse ones. Input (B, 3, H, W) in 0..1; H and W multiples of 16.
    """

    multiple = 16

    def __init__(self, coarse: int = 32, fine: int = 16, width: int = 96) -> None:
        super().__init__()
        self.coarse, self.fine = coarse, fine
        self.trunk = Trunk()
        self.see_coarse = nn.Conv2d(Trunk.width, 2 * coarse, 3, padding=1)
        self.see_fine = nn.Conv2d(96 + width, 2 * fine, 3, padding=1)
        self.from_coarse = nn.Conv2d(coarse, width, 3, padding=1)
        self.deepest = nn.Sequential(ResidualBlock(width), ResidualBlock(width))
        self.expect_fine = nn.Conv2d(width, 2 * fine, 3, padding=1)
        self.from_fine = nn.Conv2d(fine, width, 3, padding=1)
        self.bottom = nn.Sequential(*(ResidualBlock(width) for _ in range(3)))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, stride=2) for a, b in ((width, 48), (48, 24)))
        self.decoders = nn.ModuleList(nn.Sequential(ResidualBlock(w), ResidualBlock(w)) for w in (48, 24))
        self.head = nn.Conv2d(24, 12, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """The patches as they come back from their likeliest latents. (B, 3, H, W)"""
        coarse, fine = self.encode(x)
        return self.decode(coarse.mean, fine.mean)

    def encode(self, x: Tensor, noise: Tensor | None = None) -> tuple[Guess, Guess]:
        """The latents that patches may have, the fine ones for coarse ones drawn with `noise`, or the likeliest."""
        eighth = self.trunk.eighth(x)
        coarse = _guess(self.see_coarse(F.leaky_relu(self.trunk.deeper(F.leaky_relu(eighth, 0.2)), 0.2)))
        drawn = coarse.mean if noise is None else coarse.draw(noise)
        around = self._around(drawn)
        return coarse, _guess(self.see_fine(torch.cat((eighth, around.to(eighth.dtype)), dim=1)))

    def expect(self, coarse: Tensor) -> Guess:
        """What fine latents are expected to be, where these are the coarse ones."""
        return _guess(self.expect_fine(self._around(coarse)))

    def decode(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """Patches about 0..1, not clipped, fp32. (B, 3, H, W)"""
        features = self._around(coarse) + self.from_fine(fine.to(self.head.weight.dtype))
        features = self.bottom(features)
        for up, decoder in zip(self.ups, self.decoders, strict=True):
            features = decoder(up(features))
        return 0.5 + F.pixel_shuffle(self.head(features), 2).float()

    def _around(self, coarse: Tensor) -> Tensor:
        features = self.deepest(self.from_coarse(coarse.to(self.head.weight.dtype)))
        return F.interpolate(features, scale_factor=2, mode="bilinear")


def _guess(planes: Tensor) -> Guess:
    mean, spread = planes.float().chunk(2, dim=1)
    return Guess(mean, spread.clamp(-12, 4))


def divergence(guess: Guess, expected: Guess) -> Tensor:
    """How much more is known of each latent than was expected (Kullback and Leibler), nats. Same shape"""
    known, off = guess.spread.exp(), (guess.mean - expected.mean).square()
    return 0.5 * (expected.spread - guess.spread + (known + off) / expected.spread.exp() - 1)
