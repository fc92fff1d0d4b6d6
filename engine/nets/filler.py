"""A net that fills narrow holes: a smooth membrane first, and what a U-Net adds to it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.unet import UNet

_LEVELS = 6  # halvings: holes of up to some 64 px reach known pixels
_TURNS = 4  # of smoothing at each of them
_OFF = 20 / 255  # about how far a membrane is from what was there


class Filler(nn.Module):
    """What was under the mask, from what is around it; every other pixel stays.

    Input (B, 4, H, W): the photo in 0..1 and the mask, 1 where it is to be filled; what the photo holds there is not
    looked at. H and W are multiples of 8.
    """

    image_planes = 3

    def __init__(self, widths: Sequence[int] = (24, 48, 96), blocks: int = 2) -> None:
        super().__init__()
        self.unet = UNet(widths, blocks, image_planes=3, condition_planes=7)
        self.multiple = self.unet.multiple

    def forward(self, x: Tensor) -> Tensor:
        """The filled photo, not clipped. (B, 3, H, W), fp32"""
        return x[:, :3].float() + self.residual(x)

    def residual(self, x: Tensor) -> Tensor:
        """What `forward` adds to the photo: 0 outside the mask. (B, 3, H, W), fp32"""
        return fill_with(self.unet, x)


def fill_with(unet: UNet, x: Tensor, more: Tensor | None = None) -> Tensor:
    """What the U-Net makes of a photo with its mask (B, 4, H, W) adds to it: a membrane in the holes, and what the net
    adds to that; it sees `more` planes as well. 0 outside the mask. (B, 3, H, W), fp32"""
    photo, unknown = x[:, :3].float(), (x[:, 3:] > 0).float()
    known = photo * (1 - unknown)
    membrane = prefill(known, unknown)
    off = _OFF * unknown.expand_as(membrane)  # where denoisers are told their level
    planes = (membrane, off, unknown, known) if more is None else (membrane, off, unknown, known, more)
    seen = torch.cat(planes, dim=1)
    change = unet.residual(seen.contiguous(memory_format=torch.channels_last)).float()
    return unknown * (membrane + change - photo)


def prefill(known: Tensor, unknown: Tensor) -> Tensor:
    """`known` (B, 3, H, W), 0 in the holes, with a smooth membrane in the holes `unknown` (B, 1, H, W), 0 or 1.

    Pull and push (Gortler et al. 1996): means of what is known at half, a quarter ... of the size fill the holes from
    the coarsest down, and at each size some rounds of averaging the four neighbours smooth them (Jacobi's iteration
    for the Laplace equation).
    """
    sums, weights = [known], [1 - unknown]
    for _ in range(_LEVELS):
        if min(sums[-1].shape[2:]) < 2:
            break
        weight = F.avg_pool2d(weights[-1], 2, ceil_mode=True)
        mean = F.avg_pool2d(sums[-1] * weights[-1], 2, ceil_mode=True) / weight.clamp(min=1e-6)
        weights.append((weight > 0).float())
        sums.append(mean * weights[-1])
    mean = (sums[-1] * weights[-1]).sum((2, 3), keepdim=True) / weights[-1].sum((2, 3), keepdim=True).clamp(min=1)
    filled = sums[-1] + (1 - weights[-1]) * mean
    for fine, weight in zip(reversed(sums[:-1]), reversed(weights[:-1]), strict=True):
        filled = F.interpolate(filled, scale_factor=2, mode="bilinear", align_corners=False)
        filled = filled[..., : fine.shape[2], : fine.shape[3]]
        for _ in range(_TURNS):
            around = F.pad(filled, (1, 1, 1, 1), mode="replicate")
            filled = (
                around[..., 1:-1, :-2] + around[..., 1:-1, 2:] + around[..., :-2, 1:-1] + around[..., 2:, 1:-1]
            ) / 4
            filled = weight * fine + (1 - weight) * filled
    return weights[0] * known + (1 - weights[0]) * filled
