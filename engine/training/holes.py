"""Holes to fill, in training and in benchmarks: scratches and blotches of so many px."""

import cv2
import numpy as np

from engine.image import Mask, frozen

KINDS = ("scratch 1-3", "scratch 4-7", "blotch 4-10")  # px wide, or of radius
_SHIFT = 4  # fractional bits of the coordinates that OpenCV draws with


def hole(kind: str, side: int, rng: np.random.Generator) -> Mask:
    """A mask of 0 and 1 (side, side) with some of one of KINDS; of 256 px a side at least half a per cent is 1."""
    dense = (side / 256) ** 2
    while True:
        if kind.startswith("blotch"):
            soft = _blotches(side, max(1, round(8 * dense)), (4, 10), rng)
        else:
            soft = _scratches(side, max(1, round(5 * dense)), (1, 3) if kind == KINDS[0] else (4, 7), rng)
        hard = (soft > 0.25).astype(np.float32)
        if hard.mean() > 0.005:  # a scratch may miss the picture
            return frozen(hard)


def dense(side: int, rng: np.random.Generator) -> Mask:
    """A mask as in training, (side, side): twice as many holes of mixed kinds, and seldom blobs of up to 24 px."""
    result = np.zeros((side, side), np.float32)
    for _ in range(2):
        draw = rng.random()
        kind = KINDS[0] if draw < 0.5 else KINDS[1] if draw < 0.8 else KINDS[2]
        result = np.maximum(result, hole(kind, side, rng))
    if rng.random() < 0.15:
        result = np.maximum(result, _blotches(side, 2, (10, 24), rng) > 0.25)
    return frozen(result)


def _scratches(side: int, count: int, width: tuple[float, float], rng: np.random.Generator) -> Mask:
    """`count` long scratches, `width` px (least, most) wide: random walks, most of them nearly upright."""
    canvas = np.zeros((side, side), np.uint8)
    for _ in range(count):
        steps = int(rng.integers(30, 120))
        upright = rng.random() < 0.6
        heading = (np.pi / 2 if upright else rng.uniform(0, np.pi)) + rng.normal(0, 0.06)
        heading += np.cumsum(rng.normal(0, 0.02 if upright else 0.06, steps))
        stride = rng.uniform(0.25, 1.0) * side / steps
        start = rng.uniform((0, 0), (side, side)) - (0, side * 0.3)
        path = start + np.cumsum(stride * np.stack((np.cos(heading), np.sin(heading)), axis=1), axis=0)
        _draw(canvas, path, rng.uniform(*width))
    return frozen(canvas / np.float32(255))


def _blotches(side: int, count: int, radius: tuple[float, float], rng: np.random.Generator) -> Mask:
    """`count` lumpy spots of `radius` px (least, most)."""
    canvas = np.zeros((side, side), np.uint8)
    for _ in range(count):
        angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        lumps = sum(rng.normal(0, 0.25 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in range(2, 6))
        reach = rng.uniform(*radius) * np.maximum(0.4, 1 + lumps)
        outline = rng.uniform((0, 0), (side, side)) + reach[:, None] * np.stack((np.cos(angle), np.sin(angle)), axis=1)
        cv2.fillPoly(canvas, [_fixed(outline)], 255, cv2.LINE_AA, _SHIFT)
    return frozen(canvas / np.float32(255))


def _draw(canvas: np.ndarray, path: np.ndarray, width: float) -> None:
    """A smooth-edged line `width` px wide; OpenCV's own are whole pixels wide, so this draws at four times the size."""
    big = 4
    low = np.clip(np.floor(path.min(axis=0) - width - 2), 0, canvas.shape[::-1]).astype(int)
    high = np.clip(np.ceil(path.max(axis=0) + width + 2), 0, canvas.shape[::-1]).astype(int)
    if (high <= low).any():
        return
    part = np.zeros((high - low)[::-1] * big, np.uint8)
    cv2.polylines(part, [_fixed((path - low) * big)], False, 255, max(1, round(width * big)), cv2.LINE_AA, _SHIFT)
    small = cv2.resize(part, tuple(int(side) for side in high - low), interpolation=cv2.INTER_AREA)
    place = canvas[low[1] : high[1], low[0] : high[0]]
    np.maximum(place, small, out=place)


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round(points * (1 << _SHIFT)).astype(np.int32)
