"""How strong each block of a photo is in rings of frequencies, and what power over all the plane makes it look so."""

from functools import cache

import numpy as np

from engine.filling import spectrum
from engine.filling.spectrum import SIDE

AXES = np.array([[1, 1, 1], [1, -1, 0], [1, 1, -2]]) / np.sqrt([[3], [2], [6]])
"""Orthonormal (3, 3): the brightness of red, green and blue, and two differences between them."""
_UNDONE = 12  # times the window's blur of the spectrum is undone
_PLANE = 2 * SIDE  # px of the square whose frequencies make up the plane: blocks see no more of it


def shadeless(blocks: np.ndarray) -> np.ndarray:
    """Blocks (n, SIDE ** 2, C) less their light and shade: the surfaces of second degree that fit them best."""
    basis = _surfaces()
    return blocks - basis @ (basis.T @ blocks)


def powers(rest: np.ndarray) -> np.ndarray:
    """The periodograms of blocks (n, SIDE ** 2, 3) that are `shadeless`: the covariance (3, 3) along AXES in the rings,
    (n, 24, 3, 3), float32."""
    from scipy import fft  # several times as fast as numpy's on blocks; slow to import

    result = np.empty((len(rest), len(spectrum.RINGS), 3, 3), np.float32)
    axes, window, rings = AXES.T.astype(np.float32), _window(), _rings().T.astype(np.float32)
    for start in range(0, len(rest), 256):
        blocks = np.moveaxis((rest[start : start + 256] @ axes).reshape(-1, SIDE, SIDE, 3), 3, 0)
        waves = np.asarray(fft.fft2(np.ascontiguousarray(blocks) * window)).reshape(3, -1, SIDE * SIDE)
        for i in range(3):
            for j in range(i + 1):
                found = (waves[i].real * waves[j].real + waves[i].imag * waves[j].imag) @ rings
                result[start : start + 256, :, i, j] = result[start : start + 256, :, j, i] = found
    return result


def undone(seen: np.ndarray, lowest: int) -> np.ndarray:
    """The power in the rings (24,) that looks like `seen` through the window and without light and shade; rings below
    `lowest` go on as the next ones do."""
    rings = with_lowest(seen, lowest)
    for _ in range(_UNDONE):
        through = _through() @ spectrum.over(_octant()[0], rings)
        rings = with_lowest(rings * np.clip(seen / np.maximum(through, spectrum.FAINT), 0.25, 4), lowest)
    return rings


def with_lowest(rings: np.ndarray, lowest: int) -> np.ndarray:
    """Rings below `lowest` on the Gaussian through the next ones; power does not grow with the frequency there."""
    known = slice(lowest, lowest + 4)
    power = np.maximum(rings[known], spectrum.FAINT)
    slope, start = np.polyfit(spectrum.RINGS[known] ** 2, np.log(power), 1, w=power / power.max())
    low = np.exp(start + min(0.0, float(slope)) * spectrum.RINGS[:lowest] ** 2)
    return np.concatenate([low, rings[lowest:]])


@cache
def freedom() -> np.ndarray:
    """How many independent values a ring has, each of the 24: the power of a block of Gaussian noise has there a gamma
    distribution of this shape."""
    likeness = np.abs(np.fft.fft2(_window() ** 2)) ** 2  # of values of the transform, by how far they are apart
    y, x = np.divmod(np.arange(SIDE * SIDE), SIDE)
    shares = _rings()
    result = np.empty(len(shares))
    for ring, share in enumerate(shares):
        inside = np.flatnonzero(share)
        here, there = (y[inside, None], x[inside, None]), (y[inside], x[inside])
        alike = likeness[(here[0] - there[0]) % SIDE, (here[1] - there[1]) % SIDE]
        alike += likeness[(here[0] + there[0]) % SIDE, (here[1] + there[1]) % SIDE]
        result[ring] = 1 / max(1e-9, float(share[inside] @ alike @ share[inside]))
    return result


@cache
def _rings() -> np.ndarray:
    """The mean over each ring, of the values of a transform: (24, SIDE ** 2)"""
    values = np.eye(SIDE * SIDE)
    return np.stack([spectrum.by_rings(value.reshape(SIDE, SIDE)) for value in values], axis=1)


@cache
def _surfaces() -> np.ndarray:
    """Orthonormal surfaces up to the second degree: (SIDE ** 2, 6)"""
    axis = np.linspace(-1, 1, SIDE)
    y, x = (plane.ravel() for plane in np.meshgrid(axis, axis, indexing="ij"))
    basis = np.linalg.qr(np.stack((np.ones_like(x), y, x, y * y, x * x, x * y), axis=1))[0]
    return basis.astype(np.float32)


@cache
def _window() -> np.ndarray:
    """A Hann window (SIDE, SIDE), the same from all sides, whose squares sum to 1."""
    line = np.hanning(SIDE + 2)[1:-1]
    window = line[:, None] * line
    return (window / np.sqrt((window**2).sum())).astype(np.float32)


@cache
def _octant() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Frequencies of an eighth of the plane, cycles/px: how high, along y, along x; and how many each stands for."""
    y, x = np.tril_indices(_PLANE // 2 + 1)
    count = np.where((y == 0) | (y == _PLANE // 2), 1, 2) * np.where((x == 0) | (x == _PLANE // 2), 1, 2)
    count = count * np.where(x == y, 1, 2)
    return np.hypot(y, x) / _PLANE, y / _PLANE, x / _PLANE, count


@cache
def _through() -> np.ndarray:
    """What the rings of a `shadeless` block see of the power at each frequency of the octant: (24, frequencies)"""
    _, y, x, count = _octant()
    place = np.arange(SIDE)
    waves = np.exp(2j * np.pi * y[:, None] * place)[:, :, None] * np.exp(2j * np.pi * x[:, None] * place)[:, None]
    flat = waves.reshape(len(count), -1, 1)
    basis = _surfaces()
    rest = (flat - basis @ (basis.T @ flat)).reshape(waves.shape)
    seen = np.abs(np.fft.fft2(rest * _window())) ** 2
    seen = (seen + seen.swapaxes(1, 2)) / 2  # along y as along x
    return _rings() @ seen.reshape(len(count), -1).T * count / _PLANE**2
