"""Damage by its shape: narrow, and standing out of what is usual around it."""

import cv2
import numpy as np

from engine.image import Box, Mask, frozen
from engine.progress import Progress
from engine.tiles import split

_TILE = 768  # px
_LONG = 12.0  # times its width: longer is not more alike to a natural edge
_STANDING_OUT = 2.5  # times the local texture: where a piece ends
# Weights of what is known of a piece: how it stands out, area, elongation, how much brighter it is than what is near,
# width, texture around; all but the brightness as logarithms. From a logistic regression on photos under synthetic film
# damage, of which a seventh, the density of neighbours, was dropped and the elongation capped at _LONG by hand, both
# without fitting again.
_WEIGHTS = np.array([1.56, 1.3, -1.6, 0.49, -4.35, 0.45])
# Dust on a smooth ground is too small for that judgement and plain to see: compact, and far out of what is usual.
_SPECK_AREA, _SPECK_LENGTH = 0.67, 2.0  # at most, times size ** 2, and times its width
_SPECK_STRICTEST, _SPECK_LAXEST = 22.0, 4.5  # times the local texture, at sensitivity 0 and 1, even in their logs
# Set so that this judgement by default marks under 0.5 % of the pixels of clean photos, on average over CBSD68 and
# McMaster together (0.47 %, grown; with specks it is 0.53 %).
_STRICTEST, _LAXEST = 5.75, 0.0  # the least judgement at sensitivity 0 and 1


def find(
    image: np.ndarray, sensitivity: float, size: int, contrast: float, polarities: tuple[str, ...], progress: Progress
) -> Mask:
    """Where a photo (H, W, 3) has damage of at most `size` px in width, 0 or 1.

    Top-hats at two scales, in units of the texture around, are cut into pieces; each is judged by its shape. More
    `sensitivity`, 0..1, finds more; what differs by less than `contrast`, 0..1, is left alone. `polarities` are "light"
    and "dark". Raises Cancelled.
    """
    found = np.zeros(image.shape[:2], np.float32)
    for box in progress.each(split(image.shape, _TILE)):
        wide = box.grown(2 * window(size), image.shape)
        inner = Box(box.top - wide.top, box.bottom - wide.top, box.left - wide.left, box.right - wide.left)
        found[box.slices] = _find(image[wide.slices], sensitivity, size, contrast, polarities)[inner.slices]
    return frozen(found)


def _find(image: np.ndarray, sensitivity: float, size: int, contrast: float, polarities: tuple[str, ...]) -> np.ndarray:
    """The damage in one tile, uint8 (H, W)."""
    found = np.zeros(image.shape[:2], np.uint8)
    red, green, blue = (image[..., channel] for channel in range(3))
    lightest = np.maximum(np.maximum(red, green), blue)  # ten times as fast as image.max(axis=2)
    darkest = np.minimum(np.minimum(red, green), blue)
    for polarity, plane in (("light", darkest), ("dark", 1 - lightest)):
        if polarity in polarities:  # what is dirt is so in all channels
            labels, judged = _pieces(plane, size, contrast)
            kept = np.append(False, _is_damage(judged, sensitivity, size))  # label 0 is the ground
            found |= kept[labels].astype(np.uint8)
    return found


def _is_damage(judged: np.ndarray, sensitivity: float, size: int) -> np.ndarray:
    """Which pieces, of what `_pieces` knows of each (n, 6), are damage at this sensitivity. bool (n,)"""
    least = _STRICTEST + (_LAXEST - _STRICTEST) * sensitivity
    out, area, length = np.exp(judged[:, :3]).T
    speck = (area >= 3) & (area <= _SPECK_AREA * size**2) & (length <= _SPECK_LENGTH)
    speck &= out > _SPECK_STRICTEST * (_SPECK_LAXEST / _SPECK_STRICTEST) ** sensitivity
    return (judged @ _WEIGHTS > least) | speck


def window(size: int) -> int:
    """Side of the square in which texture is measured, px."""
    return max(31, 6 * size + 1)


def _pieces(plane: np.ndarray, size: int, contrast: float) -> tuple[np.ndarray, np.ndarray]:
    """Connected pieces that stand out lighter in `plane` (H, W) and are at most `size` px wide: their labels (H, W) and
    what is known of each (n, 6), in the order of _WEIGHTS."""
    around = window(size)
    smooth = cv2.GaussianBlur(plane, (0, 0), 0.6)
    light, usual = _hat(smooth, size | 1, around, 0.01)
    fine, fine_usual = _hat(smooth, max(3, size // 2 | 1), around, 0.005)
    standing_out = np.maximum(light / usual, 0.6 * fine / fine_usual)
    candidate = (standing_out > _STANDING_OUT) & (light > contrast)
    count, labels, stats, _centres = cv2.connectedComponentsWithStats(candidate.astype(np.uint8), connectivity=8)
    y, x = np.nonzero(labels)
    if count == 1 or len(y) == 0:
        return labels, np.zeros((0, len(_WEIGHTS)))
    piece: np.ndarray = np.asarray(labels)[y, x] - 1
    area: np.ndarray = np.asarray(stats)[1:, cv2.CC_STAT_AREA].astype(np.float64)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(np.bincount(piece, values, count - 1) / area, np.float64)

    peak = np.zeros(count - 1)
    np.maximum.at(peak, piece, standing_out[y, x])
    top, left = mean(y), mean(x)
    yy, xx, yx = mean((y - top[piece]) ** 2), mean((x - left[piece]) ** 2), mean((y - top[piece]) * (x - left[piece]))
    half, turn = (yy + xx) / 2 + 1 / 12, np.hypot((yy - xx) / 2, yx)
    long, short = np.sqrt(half + turn), np.sqrt(np.maximum(half - turn, 1 / 12))
    width = area / (long * np.sqrt(12)) * 10 / size  # a bar of length l has a standard deviation of l / sqrt(12)
    brighter = mean(_brighter(plane, around)[y, x])
    texture = mean(fine_usual[y, x])
    logs = [np.log(one) for one in (peak, area, np.minimum(long / short, _LONG), width, texture)]
    return labels, np.stack([*logs[:3], brighter, *logs[3:]], axis=1)


def _hat(plane: np.ndarray, side: int, window: int, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """The white top-hat of a square of `side` px, and the usual size of white and black ones around + `floor`."""
    square = np.ones((side, side), np.uint8)
    light = cv2.morphologyEx(plane, cv2.MORPH_TOPHAT, square)
    dark = cv2.morphologyEx(plane, cv2.MORPH_BLACKHAT, square)
    return light, cv2.blur((light + dark) / 2, (window, window)) + np.float32(floor)


def _brighter(plane: np.ndarray, window: int) -> np.ndarray:
    """How far each pixel is above the median around it, in units of how far others are."""
    window = min(window, 255) | 1
    median = cv2.medianBlur(cv2.convertScaleAbs(plane, alpha=255), window).astype(np.float32) / 255
    above = cv2.blur(np.maximum(plane - median, 0), (window, window))
    return np.clip((plane - median) / (above + 0.02), -2, 8)
