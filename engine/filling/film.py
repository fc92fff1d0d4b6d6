"""Film grain: how strong it is at every size and colour, measured in the smooth places of a photo; and new grain."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np

from engine.filling import grain
from engine.image import LUMA
from engine.progress import Progress

_SIDE = 32  # px of the blocks in which grain is measured; a ring is 1 / _SIDE cycles/px wide
_HOP = 16  # px from block to block, at least
_MOST = 2048  # blocks: more say nothing new
_LEAST = 4  # smooth blocks: of fewer nothing is learned
_QUIET = 0.01  # the quantile of the blocks' energy that is grain for sure
_UNEVEN = 2.0  # times that energy: beyond it is texture, unless grain is so coarse that it differs that much
_LIT = 0.06  # brightness 0..1 from black, and from white, that a block needs: elsewhere there is hardly grain to see
_LOWEST = 2  # ring, the first that is believed: below are light and shade, too
_SHARPENED = 8  # times the window's blur of the spectrum is undone
_EMPTY = (0.35 / 255) ** 2  # mean square up to which a block is plain but for the rounding to 8 bits
_REACH = 24  # px that a grain may extend
_GRID = 64  # px of the square in which correlations are looked at
_FAINT = 1e-12  # power, as good as none
_WIDTHS = np.geomspace(0.5, 8, 25)  # px, sizes of grain that `describe` tells apart

Film: TypeAlias = tuple[tuple[tuple[float, ...], ...], ...]
"""Grain at mid-grey: the covariance of red, green and blue (3, 3), image values being 0..1, in each of 24 rings at
k / 32 cycles/px from 0 to beyond the corner; their mean over all frequencies is that of the pixels. (): none."""


class Described(NamedTuple):
    """Grain in three numbers."""

    sigma: float  # standard deviation of a channel at mid-grey, 0..1
    size: float  # px at which the correlation has fallen to 1/e
    colour: float  # 0: all channels alike, 1: independent


def response(brightness: np.ndarray) -> np.ndarray:
    """How strong grain is at a brightness 0..1: 1 at mid-grey, 0 in black and in white. As where the developed grains
    of a layer cover a share of the area at random: a binomial deviation (Selwyn 1935)."""
    return 2 * np.sqrt(np.maximum(brightness * (1 - brightness), 0))


def plain(sigma: float, size: float, colour: float) -> Film:
    """Grain with a Gaussian correlation; arguments as in `Described`."""
    shape = _gaussian(size)
    channels = colour * np.eye(3) + (1 - colour)
    return _film(shape[:, None, None] * channels * (sigma**2 / _mean(shape)))


def describe(film: Film) -> Described:
    """What `plain` is to be told to make grain like it; size and colour are within its range."""
    if not film:
        return Described(0.0, float(_WIDTHS[0]), 0.0)
    rings = np.array(film)
    power = np.trace(rings, axis1=1, axis2=2) / 3
    variance, alike = _mean(power), _mean(rings.mean(axis=(1, 2)))  # of a channel, and of the mean of the channels
    lengths = [_length(_gaussian(size)) for size in _WIDTHS]
    size = float(np.interp(_length(power), lengths, _WIDTHS))
    return Described(variance**0.5, size, float(np.clip(1.5 * (1 - alike / variance), 0, 1)))


def scaled(film: Film, amount: float) -> Film:
    """The grain `amount` times as strong."""
    return _film(np.array(film) * amount**2) if film else film


def greyed(film: Film) -> Film:
    """The mean of the channels' grain, in all channels."""
    return _film(np.tile(np.array(film).mean(axis=(1, 2), keepdims=True), (1, 3, 3))) if film else film


def measure(image: np.ndarray) -> Film:
    """The grain of `image` (H, W, 3): mean periodograms of its smoothest blocks, without their shading, divided by the
    `response` to their brightness. () where too few are smooth and neither black nor white, as in tiny images."""
    blocks = _lit_blocks(image)  # (n, _SIDE ** 2, 3)
    if len(blocks) < _LEAST:
        return ()
    shares = response(blocks.mean(axis=1) @ LUMA) ** 2
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
    if power.max() <= _FAINT:
        return ()
    rings[:_LOWEST] = rings[_LOWEST]
    power, channels = _sharpened(power), rings / np.maximum(np.trace(rings, axis1=1, axis2=2), _FAINT)[:, None, None]
    return _film(channels * power[:, None, None])


