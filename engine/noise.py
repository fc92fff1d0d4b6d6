"""How noisy a photo is: read by a small net and, where the noise is white, from the smoothest places; remembered."""

import weakref
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine import models
from engine.image import Image, is_grey
from engine.tiles import split

_PIECE = 256  # px a side
_PIECES = 32  # more say nothing new
_SMALLEST = 32  # px a side: of less nothing is said
_MOST_COARSE = 12 / 255  # beyond it coarse noise is not told as more than it is: it may be texture
_TEXTURE = (1.0, 1.25)  # the smoothest places by the level read: from here on it may be texture, from there it is
_COLOURLESS = (0.7, 0.9)  # colour in the smoothest places by the colour read: as little is texture, as much is noise
_SAFE, _BLURRED = 0.09, (1.05, 1.35)  # the net tells coarse noise as so much more, since too little is worse
_FAINT = (3.2 / 255, 4.8 / 255)  # so little is not surely noise: clean photos read as much
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


def measure(image: Image) -> Level:
    """How noisy the image is.

    The net says how strong the noise is in brightness, in colour, and in brightness at half the resolution: white noise
    averages out there as it should, coarse noise of cameras and film does not. Where it finds white noise, alike in all
    colours, the smoothest blocks of the photo have the word, as texture disturbs them less; but where much is clipped
    by black and white only the net knows how much more there was.
    """
    if min(image.shape[:2]) < _SMALLEST:
        return Level(0.0, 1.0)
    pieces = _pieces(image)
    luma, colour, half = (float(one) for one in models.load("noise-level").numbers(pieces))
    smooth = _smoothest(pieces)
    sigma, ratio = _together(luma, colour), half / max(luma, 1e-6)
    white = _falling(ratio, 1.2, 1.3) * _falling(_clipped(pieces), 0.03, 0.08)
    if white > 0:
        if is_grey(image) or colour < 0.5 * luma:  # grain of film or paper, hardly coloured
            doubt = min(1.0, 1.2 * luma / max(smooth[0], 1e-6)) ** 2  # where no place is smooth it may be texture
            sigma = _together(doubt * min(luma, smooth[0]), min(colour, smooth[1], smooth[2]))
        elif colour > 0.7 * luma:
            sigma = sigma ** (1 - white) * max(1e-6, min(smooth)) ** white
    told = max(sigma, min(_MOST_COARSE, sigma * _coarseness(ratio)))
    sigma /= 1 + _SAFE * (1 - _falling(ratio, *_BLURRED))
    found = Level(sigma, told / max(sigma, 1e-6))
    texture = (1 - white) * (1 - _falling(smooth[0] / max(luma, 1e-6), *_TEXTURE))
    return found._replace(sure=_sure(found, texture, colour, min(smooth[1:])))


def _sure(found: Level, texture: float, colour: float, smooth_colour: float) -> float:
    """Which share of a level is surely noise, 0..1, when with the certainty `texture` even the smoothest places are too
    rough for it.

    Texture is hardly coloured: of what may be it only as much counts as the smoothest places show in colour, and that
    only if it is about the `colour` that the net reads.
    """
    in_colour = min(1.0, smooth_colour / max(found.sigma, 1e-6))
    in_colour *= 1 - _falling(smooth_colour / max(colour, 1e-6), *_COLOURLESS)
    share = 1 - texture * (1 - in_colour)
    return share * (1 - _falling(share * found.told, *_FAINT))


def _falling(value: float, start: float, end: float) -> float:
    """1 up to `start`, 0 from `end` on, straight between."""
    return float(np.clip((end - value) / (end - start), 0, 1))


def _pieces(image: Image) -> list[np.ndarray]:
    """The image in pieces of some 256 px a side; of very many some that are spread evenly."""
    boxes = [box for box in split(image.shape, _PIECE) if min(box.bottom - box.top, box.right - box.left) >= _SMALLEST]
    step = max(1.0, len(boxes) / _PIECES)
    return [image[boxes[int(index * step)].slices] for index in range(min(_PIECES, len(boxes)))]


def _coarseness(ratio: float) -> float:
    """How many times its level noise is told to a denoiser for white noise, when it is `ratio` times as strong at half
    the resolution as white noise is: up to 2.5 times.

    A compromise: for blurred noise on photos full of detail 1.3 to 2 times scores best, on real camera noise 3 to 4.
    """
    return 1 + 1.5 * float(np.clip((ratio - 1.25) / 0.4, 0, 1))


def _clipped(pieces: Sequence[np.ndarray]) -> float:
    """The share of values that are quite black or quite white, 0..1."""
    return float(np.mean([np.mean((piece < 0.5 / 255) | (piece > 254.5 / 255)) for piece in pieces]))


def _together(luma: float, colour: float) -> float:
    """The deviation over red, green and blue of noise that has these in brightness and in differences of colours."""
    return float(np.sqrt((luma**2 + 2 * colour**2) / 3))


def _smoothest(pieces: Sequence[np.ndarray]) -> tuple[float, float, float]:
    """The deviation of white noise in brightness and in two differences of the colours, where texture hardly shows:
    what is left of the smoothest blocks without their best-fitting plane. 0..1"""
    blocks = np.concatenate([_blocks(piece) for piece in pieces])  # (n, _BLOCK ** 2, 3)
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
