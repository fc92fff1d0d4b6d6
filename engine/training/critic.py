"""The critic of adversarial training: how real a picture looks, for its class where there are classes."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.trunk import Trunk


class Critic(nn.Module):
    """A trunk without normalization and one number.

    It may begin with a denoiser's encoder, whose features of natural pictures spare the critic its first epochs (after
    Sauer et al. 2021, who keep such features fixed). A deviation over the batch betrays a generator that makes all
    alike (Karras et al. 2018); classes are projected onto (Miyato and Koyama 2018). With a mask, the first of `planes`
    beside the picture, only what is under it is judged, and at two scales: the rest is real in any case.
    """

    def __init__(self, classes: int = 0, planes: int = 0) -> None:
        super().__init__()
        self.trunk = Trunk(planes)
        self.deepest = nn.Conv2d(Trunk.width + 1, 128, 3, padding=1)
        self.score = nn.Linear(128, 1)
        self.detail = nn.Linear(96, 1, bias=False) if planes else None
        self.projection = nn.Linear(classes, 128, bias=False) if classes else None

    def forward(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        """Scores (B,) in fp32 of pictures (B, 3 + planes, H, W) in 0..1; `classes` (B, C) one-hot."""
        eighth = F.leaky_relu(self.trunk.eighth(x), 0.2)
        features = F.leaky_relu(self.trunk.deeper(eighth), 0.2)
        spread = (features.float().var(0, unbiased=False) + 1e-6).sqrt().mean().to(features.dtype)
        plane = spread.expand(len(x), 1, *features.shape[2:])
        features = F.leaky_relu(self.deepest(torch.cat((features, plane), dim=1)), 0.2)
        pooled = features.float().mean((2, 3)) if self.detail is None else _under(x[:, 3:4], features)
        score = self.score(pooled)[:, 0]
        if self.detail is not None:
            score = score + self.detail(_under(x[:, 3:4], eighth))[:, 0]
        if self.projection is not None and classes is not None:
            score = score + (self.projection(classes.to(pooled.dtype)) * pooled).sum(1)
        return score.float()


def _under(mask: Tensor, features: Tensor) -> Tensor:
    """The mean of the features (B, C, h, w) under a mask (B, 1, H, W). (B, C), fp32"""
    weight = F.adaptive_avg_pool2d(mask.detach().float(), (features.shape[2], features.shape[3]))
    weight = weight / weight.sum((2, 3), keepdim=True).clamp(min=1e-3)
    return (features.float() * weight).sum((2, 3))