def put(image: np.ndarray, film: Film, rows: slice, seed: int, progress: Progress) -> np.ndarray:
    """`image` (H, W, 3) with new grain, in `rows` and some around them.

    Local means stay: where there is no room for grain on one side, it is cut on both. Raises Cancelled.
    """
    result = image.copy()
    if not film:
        return result
    for where, noise in _noise(image.shape[:2], film, rows, seed, progress):
        band = image[where]
        room = np.minimum(band, 1 - band)
        result[where] = band + np.clip(noise * response(band @ LUMA)[..., None], -room, room)
    return result


def _noise(
    size: tuple[int, ...], film: Film, rows: slice, seed: int, progress: Progress
) -> Iterator[tuple[slice, np.ndarray]]:
    """Grain (H, W, 3) at mid-grey, band by band, each with where its rows lie."""
    height, width = size
    start, stop, _step = rows.indices(height)
    wide = height + 2 * _REACH, width + 2 * _REACH, 3  # made larger: there is as much grain at the border
    filters: dict[int, np.ndarray] = {}

    def colour(white: np.ndarray) -> np.ndarray:
        """From noise that is white and independent: the square root of the covariance, frequency by frequency."""
        if len(white) not in filters:
            filters[len(white)] = _filter(film, *white.shape[:2])
        waves = np.fft.rfft2(white, axes=(0, 1))
        waves = np.einsum("yxij,yxj->yxi", filters[len(white)], waves)
        return np.fft.irfft2(waves, white.shape[:2], axes=(0, 1))[:, _REACH:-_REACH]

    for band, noise in grain.noise(wide, _REACH, colour, seed, progress, slice(start + _REACH, stop + _REACH)):
        top, bottom = max(0, band.start - _REACH), min(height, band.stop - _REACH)
        if top < bottom:
            first = top + _REACH - band.start
            yield slice(top, bottom), noise[first : first + bottom - top]


def _filter(film: Film, height: int, width: int) -> np.ndarray:
    """What makes grain of white noise, for each value of its real Fourier transform. (height, width // 2 + 1, 3, 3)"""
    rings = np.array(film)
    power = np.maximum(np.trace(rings, axis1=1, axis2=2), _FAINT)
    values, vectors = np.linalg.eigh(rings / power[:, None, None])
    roots = (vectors * np.sqrt(np.maximum(values, 0))[:, None]) @ vectors.swapaxes(1, 2)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    amplitude = np.sqrt(_over(frequency, power))
    result = np.empty((*frequency.shape, 3, 3), np.float32)
    for i in range(3):
        for j in range(3):
            result[..., i, j] = amplitude * np.interp(frequency, _rings(), roots[:, i, j])
    return result


def _film(rings: np.ndarray) -> Film:
    """() where there is as good as nothing."""
    if np.trace(rings, axis1=1, axis2=2).max() <= _FAINT:
        return ()
    return tuple(tuple(tuple(float(value) for value in row) for row in ring) for ring in rings)


def _lit_blocks(image: np.ndarray) -> np.ndarray:
    """Blocks (n, _SIDE ** 2, 3) spread evenly over the image that are neither dark, light nor clipped."""
    height, width = image.shape[:2]
    hop = max(_HOP, round((height * width / _MOST) ** 0.5))
    corners = [(y, x) for y in range(0, height - _SIDE + 1, hop) for x in range(0, width - _SIDE + 1, hop)]
    found = [image[y : y + _SIDE, x : x + _SIDE].reshape(-1, 3) for y, x in corners]
    blocks = np.array(found, np.float32).reshape(-1, _SIDE * _SIDE, 3)
    mean = blocks.mean(axis=1) @ LUMA
    clipped = ((blocks <= 0) | (blocks >= 1)).mean(axis=(1, 2))
    return blocks[(mean > _LIT) & (mean < 1 - _LIT) & (clipped < 0.02)]


def _spread(power: np.ndarray) -> float:
    """How many times more than _UNEVEN blocks without texture may differ in energy by chance, as coarse grain does: 1
    or more. In Gaussian noise the energy's relative variance is 2 mean(P^2) / mean(P)^2 / pixels."""
    grid = _over(_frequency(_SIDE), power)
    deviation = float(np.sqrt(2 * (grid**2).mean()) / max(_FAINT, float(grid.mean())) / _SIDE)
    return max(1.0, (1 + 2 * deviation) / max(0.25, 1 - 2 * deviation) / _UNEVEN)


