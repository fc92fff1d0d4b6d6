"""Blur kernels: what a point of light became. All are (N, N), N odd, float32, non-negative, of sum 1."""

from collections.abc import Sequence

import numpy as np

_FINE = 8  # points a px and direction that are added up


def gaussian(sigma: float) -> np.ndarray:
    """A Gaussian of `sigma` px: soft lenses, scanners, many blurs on end."""
    radius = int(np.ceil(3.5 * sigma))
    axis = np.arange(-radius, radius + 1)
    line = np.exp(-(axis**2) / (2 * max(sigma, 1e-3) ** 2))
    return _normal(np.outer(line, line))


def disc(radius: float) -> np.ndarray:
    """A disc of `radius` px: out of focus."""
    y, x, reach = _grid(radius)
    return _normal(_gather(y**2 + x**2 <= radius**2, reach))


def motion(length: float, angle: float) -> np.ndarray:
    """A line of `length` px, about 1 px thick, `angle` degrees from the right turning upwards: a shaken camera."""
    y, x, reach = _grid(length / 2 + 0.5)
    turn = np.deg2rad(angle)
    along, aside = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    return _normal(_gather((np.abs(along) <= length / 2) & (np.abs(aside) <= 0.5), reach))


def drawn(path: Sequence[tuple[float, float]]) -> np.ndarray:
    """A line through points (x, y), px to the right and downwards, about 1 px thick and as bright all along: a hand
    that shook on a way of its own. Its centre of gravity is where the point of light is taken to be, so that nothing
    moves; a single point for no more than one."""
    points = np.asarray(path, float).reshape(-1, 2)
    lengths = np.hypot(*np.diff(points, axis=0).T)
    total = float(lengths.sum())
    if total == 0:
        return np.ones((1, 1), np.float32)
    along = (np.arange(max(1, round(_FINE * total))) + 0.5) / max(1, round(_FINE * total)) * total
    starts = np.concatenate(([0.0], np.cumsum(lengths)))
    x, y = (np.interp(along, starts, axis) for axis in points.T)
    x, y = x - x.mean(), y - y.mean()
    reach = int(np.ceil(max(np.abs(x).max(), np.abs(y).max())))
    kernel = np.zeros((2 * reach + 2, 2 * reach + 2))
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):  # a square of 1 px covers four pixels
        share = np.abs(1 - down - (y - top)) * np.abs(1 - right - (x - left))
        np.add.at(kernel, (top + down + reach, left + right + reach), share)
    return _normal(kernel[:-1, :-1])


def _grid(extent: float) -> tuple[np.ndarray, np.ndarray, int]:
    """Fine points y (n, 1) and x (1, n) of whole pixels that cover -extent..extent, and how many px each way."""
    reach = int(np.ceil(extent - 0.5)) if extent > 0.5 else 0
    axis = (np.arange((2 * reach + 1) * _FINE) + 0.5) / _FINE - reach - 0.5
    return axis[:, None], axis[None], reach


def _gather(points: np.ndarray, reach: int) -> np.ndarray:
    side = 2 * reach + 1
    return points.reshape(side, _FINE, side, _FINE).mean(axis=(1, 3))


def _normal(kernel: np.ndarray) -> np.ndarray:
    """With sum 1; a single point where nothing is left of it."""
    total = kernel.sum()
    if total == 0:
        return np.ones((1, 1), np.float32)
    return (kernel / total).astype(np.float32)
