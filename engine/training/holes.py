"""Holes to fill, in training and in benchmarks: scratches and blotches of so many px."""

import numpy as np

from engine.image import Mask, frozen
from engine.training import age

KINDS = ("scratch 1-3", "scratch 4-7", "blotch 4-10")  # px wide, or of radius


def hole(kind: str, side: int, rng: np.random.Generator) -> Mask:
    """A mask of 0 and 1 (side, side) with some of one of KINDS; of 256 px a side at least half a per cent is 1."""
    shape, dense = (side, side), (side / 256) ** 2
    while True:
        if kind.startswith("blotch"):
            soft = age.blotches(shape, max(1, round(8 * dense)), (4, 10), rng)
        else:
            soft = age.scratches(shape, max(1, round(5 * dense)), (1, 3) if kind == KINDS[0] else (4, 7), rng)
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
        result = np.maximum(result, age.blotches((side, side), 2, (10, 24), rng) > 0.25)
    return frozen(result)
