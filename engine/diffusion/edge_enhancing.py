"""Edge-enhancing diffusion: smoothing along edges, not across them."""

from collections.abc import Iterator

import cv2
import numpy as np

from engine.diffusion.evolving import count

STEP = 0.2  # of time; up to 1/4 each new pixel is a mean of old ones, so none leaves their range
_FINE, _COARSE = 0.5, 0.8  # px: blur before gradients are taken, and of their products
_REACH = 6  # px that one step looks at: 2 + 1 + 3 for the tensor, 2 for the neighbours, less what hardly counts
_STEEPNESS = 3.31488  # makes the flux rise up to the threshold and fall beyond it (Weickert 1998, p. 114)
# Neighbours (y, x); with their opposites they are those between which Selling's formula chooses.
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (1, -2), (2, 1), (2, -1))


def flow(planes: np.ndarray, threshold: float, time: float) -> Iterator[np.ndarray]:
    """The planes (C, H, W), float32, after each step until `time` (px^2 / 2: a Gaussian's variance were it linear).

    Explicit steps of div(D grad u) (Weickert 1998, ch. 5.1), D the same in all channels. Across edges steeper than
    `threshold` nothing flows; along them it does, unless the picture is as steep that way, as in corners and texture.
    Neighbours have weights that are never negative (Fehrenbach and Mirebeau 2014), so no pixel leaves the range of
    those around; what one gains another loses, so the mean stays; nothing flows through the border.
    """
    steps = count(time, STEP)
    size = np.float32(time / steps / 2)
    for _ in range(steps):
        weights = neighbour_weights(*_tensor(planes, threshold))
        change = np.zeros_like(planes)
        for (y, x), weight in zip(_NEIGHBOURS, weights, strict=True):
            near, far = _pairs(planes.shape[1:], y, x)
            moved = size * (weight[near] + weight[far]) * (planes[:, *far] - planes[:, *near])
            change[:, *near] += moved
            change[:, *far] -= moved
        planes = planes + change
        yield planes


def reach(time: float) -> int:
    """Px around a pixel that matter to it: all that could, or four deviations of the widest Gaussian, which is less
    where there are many steps."""
    return min(_REACH * count(time, STEP), int(np.ceil(4 * np.sqrt(2 * time))) + 12)


def neighbour_weights(across: np.ndarray, mixed: np.ndarray, down: np.ndarray) -> list[np.ndarray]:
    """Weights w >= 0 of the neighbours e such that the sum of w e e^T is the tensor ((across, mixed), (mixed, down)) of
    eigenvalues in [0, 1], in the order of _NEIGHBOURS.

    Selling's formula for at most three neighbours, none farther than (1, 2). A tensor so narrow that it would need one
    is rounded by as little of the unit matrix as helps: by 5.6 % at most, near 13 and 77 degrees.
    """
    tall = across < down
    long, short, slant = np.maximum(across, down), np.minimum(across, down), np.abs(mixed)
    rounding = np.maximum(0, slant - 2 * short) / (2 + np.maximum(0, slant - 2 * short))
    excess = np.maximum(0, 3 * slant - long - 2 * short)
    rounding = np.maximum(rounding, excess / (3 + excess))
    long, short, slant = (1 - rounding) * long + rounding, (1 - rounding) * short + rounding, (1 - rounding) * slant
    steep = np.maximum(0, slant - short)  # of the neighbour (1, 2) or (2, 1)
    diagonal = slant - 2 * steep
    along = np.maximum(0, long - diagonal - 4 * steep)
    aside = np.maximum(0, short - diagonal - steep)
    diagonal = np.maximum(0, diagonal)
    up = mixed >= 0
    chosen = (~tall & up, ~tall & ~up, tall & up, tall & ~up)
    return [
        np.where(tall, aside, along),
        np.where(tall, along, aside),
        diagonal * up,
        diagonal * ~up,
        *(steep * where for where in chosen),
    ]


def _tensor(planes: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The diffusion tensor: its components xx, xy and yy, each (H, W), from the structure tensor of all channels."""
    across, mixed, down = (np.zeros(planes.shape[1:], np.float32) for _ in range(3))
    for plane in planes:
        smooth = _blur(plane, _FINE, 2)
        x, y = (
            cv2.Scharr(smooth, cv2.CV_32F, dx, 1 - dx, scale=1 / 32, borderType=cv2.BORDER_REFLECT) for dx in (1, 0)
        )
        across += x * x
        mixed += x * y
        down += y * y
    across, mixed, down = (_blur(part, _COARSE, 3) / np.float32(len(planes)) for part in (across, mixed, down))
    spread = np.sqrt((across - down) ** 2 + 4 * mixed**2)
    crossing = _diffusivity((across + down + spread) / 2, threshold)
    going = _diffusivity(np.maximum(0, across + down - spread) / 2, threshold)
    turn = (going - crossing) / (2 * np.maximum(spread, 1e-12))
    mean = (going + crossing) / 2
    return mean - turn * (across - down), -2 * turn * mixed, mean + turn * (across - down)


def _diffusivity(square: np.ndarray, threshold: float) -> np.ndarray:
    """1 where the squared gradient is small, 0 where it is beyond the threshold (Weickert 1998, eq. 5.4). (H, W)"""
    share = np.maximum(square * np.float32(1 / threshold**2), 1e-4)
    return 1 - np.exp(np.float32(-_STEEPNESS) / (share * share) ** 2)


def _blur(plane: np.ndarray, sigma: float, radius: int) -> np.ndarray:
    side = 2 * radius + 1
    return cv2.GaussianBlur(plane, (side, side), sigma, borderType=cv2.BORDER_REFLECT)


def _pairs(shape: tuple[int, ...], y: int, x: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where the pixels lie that have a neighbour (y, x) away in an image of `shape` (H, W), and where these lie."""
    height, width = shape
    rows, columns = max(0, height - y), max(0, width - abs(x))
    left = max(0, -x)
    near = slice(0, rows), slice(left, left + columns)
    return near, (slice(y, y + rows), slice(left + x, left + x + columns))
