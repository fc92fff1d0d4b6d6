"""The grain of a photo, measured in its smooth places."""

from functools import cache

import numpy as np

from engine.filling import film, spectrum
from engine.filling.film import Film
from engine.image import LUMA

_HOP = 16  # px from block to block, at least
_MOST = 2048  # blocks: more say nothing new
_LEAST = 4  # smooth blocks: of fewer nothing is learned
_QUIET = 0.01  # the quantile of the blocks' energy that is grain for sure
_UNEVEN = 2.0  # times that energy: beyond it is texture, unless grain is so coarse that it differs that much
_LIT = 0.06  # brightness 0..1 from black, and from white, that a block needs: elsewhere there is hardly grain to see
_EMPTY = (0.35 / 255) ** 2  # mean square up to which a block is plain but for the rounding to 8 bits
_LOWEST = 2  # ring, the first that is believed: below are light and shade, too
_SHARPENED = 8  # times the window's blur of the spectrum is undone


def measure(image: np.ndarray) -> Film:
    """The grain of `image` (H, W, 3): mean periodograms of its smoothest blocks, without their shading, divided by the
    `response` to their brightness. () where too few are smooth and neither black nor white, as in tiny images."""
    blocks = _lit_blocks(image)  # (n, spectrum.SIDE ** 2, 3)
    if len(blocks) < _LEAST:
        return ()
    shares = film.response(blocks.mean(axis=1) @ LUMA) ** 2
    rest = _without_plane(blocks)
    energy = (rest**2).mean(axis=(1, 2))
    grainy = energy > _EMPTY  # not a margin that was added later
    if 2 * grainy.sum() < len(grainy):
        return ()
    rest, shares, energy = rest[grainy], shares[grainy], energy[grainy] / shares[grainy]
    most = _UNEVEN * np.quantile(energy, _QUIET)
    rings = _covariance(rest[energy <= most])
    smooth = energy <= most * _spread(np.trace(rings, axis1=1, axis2=2))
    if smooth.sum() < _LEAST:
        return ()
    rings = _covariance(rest[smooth]) / shares[smooth].sum()
    power = np.trace(rings, axis1=1, axis2=2)
    if power.max() <= spectrum.FAINT:
        return ()
    channels = rings / np.maximum(power, spectrum.FAINT)[:, None, None]
    channels[:_LOWEST] = channels[_LOWEST]
    return film.of_rings(channels * _sharpened(power)[:, None, None])


def _spread(power: np.ndarray) -> float:
    """How many times more than _UNEVEN blocks without texture may differ in energy by chance, as coarse grain does: 1
    or more. In Gaussian noise the energy's relative variance is 2 mean(P^2) / mean(P)^2 / pixels."""
    grid = spectrum.over(spectrum.frequency(spectrum.SIDE), power)
    deviation = float(np.sqrt(2 * (grid**2).mean()) / max(spectrum.FAINT, float(grid.mean())) / spectrum.SIDE)
    return max(1.0, (1 + 2 * deviation) / max(0.25, 1 - 2 * deviation) / _UNEVEN)


def _covariance(rest: np.ndarray) -> np.ndarray:
    """The sum of the periodograms of blocks (n, spectrum.SIDE ** 2, 3), and of those across the channels, in the rings:
    (24, 3, 3)"""
    from scipy import fft  # several times as fast as numpy's on blocks; slow to import

    blocks = np.ascontiguousarray(np.moveaxis(rest.reshape(-1, spectrum.SIDE, spectrum.SIDE, 3), 3, 0))
    waves = np.asarray(fft.fft2(blocks * _window()))
    rings = np.empty((len(spectrum.RINGS), 3, 3))
    for i in range(3):
        for j in range(i + 1):
            power = (waves[i].real * waves[j].real + waves[i].imag * waves[j].imag).sum(axis=0, dtype=np.float64)
            rings[:, i, j] = rings[:, j, i] = spectrum.by_rings(power)
    return rings


def _lit_blocks(image: np.ndarray) -> np.ndarray:
    """Blocks (n, spectrum.SIDE ** 2, 3) spread evenly over the image that are neither dark, light nor clipped."""
    height, width = image.shape[:2]
    hop = max(_HOP, round((height * width / _MOST) ** 0.5))
    corners = [
        (y, x) for y in range(0, height - spectrum.SIDE + 1, hop) for x in range(0, width - spectrum.SIDE + 1, hop)
    ]
    found = [image[y : y + spectrum.SIDE, x : x + spectrum.SIDE].reshape(-1, 3) for y, x in corners]
    blocks = np.array(found, np.float32).reshape(-1, spectrum.SIDE * spectrum.SIDE, 3)
    mean = blocks.mean(axis=1) @ LUMA
    clipped = ((blocks <= 0) | (blocks >= 1)).mean(axis=(1, 2))
    return blocks[(mean > _LIT) & (mean < 1 - _LIT) & (clipped < 0.02)]


def _without_plane(blocks: np.ndarray) -> np.ndarray:
    """The blocks (n, spectrum.SIDE ** 2, C) less the planes that fit them best."""
    axis = np.linspace(-1, 1, spectrum.SIDE, dtype=np.float32)
    y, x = (plane.ravel() for plane in np.meshgrid(axis, axis, indexing="ij"))
    basis = np.linalg.qr(np.stack((np.ones_like(x), y, x), axis=1))[0]  # orthonormal
    return blocks - basis @ (basis.T @ blocks)


@cache
def _window() -> np.ndarray:
    """A Hann window (spectrum.SIDE, spectrum.SIDE) whose squares sum to 1."""
    line = np.hanning(spectrum.SIDE + 1)[:-1]
    window = line[:, None] * line
    return (window / np.sqrt((window**2).sum())).astype(np.float32)


def _sharpened(seen: np.ndarray) -> np.ndarray:
    """The power that looks like `seen` through the window; the lowest rings go on as the next ones do."""
    lag = np.abs(np.fft.fft2(_window(), (2 * spectrum.SIDE, 2 * spectrum.SIDE))) ** 2
    weight = np.fft.ifft2(lag).real  # how many pairs of pixels at each distance the window sees
    rings = _with_lowest(seen)
    for _ in range(_SHARPENED):
        through = np.fft.fft2(
            np.fft.ifft2(spectrum.over(spectrum.frequency(2 * spectrum.SIDE), rings)).real * weight
        ).real[::2, ::2]
        rings = _with_lowest(rings * np.clip(seen / np.maximum(spectrum.by_rings(through), spectrum.FAINT), 0.25, 4))
    return rings


def _with_lowest(rings: np.ndarray) -> np.ndarray:
    """Rings below _LOWEST on the Gaussian through the next ones; power does not grow with the frequency there."""
    known = slice(_LOWEST, _LOWEST + 3)
    slope, start = np.polyfit(spectrum.RINGS[known] ** 2, np.log(np.maximum(rings[known], spectrum.FAINT)), 1)
    low = np.exp(start + min(0.0, float(slope)) * spectrum.RINGS[:_LOWEST] ** 2)
    return np.concatenate([low, rings[_LOWEST:]])
