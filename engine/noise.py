"""How noisy a photo is: read by a small net, doubted where even the smoothest places are rough; remembered."""

import weakref
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine import models
from engine.image import Image
from engine.tiles import split

_PIECE = 256  # px a side
_PIECES = 32  # more say nothing new
_SMALLEST = 32  # px a side: of less nothing is said
_COARSER, _AT_MOST = 14 / 255, 7  # so much more is told of coarse noise, but so many times what it is
_JPEG, _FINE = 0.5, (90, 100)  # so much more is told of noise in a JPEG up to that quality, nothing from there on
_WHITE = (1.2, 1.3)  # luma at half the resolution by luma: up to here noise is white, which texture hardly is
_COARSE = (1.25, 1.65)  # the same: from here on noise is coarse, from there on as coarse as any
_TEXTURE = (1.3, 1.5)  # the smoothest places by the level read: from here on it may be texture, from there it is
_ROUGH = 1.2  # the same where noise is white, which texture seldom is: the doubt grows slowly
_COLOURLESS = (0.7, 0.9)  # colour in the smoothest places by the colour read: as little is texture, as much is noise
_COLOURFUL = (1.15, 1.4)  # the same: from here on it may be coloured texture, from there it is
_FAINT = (3.2 / 255, 4.8 / 255)  # so little is not surely noise: clean photos read as much
_COARSE_FAINT = 3  # coarse noise counts so many times more there, as it is seen sooner
_BLOCK = 16  # px
_QUIETEST = 5  # percent of the blocks that are taken for smooth
# Rows: (R + G + B), (R - G), (R + G - 2 B), each of unit length, so that white noise of sigma s has s in every one.
_OPPONENT = np.array([[1, 1, 1], [1, -1, 0], [1, 1, -2]], np.float32) / np.sqrt([[3], [2], [6]]).astype(np.float32)


class Level(NamedTuple):
    """How noisy: standard deviation 0..1, how many times that a denoiser must be told, as the noise is coarse, and
    which share of it is surely noise; the rest may be texture."""

    sigma: float
    coarseness: float  # 1 for white noise, else more
    sure: float = 1.0

    @property
    def told(self) -> float:
        """The level at which a denoiser for white noise removes this noise. 0..1"""
        return self.sigma * self.coarseness


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


def coarser(quality: int) -> float:
    """How many times as much must be told of noise in a JPEG of that quality, 1..100, 0 where there is none: it has
    taken the finest noise, and a denoiser for white noise takes what it left for texture."""
    return 1 + _JPEG * _falling(quality, *_FINE) if quality else 1.0


def measure(image: Image) -> Level:
    """How noisy the image is.

    The net says how strong the noise is in brightness, in colour, and in brightness at half the resolution: white noise
    averages out there as it should, coarse noise of cameras and film does not.
    """
    if min(image.shape[:2]) < _SMALLEST:
        return Level(0.0, 1.0)
    cut = pieces(image)
    luma, colour, half = (float(one) for one in models.load("noise-level").numbers(cut))
    smooth = _smoothest(cut)
    sigma, ratio = _together(luma, colour), half / max(luma, 1e-6)
    coarse = 1 - _falling(ratio, *_COARSE)
    told = sigma + min(_COARSER, _AT_MOST * sigma) * coarse
    rougher, white = max(smooth[0], 1e-6) / max(luma, 1e-6), _falling(ratio, *_WHITE)
    texture = white * (1 - min(1.0, _ROUGH / rougher) ** 2) + (1 - white) * (1 - _falling(rougher, *_TEXTURE))
    found = Level(sigma, told / max(sigma, 1e-6))
    seen = sigma * (1 + _COARSE_FAINT * coarse)
    return found._replace(sure=_sure(sigma, seen, texture, colour, min(smooth[1:])))


def _sure(sigma: float, seen: float, texture: float, colour: float, smooth_colour: float) -> float:
    """Which share of a level `sigma` that shows as if it were `seen` is surely noise, 0..1, when with the certainty
    `texture` even the smoothest places are too rough for it.

    Texture is hardly coloured: of what may be it only as much counts as the smoothest places show in colour, and that
    only if it is about the `colour` that the net reads, neither less nor more.
    """
    in_colour = min(1.0, smooth_colour / max(sigma, 1e-6))
    by_read = smooth_colour / max(colour, 1e-6)
    in_colour *= (1 - _falling(by_read, *_COLOURLESS)) * _falling(by_read, *_COLOURFUL)
    share = 1 - texture * (1 - in_colour)
    return share * (1 - _falling(share * seen, *_FAINT))


def _falling(value: float, start: float, end: float) -> float:
    """1 up to `start`, 0 from `end` on, straight between."""
    return float(np.clip((end - value) / (end - start), 0, 1))


def pieces(image: Image) -> list[np.ndarray]:
    """The image in pieces of some 256 px a side; of very many some that are spread evenly."""
    boxes = [box for box in split(image.shape, _PIECE) if min(box.bottom - box.top, box.right - box.left) >= _SMALLEST]
    step = max(1.0, len(boxes) / _PIECES)
    return [image[boxes[int(index * step)].slices] for index in range(min(_PIECES, len(boxes)))]


def _together(luma: float, colour: float) -> float:
    """The deviation over red, green and blue of noise that has these in brightness and in differences of colours."""
    return float(np.sqrt((luma**2 + 2 * colour**2) / 3))


def _smoothest(cut: Sequence[np.ndarray]) -> tuple[float, float, float]:
    """The deviation of white noise in brightness and in two differences of the colours, where texture hardly shows:
    what is left of the smoothest blocks without their best-fitting plane. 0..1"""
    blocks = np.concatenate([_blocks(piece) for piece in cut])  # (n, _BLOCK ** 2, 3)
    lit = (blocks.mean(axis=(1, 2)) > 0.06) & (blocks.mean(axis=(1, 2)) < 0.94)  # elsewhere clipping hides noise
    blocks = blocks[lit] if lit.sum() >= max(4, len(lit) // 50) else blocks
    # the smoothest blocks also have a little less noise than the rest by chance
    luma, first, second = (1.06 * float(np.percentile(_deviation(blocks @ row), _QUIETEST)) for row in _OPPONENT)
    return luma, first, second


def _blocks(piece: np.ndarray) -> np.ndarray:
    """The piece cut into blocks, a remainder dropped. (n, _BLOCK ** 2, 3)"""
    height, width = (length // _BLOCK * _BLOCK for length in piece.shape[:2])
    cut = piece[:height, :width].reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK, 3)
    return cut.swapaxes(1, 2).reshape(-1, _BLOCK * _BLOCK, 3)


def _deviation(blocks: np.ndarray) -> np.ndarray:
    """Standard deviation of each block (n, _BLOCK ** 2) around its least-squares plane. (n,)"""
    axis = np.linspace(-1, 1, _BLOCK, dtype=np.float32)
    y, x = (plane.ravel() for plane in np.meshgrid(axis, axis, indexing="ij"))
    basis = np.linalg.qr(np.stack((np.ones_like(x), y, x), axis=1))[0]  # (_BLOCK ** 2, 3), orthonormal
    blocks = blocks - blocks.mean(axis=1, keepdims=True)
    energy = (blocks**2).sum(axis=1) - ((blocks @ basis) ** 2).sum(axis=1)
    return np.sqrt(np.maximum(energy, 0) / (_BLOCK * _BLOCK - 3))
