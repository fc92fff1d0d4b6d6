"""The residual U-Net behind a pixel-unshuffle: our net for dense restoration on a CPU."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    """3x3, bias-free, so that scaling image and sigma together scales the answer (Mohan et al. 2020)."""
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a ReLU between them, added to the input; no normalization (Lim et al. 2017, EDSR)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = _conv(width, width)
        nn.init.kaiming_normal_(self.first.weight)
        nn.init.kaiming_normal_(self.second.weight)
        with torch.no_grad():
            self.second.weight.mul_(0.1)  # blocks start near the identity, which keeps deep sums tame

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.first(x), inplace=True))


class UNet(nn.Module):
    """Image planes and condition planes in, the image planes with a predicted residual added out.

    Full-size planes are first folded by pixel-unshuffle(2), because full-size convolutions dominate the cost on a
    CPU. Levels are `widths` channels wide with `blocks` residual blocks on each side, twice that and `extra` ones at
    the bottom (after DRUNet, Zhang et al. 2021, at a fiftieth of its cost).

    Input (B, image_planes + condition_planes, H, W); H and W multiples of `2 ** len(widths)`.
    """

    rounds = True  # `residual` rounds all that it sees to the format of its weights at once

    def __init__(
        self,
        widths: Sequence[int] = (24, 48, 96),
        blocks: int = 2,
        image_planes: int = 3,
        condition_planes: int = 3,
        extra: int = 0,
    ) -> None:
        super().__init__()
        self.image_planes = image_planes
        self.multiple = 2 ** len(widths)
        folded = 4 * (image_planes + condition_planes)
        self.stem = _conv(folded, widths[0])
        self.encoders = nn.ModuleList(nn.Sequential(*(ResidualBlock(w) for _ in range(blocks))) for w in widths[:-1])
        pairs = list(zip(widths[:-1], widths[1:], strict=True))
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2, bias=False) for a, b in pairs)
        self.bottom = nn.Sequential(*(ResidualBlock(widths[-1]) for _ in range(2 * blocks + extra)))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2, bias=False) for a, b in reversed(pairs))
        self.decoders = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(w) for _ in range(blocks))) for w in reversed(widths[:-1])
        )
        self.head = _conv(widths[0], 4 * image_planes)
        with torch.no_grad():
            self.head.weight.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, : self.image_planes] + self.residual(x)

    def residual(self, x: Tensor) -> Tensor:
        """What `forward` adds to the image planes, in the dtype of the weights. (B, image_planes, H, W)"""
        features = self.stem(F.pixel_unshuffle(x.to(self.stem.weight.dtype), 2))
        skips = []
        for encoder, down in zip(self.encoders, self.downs, strict=True):
            features = encoder(features)
            skips.append(features)
            features = down(features)
        features = self.deepest(features)
        for up, decoder in zip(self.ups, self.decoders, strict=True):
            features = decoder(up(features) + skips.pop())
        return F.pixel_shuffle(self.head(features), 2)

    def deepest(self, features: Tensor) -> Tensor:
        """What happens at the lowest resolution. Same shape."""
        return self.bottom(features)
