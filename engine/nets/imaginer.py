"""A net that fills one hole in several ways: the net for narrow holes, with noise."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.nets.filler import fill_with
from engine.nets.unet import UNet

FIELD = 8  # planes of noise at 1/8 of the resolution


class Imaginer(nn.Module):
    """What may be under the mask, another thing for each field of noise; every other pixel stays.

    It sees what `Filler` sees and, nearest by nearest, the field; it may begin with a Filler's weights. Input
    (B, 4 + 8, H, W): the photo in 0..1, the mask, 1 where it is to be filled, and the field, spread to full size.
    H and W are multiples of 8.
    """

    image_planes = 3

    def __init__(self, widths: Sequence[int] = (24, 48, 96), blocks: int = 2) -> None:
        super().__init__()
        self.unet = UNet(widths, blocks, image_planes=3, condition_planes=7 + FIELD)
        self.multiple = self.unet.multiple

    def forward(self, x: Tensor) -> Tensor:
        """The filled photo, not clipped. (B, 3, H, W), fp32"""
        return x[:, :3].float() + self.residual(x)

    def residual(self, x: Tensor) -> Tensor:
        """What `forward` adds to the photo: 0 outside the mask. (B, 3, H, W), fp32"""
        return fill_with(self.unet, x[:, :4], x[:, 4:])


def field(count: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Normal noise as the net takes it. (count, 8, height, width); both sides multiples of 8"""
    noise = torch.randn((count, FIELD, height // 8, width // 8), generator=generator)
    return noise.repeat_interleave(8, dim=2).repeat_interleave(8, dim=3)
