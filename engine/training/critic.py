"""The critic of adversarial training: how real a picture looks, for its class where there are classes."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.trunk import Trunk


class Critic(nn.Module):
    """A trunk without normalization and one number.

    It may begin with a denoiser's encoder, whose features of natural pictures spare the critic its first epochs (after
    Sauer et al. 2021, who keep such features fixed). A deviation over the batch betrays a generator that makes all
    alike (Karras et al. 2018); classes are projected onto (Miyato and Koyama 2018).
    """

    def __init__(self, classes: int = 0, planes: int = 0) -> None:
        super().__init__()
        self.trunk = Trunk(planes)
        self.deepest = nn.Conv2d(Trunk.width + 1, 128, 3, padding=1)
        self.score = nn.Linear(128, 1)
        self.projection = nn.Linear(classes, 128, bias=False) if classes else None

    def forward(self, x: Tensor, classes: Tensor | None = None) -> Tensor:
        """Scores (B,) in fp32 of pictures (B, 3 + planes, H, W) in 0..1; `classes` (B, C) one-hot."""
        features = F.leaky_relu(self.trunk(x), 0.2)
        spread = (features.float().var(0, unbiased=False) + 1e-6).sqrt().mean().to(features.dtype)
        plane = spread.expand(len(x), 1, *features.shape[2:])
        features = F.leaky_relu(self.deepest(torch.cat((features, plane), dim=1)), 0.2)
        pooled = features.mean((2, 3)).float()
        score = self.score(pooled)[:, 0]
        if self.projection is not None and classes is not None:
            score = score + (self.projection(classes.to(pooled.dtype)) * pooled).sum(1)
        return score.float()
