"""The net for old photos: a U-Net that is told nothing but what a deblocker makes of the same photo."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.nets.unet import UNet

_LEVEL = 10 / 255  # in the planes where the denoiser that it begins as was told a level
_LOUDER = 8  # how much stronger the deblocker's small changes are shown


class Blind(UNet):
    """Photo and deblocked photo in, the photo restored out: of each pixel the net says how far to believe the
    deblocker, and what to add.

    Input (B, 6, H, W) in 0..1: the photo, then the deblocked one, or the photo again where none is wanted. With the
    weights of a denoiser, the new ones 0, it begins as that denoiser told a level of 10/255.
    """

    rounds = False  # a difference of rounded photos would be rounding alone

    def __init__(self, widths: Sequence[int] = (24, 48, 96), blocks: int = 2) -> None:
        super().__init__(widths, blocks, image_planes=3, condition_planes=6)
        self.head = nn.Conv2d(widths[0], 4 * 4, 3, padding=1, bias=False)  # what to add, and how far to believe
        with torch.no_grad():
            self.head.weight.mul_(0.1)

    def residual(self, x: Tensor) -> Tensor:
        photo, change = x[:, :3], x[:, 3:] - x[:, :3]
        planes = torch.cat((photo, torch.full_like(photo, _LEVEL), _LOUDER * change), dim=1)
        told = super().residual(planes.contiguous(memory_format=torch.channels_last))
        return told[:, :3] + _LOUDER * told[:, 3:] * change.to(told.dtype)
