"""A net that fills one hole in several ways: the net for narrow holes, with noise."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.filler import fill_with
from engine.nets.unet import UNet

FIELD = 8  # planes of noise: half of them smooth, half of them white


class Imaginer(nn.Module):
    """What may be under the mask, another thing for each field of noise; every other pixel stays.

    It sees what `Filler` sees and the field; it may begin with a Filler's weights. Input (B, 4 + 8, H, W): the photo in
    0..1, the mask, 1 where it is to be filled, and the field. H and W are multiples of 8.
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
    """Normal noise as the net takes it: white planes for texture, and planes that change over 8 px for what is where.
    (count, 8, height, width); both sides multiples of 8"""
    half = FIELD // 2
    coarse = torch.randn((count, half, height // 8, width // 8), generator=generator)
    smooth = 1.5 * F.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)
    return torch.cat((smooth, torch.randn((count, FIELD - half, height, width), generator=generator)), dim=1)
