"""Grain: noise for filled pixels, so that they look as noisy as what lies around the hole."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np

from engine.filling import harmonic
from engine.image import bounds
from engine.progress import Progress

_SURROUNDINGS = 24  # px around the hole from which grain is learned
_LEAST, _MOST = 64, 2_000_000  # pixels: from fewer nothing is learned, more say nothing new
_BLUR = 1.5  # px: grain is what this Gaussian takes away
_NEARBY = 3.0  # px, Gaussian within which it is seen whether there is texture
_UNEVEN = 2.0  # times the energy where the picture is smoothest: beyond it is texture
_REACH = 18  # px that the blurs here look at together, at most
_BAND = 128  # rows worked on at once
# Neighbours' correlation in white noise blurred with a Gaussian of these px, less its own blur of _BLUR.
_LIKENESS = (-0.09, -0.02, 0.12, 0.27, 0.40, 0.50, 0.62, 0.70, 0.78, 0.86)
_APART = (0.35, 0.7)  # px of coarseness up to which, and from which, neighbours' grain is alone and goes on
_WIDTHS = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0)


class _Sample(NamedTuple):
    """Pixels to learn from."""

    place: np.ndarray  # (n,), y * (W + 1) + x, ascending: differs by 1 only between neighbours in a row
    rest: np.ndarray  # (n, C), what _BLUR takes away
    energy: np.ndarray  # (n,), mean square of the rest nearby


def match(image: np.ndarray, unknown: np.ndarray, hole: np.ndarray, seed: int, progress: Progress) -> np.ndarray:
    """What to add to the n pixels of `image` (H, W, C) that `hole` (H, W), bool, marks: (n, C), float32 around 0.

    The image is filled already. The pixels then have the strength, the covariance of the channels and the coarseness
    of the grain in the smooth pixels around the hole that are not `unknown` (H, W), bool: noise is added as far as the
    smooth pixels of the hole lack it. All 0 where too little is known around the hole. Raises Cancelled.
    """
    around = _look(image, _clear_surroundings(unknown, hole), progress.part(0.0, 0.2))
    if len(around.place) < _LEAST:
        return np.zeros((int(hole.sum()), image.shape[2]), np.float32)
    most = _UNEVEN * float(np.quantile(around.energy, 0.1))
    smooth = around.energy <= most
    limit = _limit(around.rest[smooth])
    wanted = np.clip(around.rest[smooth], -limit, limit)
    width = _coarseness(wanted, around.place[smooth])
    apart = float(np.interp(width, _APART, (1, 0)))
    streaks = apart * _find_streaks(image, hole, limit, progress.part(0.2, 0.4)) if apart else 0
    filled = image.copy()
    filled[hole] -= streaks
    present = _look(filled, hole, progress.part(0.4, 0.6))
    even = present.energy <= max(most, float(np.quantile(present.energy, 0.1)))
    lacking = _covariance(wanted) - _covariance(present.rest[even].clip(-limit, limit))
    field = _make(hole, lacking, width, seed, progress.part(0.6, 0.8))
    answer = field[hole] - streaks
    # Fills follow the noise of single pixels at the rim. Where grain is fine these streaks have to go. Where it is
    # coarse they have to stay, and new noise goes on from there without what itself would be continued like this
    # (conditional simulation, Journel 1974).
    return answer - (1 - apart) * harmonic.span(field, hole, progress.part(0.8, 1.0)) if apart < 1 else answer


def _find_streaks(image: np.ndarray, hole: np.ndarray, limit: float, progress: Progress) -> np.ndarray:
    """What the grain of the pixels at the rim makes of those of the hole (n, C) in a smooth fill."""
    rim = (cv2.dilate(hole.view(np.uint8), np.ones((3, 3), np.uint8)) > 0) & ~hole
    sample = _look(image, rim, progress.part(0.0, 0.5))
    field = np.zeros_like(image)
    field[np.divmod(sample.place, image.shape[1] + 1)] = sample.rest.clip(-limit, limit)
    return harmonic.span(field, hole, progress.part(0.5, 1.0))


def _make(hole: np.ndarray, covariance: np.ndarray, width: float, seed: int, progress: Progress) -> np.ndarray:
    """Noise (H, W, C) in and just around the `hole` (H, W), bool, 0 elsewhere, that has `covariance` (C, C) when _BLUR
    has taken the rest away; negative variances count as 0."""
    values, vectors = np.linalg.eigh(covariance)
    root = ((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T / _left_over(width)).astype(np.float32)
    box = bounds(hole).grown(1, hole.shape)
    field = np.zeros((*hole.shape, len(root)), np.float32)
    part = field[box.slices]
    for rows, blurred in noise(part.shape, _REACH, lambda white: _blur(white, width), seed, progress):
        part[rows] = blurred @ root
    return field


def _limit(rest: np.ndarray) -> float:
    """Beyond it it is no grain: three standard deviations, of which 1.4826 medians make one."""
    return 3 * 1.4826 * float(np.median(np.abs(rest)))


def _covariance(rest: np.ndarray) -> np.ndarray:
    """Of the channels (C, C), around 0."""
    return rest.T.astype(np.float64) @ rest / max(1, len(rest))


def _look(image: np.ndarray, usable: np.ndarray, progress: Progress) -> _Sample:
    """The usable pixels (H, W), bool; of very many only those in some evenly spread bands."""
    skip = max(1, int(usable.sum()) // _MOST)
    empty = np.zeros(0, np.int64), np.zeros((0, image.shape[2]), np.float32), np.zeros(0, np.float32)
    samples = [_Sample(*empty)]
    for top in progress.each(range(0, len(image), _BAND * skip)):
        first, stop = max(0, top - _REACH), min(len(image), top + _BAND)
        band = image[first : stop + _REACH]
        rest = band - _blur(band, _BLUR)
        count = usable[first : stop + _REACH].astype(np.float32)
        energy = _blur((rest**2).mean(axis=2) * count, _NEARBY) / np.maximum(_blur(count, _NEARBY), 1e-6)
        y, x = np.nonzero(usable[top:stop])
        inside = y + top - first, x
        samples.append(_Sample((y + top) * (image.shape[1] + 1) + x, rest[inside], energy[inside]))
    return _Sample(*(np.concatenate(parts) for parts in zip(*samples, strict=True)))


def _clear_surroundings(unknown: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The known pixels around the hole, less 3 px at the rim of what is unknown, where the blur mixes in filled pixels:
    bool (H, W)."""
    near = cv2.dilate(hole.view(np.uint8), np.ones((2 * _SURROUNDINGS + 1,) * 2, np.uint8)) > 0
    return near & ~(cv2.dilate(unknown.view(np.uint8), np.ones((7, 7), np.uint8)) > 0)


