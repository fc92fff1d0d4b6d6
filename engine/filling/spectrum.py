"""Spectra of noise that is alike in every direction: their power in rings of frequencies, and what follows from it."""

from functools import cache

import numpy as np

SIDE = 32  # px of the blocks in which spectra are measured; a ring is 1 / SIDE cycles/px wide
RINGS = np.arange(int(SIDE * 0.5**0.5) + 2) / SIDE  # cycles/px of the rings, from 0 to beyond the corner
RINGS.flags.writeable = False
FAINT = 1e-12  # power, as good as none
_GRID = 64  # px of the square in which correlations are looked at


def gaussian(size: float) -> np.ndarray:
    """The power in the rings of noise whose correlation is a Gaussian of `size` px at 1/e."""
    return np.exp(-((np.pi * size * RINGS) ** 2))


@cache
def frequency(side: int) -> np.ndarray:
    """Cycles/px, whatever the direction, of the values of a Fourier transform (side, side)."""
    return np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])


def over(frequency: np.ndarray, power: np.ndarray) -> np.ndarray:
    """The power at frequencies, cycles/px, between the rings as on a Gaussian's flank."""
    return np.exp(np.interp(frequency, RINGS, np.log(np.maximum(power, FAINT))))


def by_rings(power: np.ndarray) -> np.ndarray:
    """The mean of `power` (SIDE, SIDE) in every ring; the last, beyond the corner, as the one before."""
    ring = np.round(frequency(SIDE) * SIDE).astype(int).ravel()
    count = np.bincount(ring, minlength=len(RINGS))
    found = np.bincount(ring, power.ravel(), minlength=len(RINGS)) / np.maximum(1, count)
    last = int(ring.max())
    found[last + 1 :] = found[last]
    return found


@cache
def counts() -> np.ndarray:
    """How many values of a transform (SIDE, SIDE) are in each ring: (24,)"""
    ring = np.round(frequency(SIDE) * SIDE).astype(int).ravel()
    return np.bincount(ring, minlength=len(RINGS)).astype(float)


def mean(power: np.ndarray) -> float:
    """The mean of the power over all frequencies: the variance of the noise."""
    return float(over(frequency(_GRID), power).mean())


def length(power: np.ndarray) -> float:
    """Px at which the correlation of grain falls to 1/e."""
    line = np.fft.ifft2(over(frequency(_GRID), power)).real[0, : _GRID // 2]
    below = int(np.argmax(line < line[0] / np.e))
    if below == 0:
        return float(_GRID)
    return float(np.interp(-line[0] / np.e, -line[below - 1 : below + 1], (below - 1, below)))
