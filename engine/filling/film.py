"""Film grain: how strong it is at every size and colour, in a few numbers or as measured; and new grain like it."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from engine.filling import grain, spectrum
from engine.image import LUMA
from engine.progress import Progress

_REACH = 24  # px that a grain may extend
_WIDTHS = np.geomspace(0.5, 8, 25)  # px, sizes of grain that `describe` tells apart

LEVELS = np.linspace(0, 1, 9)  # brightness at which it is told how strong grain is
LEVELS.flags.writeable = False


class Film(NamedTuple):
    """Grain; false: none."""

    # The covariance of red, green and blue (3, 3) at mid-grey, image values being 0..1, in each of 24 rings at k / 32
    # cycles/px from 0 to beyond the corner; their mean over all frequencies is that of the pixels. (): none.
    rings: tuple[tuple[tuple[float, ...], ...], ...] = ()
    levels: tuple[float, ...] = (1.0,) * len(LEVELS)  # at each of LEVELS times as strong as `response` says

    def __bool__(self) -> bool:
        return bool(self.rings)


NONE = Film()


class Described(NamedTuple):
    """Grain in three numbers."""

    sigma: float  # standard deviation of a channel at mid-grey, 0..1
    size: float  # px at which the correlation has fallen to 1/e
    colour: float  # 0: all channels alike, 1: independent


def response(brightness: np.ndarray, levels: tuple[float, ...] = NONE.levels) -> np.ndarray:
    """How strong grain is at a brightness 0..1: 1 at mid-grey, 0 in black and in white. As where the developed grains
    of a layer cover a share of the area at random, a binomial deviation (Selwyn 1935), times `levels`."""
    binomial = 2 * np.sqrt(np.maximum(brightness * (1 - brightness), 0))
    return binomial if levels == NONE.levels else binomial * np.interp(brightness, LEVELS, levels)


def plain(sigma: float, size: float, colour: float) -> Film:
    """Grain with a Gaussian correlation; arguments as in `Described`."""
    shape = spectrum.gaussian(size)
    channels = colour * np.eye(3) + (1 - colour)
    return of_rings(shape[:, None, None] * channels * (sigma**2 / spectrum.mean(shape)))


def describe(film: Film) -> Described:
    """What `plain` is to be told to make grain like it; size and colour are within its range."""
    if not film:
        return Described(0.0, float(_WIDTHS[0]), 0.0)
    rings = np.array(film.rings)
    power = np.trace(rings, axis1=1, axis2=2) / 3
    variance, alike = (
        spectrum.mean(power),
        spectrum.mean(rings.mean(axis=(1, 2))),
    )  # of a channel, and of the mean of the channels
    lengths = [spectrum.length(spectrum.gaussian(size)) for size in _WIDTHS]
    size = float(np.interp(spectrum.length(power), lengths, _WIDTHS))
    return Described(variance**0.5, size, float(np.clip(1.5 * (1 - alike / variance), 0, 1)))


def scaled(film: Film, amount: float) -> Film:
    """The grain `amount` times as strong."""
    return of_rings(np.array(film.rings) * amount**2, film.levels) if film else film


def greyed(film: Film) -> Film:
    """The mean of the channels' grain, in all channels."""
    if not film:
        return film
    return of_rings(np.tile(np.array(film.rings).mean(axis=(1, 2), keepdims=True), (1, 3, 3)), film.levels)


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
        result[where] = band + np.clip(noise * response(band @ LUMA, film.levels)[..., None], -room, room)
    return result


def _noise(
    size: tuple[int, ...], film: Film, rows: slice, seed: int, progress: Progress
) -> Iterator[tuple[slice, np.ndarray]]:
    """Grain (H, W, 3) at mid-grey, band by band, each with where its rows lie."""
    from scipy import fft  # twice as fast as numpy's; slow to import

    height, width = size
    start, stop, _step = rows.indices(height)
    wide = height + 2 * _REACH, width + 2 * _REACH, 3  # made larger: there is as much grain at the border
    filters: dict[int, np.ndarray] = {}

    def colour(white: np.ndarray) -> np.ndarray:
        """From noise that is white and independent: the square root of the covariance, frequency by frequency."""
        if len(white) not in filters:
            filters[len(white)] = _filter(film, *white.shape[:2])
        waves = np.asarray(fft.rfft2(white, axes=(0, 1)))
        waves = np.einsum("yxij,yxj->yxi", filters[len(white)], waves)
        return np.asarray(fft.irfft2(waves, white.shape[:2], axes=(0, 1)))[:, _REACH:-_REACH]

    for band, noise in grain.noise(wide, _REACH, colour, seed, progress, slice(start + _REACH, stop + _REACH)):
        top, bottom = max(0, band.start - _REACH), min(height, band.stop - _REACH)
        if top < bottom:
            first = top + _REACH - band.start
            yield slice(top, bottom), noise[first : first + bottom - top]


def _filter(film: Film, height: int, width: int) -> np.ndarray:
    """What makes grain of white noise, for each value of its real Fourier transform. (height, width // 2 + 1, 3, 3)"""
    rings = np.array(film.rings)
    power = np.maximum(np.trace(rings, axis1=1, axis2=2), spectrum.FAINT)
    values, vectors = np.linalg.eigh(rings / power[:, None, None])
    roots = (vectors * np.sqrt(np.maximum(values, 0))[:, None]) @ vectors.swapaxes(1, 2)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    amplitude = np.sqrt(spectrum.over(frequency, power))
    result = np.empty((*frequency.shape, 3, 3), np.float32)
    for i in range(3):
        for j in range(3):
            result[..., i, j] = amplitude * np.interp(frequency, spectrum.RINGS, roots[:, i, j])
    return result


def of_rings(rings: np.ndarray, levels: tuple[float, ...] = NONE.levels) -> Film:
    """From the covariance in the rings (24, 3, 3); NONE where there is as good as nothing."""
    if np.trace(rings, axis1=1, axis2=2).max() <= spectrum.FAINT:
        return NONE
    return Film(tuple(tuple(tuple(float(value) for value in row) for row in ring) for ring in rings), levels)
