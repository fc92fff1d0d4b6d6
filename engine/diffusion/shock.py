"""Shock filtering: diffusion backwards, which makes edges steep and never overshoots."""

from collections.abc import Iterator

import cv2
import numpy as np

from engine.diffusion.evolving import count

STEP = 0.5  # of time; up to 1 / sqrt(2) no pixel leaves the range of its neighbours
_COHERENCE = 1.0  # times the radius: blur of the structure tensor that tells in which direction edges rise
_HALF = 2 / 255  # difference from the surroundings at which edges move at half their speed


def flow(plane: np.ndarray, radius: float, faint: float, time: float) -> Iterator[np.ndarray]:
    """The plane (H, W), float32, after each step until `time`: bright grows where it is brighter than halfway up an
    edge, dark where it is darker, by 1 px in a time of 1 at most, until they meet.

    Steps of u_t = -s |grad u| (Osher and Rudin 1990), s from the second derivative after a blur of `radius` px, so that
    noise is not what is sharpened (Alvarez and Mazorra 1994), along the direction of the structure tensor (Weickert
    2003). Where the plane differs by less than `faint`, 0..1, from its surroundings nothing moves.
    """
    steps = count(time, STEP)
    size = np.float32(time / steps)
    for _ in range(steps):
        speed = _speed(plane, radius, np.float32(faint))
        plane = plane + size * np.where(speed > 0, speed * _slope(plane), speed * _slope(-plane))
        yield plane


def reach(radius: float, time: float) -> int:
    """Px around a pixel that matter to it."""
    return count(time, STEP) + int(np.ceil(4 * radius * (1 + _COHERENCE))) + 2


def _speed(plane: np.ndarray, radius: float, faint: np.float32) -> np.ndarray:
    """How fast bright (> 0) or dark (< 0) grows at each pixel, -1..1. (H, W)"""
    smooth = _blur(plane, radius)
    padded = cv2.copyMakeBorder(smooth, 1, 1, 1, 1, cv2.BORDER_REFLECT)
    right, left, below, above = padded[1:-1, 2:], padded[1:-1, :-2], padded[2:, 1:-1], padded[:-2, 1:-1]
    x, y = (right - left) / 2, (below - above) / 2
    across = _blur(x * x, _COHERENCE * radius)
    down = _blur(y * y, _COHERENCE * radius)
    mixed = _blur(x * y, _COHERENCE * radius)
    spread = np.sqrt((across - down) ** 2 + 4 * mixed**2)
    share = (across - down) / np.maximum(spread, 1e-12)  # cos of twice the direction's angle
    corners = (padded[2:, 2:] + padded[:-2, :-2] - padded[2:, :-2] - padded[:-2, 2:]) / 4
    bend = (1 + share) / 2 * (right + left - 2 * smooth) + (1 - share) / 2 * (below + above - 2 * smooth)
    bend += 2 * mixed / np.maximum(spread, 1e-12) * corners
    difference = np.float32(radius**2 / 2) * bend  # what a Gaussian of the radius would add
    difference = np.sign(difference) * np.maximum(np.abs(difference) - faint, 0)
    return -difference / (np.abs(difference) + np.float32(_HALF))


def _slope(plane: np.ndarray) -> np.ndarray:
    """How steeply the plane rises from each pixel to higher neighbours (Rouy and Tourin 1992). (H, W), >= 0"""
    padded = cv2.copyMakeBorder(plane, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    x = np.maximum(0, np.maximum(padded[1:-1, 2:], padded[1:-1, :-2]) - plane)
    y = np.maximum(0, np.maximum(padded[2:, 1:-1], padded[:-2, 1:-1]) - plane)
    return np.sqrt(x * x + y * y)


def _blur(plane: np.ndarray, sigma: float) -> np.ndarray:
    side = 2 * int(np.ceil(3 * sigma)) + 1
    return cv2.GaussianBlur(plane, (side, side), sigma, borderType=cv2.BORDER_REFLECT)