def _covariance(rest: np.ndarray) -> np.ndarray:
    """The sum of the periodograms of blocks (n, _SIDE ** 2, 3), and of those across the channels, in the rings:
    (24, 3, 3)"""
    blocks = np.moveaxis(rest.reshape(-1, _SIDE, _SIDE, 3), 3, 0) * _window()
    waves = np.fft.fft2(blocks)
    rings = np.empty((len(_rings()), 3, 3))
    for i in range(3):
        for j in range(i + 1):
            power = (waves[i].real * waves[j].real + waves[i].imag * waves[j].imag).sum(axis=0, dtype=np.float64)
            rings[:, i, j] = rings[:, j, i] = _by_rings(power)
    return rings


def _without_plane(blocks: np.ndarray) -> np.ndarray:
    """The blocks (n, _SIDE ** 2, C) less the planes that fit them best."""
    axis = np.linspace(-1, 1, _SIDE, dtype=np.float32)
    y, x = (plane.ravel() for plane in np.meshgrid(axis, axis, indexing="ij"))
    basis = np.linalg.qr(np.stack((np.ones_like(x), y, x), axis=1))[0]  # orthonormal
    return blocks - basis @ (basis.T @ blocks)


@cache
def _rings() -> np.ndarray:
    """Cycles/px of the rings."""
    return np.arange(int(_SIDE * 0.5**0.5) + 2) / _SIDE


def _gaussian(size: float) -> np.ndarray:
    """The power in the rings of noise whose correlation is a Gaussian of `size` px at 1/e."""
    return np.exp(-((np.pi * size * _rings()) ** 2))


@cache
def _frequency(side: int) -> np.ndarray:
    """Cycles/px, whatever the direction, of the values of a Fourier transform (side, side)."""
    return np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None])


@cache
def _window() -> np.ndarray:
    """A Hann window (_SIDE, _SIDE) whose squares sum to 1."""
    line = np.hanning(_SIDE + 1)[:-1]
    window = line[:, None] * line
    return (window / np.sqrt((window**2).sum())).astype(np.float32)


def _over(frequency: np.ndarray, power: np.ndarray) -> np.ndarray:
    """The power at frequencies, cycles/px, between the rings as on a Gaussian's flank."""
    return np.exp(np.interp(frequency, _rings(), np.log(np.maximum(power, _FAINT))))


def _by_rings(power: np.ndarray) -> np.ndarray:
    """The mean of `power` (_SIDE, _SIDE) in every ring; the last, beyond the corner, as the one before."""
    ring = np.round(_frequency(_SIDE) * _SIDE).astype(int).ravel()
    count = np.bincount(ring, minlength=len(_rings()))
    found = np.bincount(ring, power.ravel(), minlength=len(_rings())) / np.maximum(1, count)
    last = int(ring.max())
    found[last + 1 :] = found[last]
    return found


def _sharpened(seen: np.ndarray) -> np.ndarray:
    """The power that looks like `seen` through the window; the lowest rings go on as the next ones do."""
    lag = np.abs(np.fft.fft2(_window(), (2 * _SIDE, 2 * _SIDE))) ** 2
    weight = np.fft.ifft2(lag).real  # how many pairs of pixels at each distance the window sees
    rings = _with_lowest(seen)
    for _ in range(_SHARPENED):
        through = np.fft.fft2(np.fft.ifft2(_over(_frequency(2 * _SIDE), rings)).real * weight).real[::2, ::2]
        rings = _with_lowest(rings * np.clip(seen / np.maximum(_by_rings(through), _FAINT), 0.25, 4))
    return rings


def _with_lowest(rings: np.ndarray) -> np.ndarray:
    """Rings below _LOWEST on the Gaussian through the next ones; power does not grow with the frequency there."""
    known = slice(_LOWEST, _LOWEST + 3)
    slope, start = np.polyfit(_rings()[known] ** 2, np.log(np.maximum(rings[known], _FAINT)), 1)
    low = np.exp(start + min(0.0, float(slope)) * _rings()[:_LOWEST] ** 2)
    return np.concatenate([low, rings[_LOWEST:]])


def _mean(power: np.ndarray) -> float:
    """Over all frequencies."""
    return float(_over(_frequency(_GRID), power).mean())


def _length(power: np.ndarray) -> float:
    """Px at which the correlation of grain falls to 1/e."""
    line = np.fft.ifft2(_over(_frequency(_GRID), power)).real[0, : _GRID // 2]
    below = int(np.argmax(line < line[0] / np.e))
    if below == 0:
        return float(_GRID)
    return float(np.interp(-line[0] / np.e, -line[below - 1 : below + 1], (below - 1, below)))
