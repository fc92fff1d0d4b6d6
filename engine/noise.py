"""How noisy a photo is, measured without a net."""

import weakref
from typing import NamedTuple

import numpy as np

from engine.image import Image, is_grey

_BLOCK = 16  # px
_MOST_COARSE = 11 / 255  # beyond it coarse noise is more likely coloured texture
_MOST = 2_000_000  # px looked at; more say nothing new
# Rows: (R + G + B), (R - G), (R + G - 2 B), each of unit length, so that white noise of sigma s has s in every one.
_OPPONENT = np.array([[1, 1, 1], [1, -1, 0], [1, 1, -2]], np.float32) / np.sqrt([[3], [2], [6]]).astype(np.float32)


class Level(NamedTuple):
    """How noisy: standard deviation 0..1, and how many times that a denoiser must be told, as the noise is coarse."""

    sigma: float
    coarseness: float  # 1 for white noise, else more

    @property
    def told(self) -> float:
        """The level at which a denoiser for white noise removes this noise. 0..1"""
        return self.sigma * self.coarseness


class _Reading(NamedTuple):
    """What the smoothest blocks of one plane say: deviation 0..1, and how coarse the noise is (1 = white)."""

    sigma: float
    coarseness: float


_known: dict[int, tuple[weakref.ref[np.ndarray], Level]] = {}  # by id; images never change


def level(image: Image) -> Level:
    """`measure`, remembered as long as the frozen image lives: previews ask again and again."""
    entry = _known.get(id(image))
    if entry is not None and entry[0]() is image:
        return entry[1]
    found = measure(image)
    if not image.flags.writeable:
        number = id(image)
        _known[number] = weakref.ref(image, lambda _dead: _known.pop(number, None)), found
    return found


def estimate(image: Image) -> float:
    """The level at which a denoiser for white noise cleans this image, 0..1."""
    return level(image).told


def measure(image: Image) -> Level:
    """How noisy the image is.

    Blocks lose their best-fitting plane; what is left over in the smoothest ones is noise. Estimators that look at the
    finest detail (Donoho and Johnstone 1994) miss the correlated noise of cameras and scans; texture, which would be
    taken for noise here, hardly shows in the differences of the colours, so these have the last word where there are
    any. Within 5 % for white noise on colour photos.
    """
    opponent = np.einsum("hwc,pc->phw", _excerpt(image), _OPPONENT)
    if min(opponent.shape[1:]) < _BLOCK:
        return Level(0.0, 1.0)
    lit = _lit(opponent[0] / np.sqrt(3))
    luma = _read(opponent[0], lit, share=5)
    if is_grey(image):
        return Level(float(luma.sigma / np.sqrt(3)), luma.coarseness)  # the same noise in all three adds up threefold
    colours = [_read(plane, lit, share=10) for plane in opponent[1:]]
    colour = min(reading.sigma for reading in colours)
    coarseness = min(reading.coarseness for reading in colours)
    if coarseness < 1.2:
        return Level(min(luma.sigma, colour), 1.0)
    # coarse noise needs to be told as more than it measures; what is hardly there may be the JPEG's own colour blocks
    trust = float(np.clip((255 * colour - 0.6) / 0.8, 0, 1))
    sigma = min(luma.sigma, 2.5 * colour)
    told = max(sigma, min(_MOST_COARSE, sigma * (1 + trust * (coarseness**2 - 1))))
    return Level(sigma, told / max(sigma, 1e-6))


def _excerpt(image: Image) -> np.ndarray:
    """The image, or of a huge one evenly spread rows of blocks, some 2 million pixels."""
    skip = -(-image.shape[0] * image.shape[1] // _MOST)
    if skip == 1:
        return image
    rows = [image[top : top + _BLOCK] for top in range(0, image.shape[0] - _BLOCK + 1, _BLOCK * skip)]
    return np.concatenate(rows) if rows else image[:, : _MOST // image.shape[0]]


def _blocks(plane: np.ndarray, side: int) -> np.ndarray:
    """The plane cut into blocks of side x side px, a remainder dropped. Returns (n, side ** 2)."""
    height, width = (length // side * side for length in plane.shape)
    cut = plane[:height, :width].reshape(height // side, side, width // side, side)
    return cut.swapaxes(1, 2).reshape(-1, side * side)


def _lit(luma: np.ndarray) -> np.ndarray:
    """Which blocks are neither black nor white, where clipping hides noise; all of them where hardly any is. (n,)"""
    mean = _blocks(luma, _BLOCK).mean(axis=1)
    lit = (mean > 0.06) & (mean < 0.94)
    return lit if lit.sum() >= max(4, lit.size // 50) else np.ones_like(lit)


def _read(plane: np.ndarray, lit: np.ndarray, share: float) -> _Reading:
    """Reads the `share` percent smoothest of the lit blocks."""
    fine = _deviation(_blocks(plane, _BLOCK)[lit], _BLOCK)
    height, width = (length // _BLOCK * _BLOCK for length in plane.shape)
    halved = plane[:height, :width].reshape(height // 2, 2, width // 2, 2).sum(axis=(1, 3)) / 2
    coarse = _deviation(_blocks(halved, _BLOCK // 2)[lit], _BLOCK // 2)
    limit = np.percentile(fine, share)
    smooth = fine <= max(limit, np.percentile(fine, min(100, 400 / len(fine) + share)))
    ratio = float(np.median(coarse[smooth]) / max(float(np.median(fine[smooth])), 1e-6))
    # the smoothest blocks also have a little less noise than the rest by chance: 6 % at the 5th percentile
    return _Reading(float(limit) * (1.06 if share <= 5 else 1.045), float(np.clip(ratio, 1, 2)))


def _deviation(blocks: np.ndarray, side: int) -> np.ndarray:
    """Standard deviation of each block (n, side ** 2) around its least-squares plane. Returns (n,)."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    y, x = (plane.ravel() for plane in np.meshgrid(axis, axis, indexing="ij"))
    basis = np.linalg.qr(np.stack((np.ones_like(x), y, x), axis=1))[0]  # (side ** 2, 3), orthonormal
    blocks = blocks - blocks.mean(axis=1, keepdims=True)
    energy = (blocks**2).sum(axis=1) - ((blocks @ basis) ** 2).sum(axis=1)
    return np.sqrt(np.maximum(energy, 0) / (side * side - 3))
