"""The trunk of nets that look at patches, and one of them: which material it is."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.unet import UNet

_LEVEL = 0.02  # of noise, which denoisers are told: the trunk may begin with the encoder of one


class Trunk(nn.Module):
    """The encoder of our U-Net, without normalization, and one level more: 128 features at 1/16 of the resolution.

    Input (B, 3 + planes, H, W), a photo in 0..1 first; H and W multiples of 16.
    """

    width = 128

    def __init__(self, planes: int = 0) -> None:
        super().__init__()
        whole = UNet((24, 48, 96), 2, image_planes=3, condition_planes=3 + planes)
        self.stem, self.encoders, self.downs = whole.stem, whole.encoders, whole.downs
        self.bottom = nn.Sequential(*list(whole.bottom)[:2])
        self.deeper = nn.Conv2d(96, self.width, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """The features before their last ReLU. (B, 128, H / 16, W / 16)"""
        return self.deeper(F.leaky_relu(self.eighth(x), 0.2))

    def eighth(self, x: Tensor) -> Tensor:
        """The features one level earlier. (B, 96, H / 8, W / 8)"""
        photo, more = x[:, :3], x[:, 3:]
        seen = torch.cat((photo, torch.full_like(photo, _LEVEL), more), dim=1).to(self.stem.weight.dtype)
        features = self.stem(F.pixel_unshuffle(seen, 2).contiguous(memory_format=torch.channels_last))
        for encoder, down in zip(self.encoders, self.downs, strict=True):
            features = down(encoder(features))
        return self.bottom(features)


class Classifier(nn.Module):
    """Which of so many classes a patch is of, judged by the mean of its features."""

    multiple = 16

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.last = nn.Linear(Trunk.width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, classes) of patches (B, 3, H, W) in 0..1."""
        return self.last(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """What is seen in the patches: 128 numbers each, >= 0. (B, 128), fp32"""
        return F.relu(self.trunk(x)).float().mean((2, 3))
