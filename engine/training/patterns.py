"""Repeated patterns: a small piece of a photo laid out again and again under an affine map, as in cloth and masonry."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def generate(size: int, photo: Tensor, generator: torch.Generator) -> Tensor:
    """A pattern of pieces of `photo`, uint8 (3, H, W), 6 to 48 px apart, turned and sheared; in perspective no two
    alike would be of one size, so it is left out. Returns uint8 (3, size, size) on the photo's device."""
    device = photo.device
    draw = torch.rand(8, generator=generator).tolist()
    side = min(16 + int(draw[0] * 112), *photo.shape[1:])
    top, left = (int(share * (length - side + 1)) for share, length in zip(draw[1:3], photo.shape[1:], strict=True))
    piece = photo[:, top : top + side, left : left + side].float().div(255)
    if draw[3] < 0.5:  # mirrored on all sides it goes on without a step
        piece = torch.cat((piece, piece.flip(2)), dim=2)
        piece = torch.cat((piece, piece.flip(1)), dim=1)
    period = 6 * 8 ** draw[4]  # px, 6 to 48
    small = F.interpolate(piece[None], (max(4, round(2 * period)),) * 2, mode="area")  # twice as fine as it is shown
    turn, shear, stretch = draw[5] * math.pi, 0.4 * (draw[6] - 0.5), 0.6 + 0.8 * draw[7]
    axis = torch.arange(size, device=device, dtype=torch.float32) / period
    y, x = axis[:, None], axis[None]
    u = (x * math.cos(turn) - y * math.sin(turn) + shear * y) % 1
    v = stretch * (x * math.sin(turn) + y * math.cos(turn)) % 1
    ring = F.pad(small, (1, 1, 1, 1), mode="circular")
    inner = small.shape[2] / ring.shape[2]  # where 0..1 lies within the padded piece
    grid = torch.stack(((2 * u - 1) * inner, (2 * v - 1) * inner), dim=-1)[None]
    picture = F.grid_sample(ring, grid, mode="bilinear", align_corners=False)[0]
    return picture.clamp(0, 1).mul(255).round().to(torch.uint8)
