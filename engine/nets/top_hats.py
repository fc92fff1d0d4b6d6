"""Top-hats: how far each pixel stands out of what is around it, in fixed operations that nets begin with."""

import torch
from torch import Tensor
from torch.nn import functional as F

SIDE = 13  # px, of the square: damage up to that width stands out
_SHIFTS = (1, 2, 4, 5)  # a window of 13 as the greatest of two windows of 2, of 4, of 8, the last ones overlapping


def top_hats(planes: Tensor) -> Tensor:
    """How much lighter each pixel is than anything 13 px wide around it allows, and how much darker: the white and the
    black top-hat of each plane (Serra 1982). (B, C, H, W) -> (B, 2 C, H, W), all >= 0"""
    both = torch.cat((planes, -planes), dim=1)
    return both - greatest(-greatest(-both))


def greatest(planes: Tensor) -> Tensor:
    """The greatest value in the square of 13 px around each pixel, of twice, four and eight times the pixels at a time.
    Same shape."""
    for axis in (2, 3):
        around = [0, 0, SIDE // 2, SIDE // 2] if axis == 2 else [SIDE // 2, SIDE // 2]
        planes = F.pad(planes, around, value=-float("inf"))
        for shift in _SHIFTS:
            length = planes.shape[axis] - shift
            planes = torch.maximum(planes.narrow(axis, 0, length), planes.narrow(axis, shift, length))
    return planes
