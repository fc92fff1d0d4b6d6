"""The generator of textures and plates: noise fields in, pictures of any size out, which tile."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STYLE = 64  # numbers that say what the whole picture is like
_BLOCKS = 2  # at each level
_MOST = 6.0  # what the style may scale features by


class Generator(nn.Module):
    """A convolutional generator without normalization (after R3GAN, Huang et al. 2024) that works on a torus.

    A style (B, 64) of normal numbers, with the class where there are any, says what the picture is like everywhere; a
    field of normal numbers at 1/16 of the resolution and a plane of them at each level (Karras et al. 2019) say what
    is where. All convolutions go round the borders, so that pictures tile, and parts of a large one are like small
    ones (after PSGAN, Bergmann et al. 2017). Levels go from 1/16 to 1/2 of the resolution; pixels are unfolded.
    """

    multiple = 16
    early = 1 + _BLOCKS  # planes of noise at 1/16 of the resolution

    def __init__(self, widths: Sequence[int] = (96, 96, 64, 32), classes: int = 0, field: int = 16) -> None:
        super().__init__()
        self.classes, self.field, self.widths = classes, field, tuple(widths)
        self.embedding = nn.Linear(classes, STYLE, bias=False) if classes else None
        self.mapping = nn.Sequential(nn.Linear(STYLE * (2 if classes else 1), 128), nn.ReLU(), nn.Linear(128, 128))
        self.stem = _conv(field, widths[0])
        self.blocks = nn.ModuleList(_Block(width) for width in widths for _ in range(_BLOCKS))
        self.ups = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(widths[:-1], widths[1:], strict=True))
        self.colour = nn.Linear(128, 3)
        self.head = _conv(widths[-1], 12)

    def forward(self, style: Tensor, noise: Sequence[Tensor], classes: Tensor | None = None) -> Tensor:
        """Pictures, about 0..1, not clipped. (B, 3, 16 h, 16 w)

        `style` (B, 64); `noise` as `latents` gives it; `classes` (B, C), one-hot or shares that add up to 1.
        """
        mapped = self.mapped(style, classes)
        return self.finished(self.begun(mapped, noise[: self.early]), mapped, noise[self.early :])

    def mapped(self, style: Tensor, classes: Tensor | None = None) -> Tensor:
        """What style and class say to every block. (B, 128)"""
        if self.embedding is not None and classes is not None:
            style = torch.cat((style, math.sqrt(self.classes) * self.embedding(classes.to(style.dtype))), dim=1)
        return self.mapping(style)

    def begun(self, mapped: Tensor, noise: Sequence[Tensor]) -> Tensor:
        """The features at 1/16 of the resolution, from the first `early` planes of noise. (B, C, h, w)"""
        features = self.stem(noise[0].to(self.stem.weight.dtype).contiguous(memory_format=torch.channels_last))
        for block, plane in zip(self.blocks[:_BLOCKS], noise[1:], strict=True):
            features = block(features, mapped, plane)
        return features

    def finished(self, features: Tensor, mapped: Tensor, noise: Sequence[Tensor]) -> Tensor:
        """The pictures that `begun` began, with the other planes of noise. (B, 3, 16 h, 16 w)"""
        for number, (block, plane) in enumerate(zip(self.blocks[_BLOCKS:], noise, strict=True)):
            level, index = divmod(number, _BLOCKS)
            if not index:
                features = _larger(self.ups[level](features))
            features = block(features, mapped, plane)
        picture = F.pixel_shuffle(self.head(F.relu(features)), 2)
        return 0.5 + 0.5 * (picture + self.colour(mapped)[:, :, None, None])

    def latents(self, count: int, height: int, width: int, generator: torch.Generator) -> list[Tensor]:
        """The field (count, C, height, width), in 1/16 of the picture's px, and the planes of each level."""
        shapes = [(count, self.field, height, width)]
        for number in range(len(self.blocks)):
            level = number // _BLOCKS
            shapes.append((count, 1, height << level, width << level))
        return [torch.randn(shape, generator=generator) for shape in shapes]


class _Block(nn.Module):
    """Two convolutions with noise and a style between them, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _conv(width, width), _conv(width, width)
        self.noise = nn.Parameter(torch.zeros(1, width, 1, 1))
        self.style = nn.Linear(128, 2 * width)
        nn.init.kaiming_normal_(self.first.weight)
        nn.init.kaiming_normal_(self.second.weight)
        nn.init.normal_(self.noise, std=0.1)
        nn.init.normal_(self.style.weight, std=0.02)
        with torch.no_grad():
            self.second.weight.mul_(0.3)

    def forward(self, x: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        scale, shift = self.style(style)[:, :, None, None].chunk(2, dim=1)
        features = self.first(x) + self.noise * noise.to(x.dtype)
        features = F.leaky_relu(features * (1 + scale).clamp(-_MOST, _MOST) + shift, 0.2)
        return x + self.second(features)


def _larger(x: Tensor) -> Tensor:
    """Twice the size, bilinear, going round the borders."""
    around = F.pad(x, (1, 1, 1, 1), mode="circular")
    return F.interpolate(around, scale_factor=2, mode="bilinear")[:, :, 2:-2, 2:-2]


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="circular")
