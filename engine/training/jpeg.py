"""JPEG's losses on batches, on whatever device they are: the transform, the real tables, the rounding; no coding."""

import functools
import math

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.training.degrade import on

_LUMA = """16 11 10 16 24 40 51 61  12 12 14 19 26 58 60 55  14 13 16 24 40 57 69 56  14 17 22 29 51 87 80 62
18 22 37 56 68 109 103 77  24 35 55 64 81 104 113 92  49 64 78 87 103 121 120 101  72 92 95 98 112 100 103 99"""
_CHROMA = """17 18 24 47 99 99 99 99  18 21 26 66 99 99 99 99  24 26 56 99 99 99 99 99  47 66 99 99 99 99 99 99
99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99  99 99 99 99 99 99 99 99"""
_TO_YCC = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])  # JFIF


def tables(quality: Tensor) -> Tensor:
    """The quantisation tables of ITU T.81, annex K, scaled as libjpeg does for qualities 1..100, (B,) -> (B, 2, 8, 8):
    luma and chroma."""
    base = torch.tensor([[float(word) for word in table.split()] for table in (_LUMA, _CHROMA)], device=quality.device)
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality).floor()
    return ((base * scale.view(-1, 1, 1) + 50) / 100).floor().clamp(1, 255).view(-1, 2, 8, 8)


def compress(batch: Tensor, quality: Tensor, halved: Tensor, shift: tuple[int, int] = (0, 0)) -> Tensor:
    """What is left of pictures (B, 3, H, W) in 0..1 after JPEG of `quality` (B,), the colours at half the resolution
    where `halved` (B,), bool, says so. `shift` (y, x) is where within the picture's margin the grid of blocks begins:
    0..15. Same shape, rounded to 8 bits, as libjpeg decodes it."""
    height, width = batch.shape[2:]
    top, left = ((-step) % 16 for step in shift)
    padding = (left, -(width + left) % 16, top, -(height + top) % 16)
    x = F.pad(batch.mul(255).round(), padding, mode="replicate")
    to_ycc, to_rgb, _ = _constants(x.device)
    ycc = torch.einsum("bchw,pc->bphw", x, to_ycc).round()
    steps = on(x, tables(quality.float()))
    luma = _quantise(ycc[:, :1] - 128, steps[:, :1])
    colour = ycc[:, 1:]
    small = _quantise(F.avg_pool2d(colour, 2).round(), steps[:, 1:])
    coarse = F.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False)  # libjpeg's triangle
    fine = _quantise(colour, steps[:, 1:])
    colour = torch.where(on(x, halved).view(-1, 1, 1, 1), coarse, fine)
    ycc = torch.cat((luma + 128, colour), dim=1).round()
    rgb = torch.einsum("bchw,pc->bphw", ycc, to_rgb)
    return rgb[..., top : top + height, left : left + width].round().clamp(0, 255).div(255)


@functools.cache
def _constants(device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """On the device: from RGB to luma and colours, back, (3, 3) each, and the cosines of a block, (8, 8)."""
    angle = torch.arange(8.0)[:, None] * (torch.arange(8.0)[None] + 0.5) * math.pi / 8
    basis = torch.cos(angle) / 2 * torch.where(torch.arange(8) == 0, math.sqrt(0.5), 1.0)[:, None]
    return _TO_YCC.to(device), torch.linalg.inv(_TO_YCC).to(device), basis.to(device)


def _quantise(planes: Tensor, steps: Tensor) -> Tensor:
    """Planes (B, C, H, W) after their 8 x 8 cosine transform was rounded to multiples of `steps` (B, 1, 8, 8)."""
    count, channels, height, width = planes.shape
    basis = _constants(planes.device)[2]
    blocks = planes.view(count, channels, height // 8, 8, width // 8, 8).transpose(3, 4)
    steps = steps.view(count, 1, 1, 1, 8, 8)
    blocks = basis.T @ ((basis @ blocks @ basis.T / steps).round() * steps) @ basis
    return blocks.transpose(3, 4).reshape(planes.shape).clamp(-128, 127)
