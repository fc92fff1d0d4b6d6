"""Letting a diffusion go on over a photo: in tiles, all steps of one before the next."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from engine.image import Box, Image, is_grey
from engine.progress import Progress
from engine.tiles import run_tiled, split

Flow: TypeAlias = Callable[[np.ndarray], Iterator[np.ndarray]]  # (C, H, W) -> the same after 1, 2, ... steps

_TILE = 256  # px: the planes of a tile stay in the processor's cache


def evolve(image: Image, flow: Flow, steps: int, overlap: int, amount: float, progress: Progress) -> np.ndarray:
    """The image (H, W, 3) after all `steps` that `flow` makes, and of that change the share `amount`, 0..1.

    Of a grey photo `flow` gets one plane, of others three. A pixel must depend on at most `overlap` px around. Returns
    a new array. Raises Cancelled.
    """
    channels = 1 if is_grey(image) else 3
    total, done = steps * len(split(image.shape, _TILE)), 0

    def run(crop: np.ndarray, _box: Box) -> np.ndarray:
        nonlocal done
        start = now = np.ascontiguousarray(crop[..., :channels].transpose(2, 0, 1))
        for step in flow(start):
            now, done = step, done + 1
            progress(done / total)
        return crop + np.float32(amount) * (now.transpose(1, 2, 0) - crop)

    return run_tiled(image, run, _TILE, overlap, progress)


def count(time: float, longest: float) -> int:
    """How many steps of at most `longest` make up `time`."""
    return max(1, int(np.ceil(time / longest - 1e-6)))


def variation(planes: np.ndarray) -> float:
    """The total variation of planes (C, H, W): the sum over pixels of the length of the gradient in all channels
    together, forward differences, nothing across the border (Blomgren and Chan 1998, Bresson and Chan 2008)."""
    square = np.zeros(planes.shape[1:])
    square[:-1] += (np.diff(planes.astype(np.float64), axis=1) ** 2).sum(axis=0)
    square[:, :-1] += (np.diff(planes.astype(np.float64), axis=2) ** 2).sum(axis=0)
    return float(np.sqrt(square).sum())
