"""A net that says where damage is and of what kind: the U-Net on the photo and what stands out of it."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.nets.top_hats import greatest
from engine.nets.unet import UNet

_GAIN = 4.0  # faint damage stands out by a few hundredths
_LEVEL = 4 / 255  # of noise, which denoisers are told: it may begin with the weights of one
RARE = 3.0  # logits start as far below zero: nothing is damaged until something is seen


class Segmenter(nn.Module):
    """Probabilities of lines, spots and tears for each pixel of a photo.

    The U-Net sees the photo, the white top-hat of the darkest channel and the black one of the lightest, since what is
    dirt is so in all channels, and a plane of ones in place of biases. Input (B, 3, H, W) in 0..1; H and W multiples
    of 8.
    """

    image_planes = 3

    def __init__(self, widths: Sequence[int] = (24, 48, 96), blocks: int = 2) -> None:
        super().__init__()
        self.unet = UNet(widths, blocks, image_planes=3, condition_planes=6)
        self.multiple = self.unet.multiple

    def forward(self, x: Tensor) -> Tensor:
        """Probabilities of line, spot and tear, each on its own, by the mean of what the net says of the photo and of
        it upside down, whose errors partly cancel (Lim et al. 2017, EDSR, section 3.4). (B, 3, H, W)"""
        around = self.logits(x.flip(2, 3)).flip(2, 3)
        return ((self.logits(x) + around) / 2).sigmoid()

    def residual(self, x: Tensor) -> Tensor:
        """The probabilities less the photo: what a caller adds to it who takes this for a net that restores."""
        return self(x) - x.float()

    def logits(self, x: Tensor) -> Tensor:
        """The probabilities before their sigmoid, in fp32. (B, 3, H, W)"""
        return self.unet.residual(seen(x).contiguous(memory_format=torch.channels_last)).float() - RARE


def seen(x: Tensor) -> Tensor:
    """The photo, three planes of a level, white and black top-hat, ones. (B, 9, H, W)"""
    red, green, blue = x.unbind(1)
    darkest, lightest = torch.minimum(torch.minimum(red, green), blue), torch.maximum(torch.maximum(red, green), blue)
    planes = torch.stack((darkest, -lightest), 1)  # the black top-hat is the white one of the negative
    opened = greatest(-greatest(-planes))
    hats = _GAIN * (planes - opened)
    return torch.cat((x, torch.full_like(x, _LEVEL), hats, torch.ones_like(hats[:, :1])), 1)
