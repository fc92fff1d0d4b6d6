"""A small net that says how noisy a photo is: five convolutions and a weighted mean."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class NoiseLevel(nn.Module):
    """Three deviations, in the unit of the photo: luma, colour, and luma at half the resolution.

    Every fourth pixel each way gives its opinion and how much it is worth, so that smooth places outvote texture. There
    are no biases, so that a photo of twice the contrast has twice the noise. Input (B, 3, H, W), sides of at least 8.
    """

    def __init__(self, width: int = 32, outputs: int = 3) -> None:
        super().__init__()
        sizes = ((3, width, 1), (width, width, 2), (width, width, 1), (width, width, 2))
        self.layers = nn.ModuleList(
            nn.Conv2d(inputs, out, 3, stride=stride, padding=1, bias=False) for inputs, out, stride in sizes
        )
        self.opinion = nn.Conv2d(width, outputs + 1, 3, padding=1, bias=False)
        for layer in self.layers:
            nn.init.kaiming_normal_(layer.weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """The levels of each picture. (B, 3)"""
        sums = self.votes(x).sum((2, 3))
        return sums[:, :-1] / sums[:, -1:]

    def votes(self, x: Tensor) -> Tensor:
        """Weighted opinions and, last, the weights: sums of these may be added up over pieces of a photo before they
        are divided. (B, 4, H / 4, W / 4), fp32"""
        features = x - x.mean((2, 3), keepdim=True)
        for layer in self.layers:
            features = F.relu(layer(features), inplace=True)
        opinion = self.opinion(features).float().abs()
        weight = 1 / (opinion[:, -1:].square() + opinion[:, :1].square() + 1e-7)
        return torch.cat((opinion[:, :-1] * weight, weight), dim=1)