def _coarseness(grain: np.ndarray, place: np.ndarray) -> float:
    """The Gaussian, px, that makes white noise correlate from pixel to pixel as `grain` (n, C) at `place` (n,) does."""
    beside = np.flatnonzero(np.diff(place) == 1)
    if not len(beside):
        return 0.0
    likeness = float((grain[beside] * grain[beside + 1]).mean()) / max(float((grain**2).mean()), 1e-12)
    return float(np.interp(likeness, _LIKENESS, _WIDTHS))


def noise(
    shape: tuple[int, int, int],
    reach: int,
    blur: Callable[[np.ndarray], np.ndarray],
    seed: int,
    progress: Progress,
    rows: slice = slice(None),
) -> Iterator[tuple[slice, np.ndarray]]:
    """White noise (H, W, C) of deviation 1 after `blur`, which looks `reach` px far: band by band, each with where its
    rows lie; only the bands that hold some of `rows`. Each seed has its own noise, alike whichever rows are wanted."""

    def white(top: int) -> np.ndarray:
        height = min(_BAND, shape[0] - top) if 0 <= top < shape[0] else 0
        return np.random.default_rng((seed, max(0, top))).standard_normal((height, *shape[1:]), np.float32)

    start, stop, _step = rows.indices(shape[0])
    first = start // _BAND * _BAND
    before, now = white(first - _BAND), white(first)
    for top in progress.each(range(first, stop, _BAND)):
        after = white(top + _BAND)
        above = before[-reach:]
        blurred = blur(np.concatenate([above, now, after[:reach]]))
        yield slice(top, top + len(now)), blurred[len(above) : len(above) + len(now)]
        before, now = now, after


def _left_over(width: float) -> float:
    """The deviation of white noise of deviation 1 that was blurred by `width` px, less its own blur of _BLUR."""
    answer = np.zeros((2 * _REACH + 1, 2 * _REACH + 1), np.float32)
    answer[_REACH, _REACH] = 1
    answer = _blur(answer, width)
    return float(np.sqrt(((answer - _blur(answer, _BLUR)) ** 2).sum()))


def _blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """By a Gaussian cut off at 4 sigma."""
    side = 2 * round(4 * sigma) + 1
    if side == 1:
        return image
    return cv2.GaussianBlur(image, (side, side), sigma, borderType=cv2.BORDER_REFLECT).reshape(image.shape)
