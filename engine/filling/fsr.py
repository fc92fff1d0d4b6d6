"""Frequency-selective reconstruction: sums of few waves that fit what is known go on over what is not."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import fft

from engine.image import bounds
from engine.progress import Progress

_BATCH = 96  # blocks extrapolated together: keeps the spectra in the processor's cache


class _Level(NamedTuple):
    """One block size."""

    size: int  # px, side of the blocks
    decay: float  # of the weight, a px from the block's centre
    spread: float  # only blocks with a smaller standard deviation around them are done at this size


class _Quality(NamedTuple):
    """How long to try."""

    window: int  # px, side of the Fourier transform
    levels: tuple[_Level, ...]
    least: int  # waves in a block
    most: int
    per_spread: int  # waves for a standard deviation of 1
    step: float  # share of a projection that is taken: waves are not orthogonal under the weight


_ROUGH = _Level(4, 0.66, np.inf)
_LEVELS = (_Level(16, 0.8, 0.014), _Level(8, 0.7, 0.03))
_QUALITIES = {
    "fast": _Quality(32, (*_LEVELS, _ROUGH), 20, 100, 1000, 0.5),
    "best": _Quality(32, (*_LEVELS, _ROUGH._replace(spread=0.09), _Level(2, 0.64, np.inf)), 50, 300, 2000, 0.25),
}


class _Canvas(NamedTuple):
    """The picture on its way, with a border of the window's side; the arrays are changed in place."""

    values: np.ndarray  # (H, W, C)
    weight: np.ndarray  # (H, W), 1 = known, 0.5 = made up before, 0 = unknown or outside the picture
    missing: np.ndarray  # (H, W), bool: still to be made up


def fill(image: np.ndarray, unknown: np.ndarray, hole: np.ndarray, quality: str, progress: Progress) -> np.ndarray:
    """A copy of `image` (H, W, C), float32 in 0..1, with the pixels of `hole` (H, W), bool, filled within 0..1
    from those that are not `unknown` (H, W), bool, which the hole is a part of.

    Block by block from the rim, waves are fitted to the known pixels, near ones most, and continued over the unknown
    ones; in larger blocks where the surroundings are smooth; the same waves for all channels (Seiler et al. 2015;
    Genser et al. 2018). `quality` is "fast" or "best". At least one pixel must be in the hole. Raises Cancelled.
    """
    chosen = _QUALITIES[quality]
    pad = chosen.window
    values = np.pad(image, ((pad, pad), (pad, pad), (0, 0)))
    canvas = _Canvas(values, np.pad((~unknown).astype(np.float32), pad), np.pad(hole, pad))
    total, done = int(hole.sum()), 0
    for level in chosen.levels:
        progress(done / total)
        blocks, spreads = _find_blocks(canvas.missing, level.size), [np.zeros(0)]
        for some in _chunks(blocks, 1024):
            spreads.append(_measure_spread(canvas, some, level.size, chosen.window))
            progress(done / total)
        spread = np.concatenate(spreads)
        keep = spread < level.spread if np.isfinite(level.spread) else np.ones(len(blocks), bool)
        for some, amount in _rounds_inwards(canvas, blocks[keep], spread[keep], level.size):
            done += _fill_blocks(canvas, some, amount, level, chosen)
            progress(done / total)
    return values[pad:-pad, pad:-pad]


def _chunks(rows: np.ndarray, count: int) -> Iterator[np.ndarray]:
    for start in range(0, max(1, len(rows)), count):
        yield rows[start : start + count]


def _find_blocks(missing: np.ndarray, size: int) -> np.ndarray:
    """Top left corners (n, 2) of the blocks with missing pixels, on a grid that hangs on the missing pixels: so it does
    not depend on where the picture was cropped."""
    top, bottom, left, right = bounds(missing)
    rows, columns = -(-(bottom - top) // size), -(-(right - left) // size)
    grid = np.zeros((rows * size, columns * size), bool)
    grid[: bottom - top, : right - left] = missing[top:bottom, left:right]
    has = grid.reshape(rows, size, columns, size).any(axis=(1, 3))
    return np.argwhere(has) * size + (top, left)


def _cut_windows(array: np.ndarray, blocks: np.ndarray, size: int, window: int) -> np.ndarray:
    """The squares of `window` px around the middles of the blocks of `size` px: (n, window, window, ...)."""
    start = blocks - (window - size) // 2
    steps = np.arange(window)
    return array[start[:, 0, None, None] + steps[:, None], start[:, 1, None, None] + steps]


def _measure_spread(canvas: _Canvas, blocks: np.ndarray, size: int, window: int) -> np.ndarray:
    """Standard deviation of what is known or made up around each block, mean of the channels (n); inf where that is
    less than an eighth of the window."""
    if not len(blocks):
        return np.zeros(0)
    known = (_cut_windows(canvas.weight, blocks, size, window) > 0)[..., None]
    around = _cut_windows(canvas.values, blocks, size, window)
    count = known.sum(axis=(1, 2))
    mean = (around * known).sum(axis=(1, 2)) / np.maximum(count, 1)
    variance = (((around - mean[:, None, None]) ** 2) * known).sum(axis=(1, 2)) / np.maximum(count, 1)
    return np.where(count[:, 0] * 8 >= window**2, np.sqrt(variance).mean(axis=1), np.inf)


def _rounds_inwards(
    canvas: _Canvas, blocks: np.ndarray, spread: np.ndarray, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The blocks and their spreads in an order that goes inwards: each time those with most pixels known in and
    around them, no two of which touch, so that they may be filled together."""
    if not len(blocks):
        return
    neighbours = _find_neighbours(blocks, size)
    holes = _cut_windows(canvas.missing, blocks, size, size).sum(axis=(1, 2))
    known = np.append(_cut_windows(canvas.weight > 0, blocks, size, 3 * size).sum(axis=(1, 2)), 0)  # last: no block
    waiting, never = np.ones(len(blocks), bool), np.iinfo(np.int64).max
    while waiting.any():
        lacking = 9 * size * size - known[:-1]
        ready = waiting & (lacking < 9 * size * size)
        key = np.append(np.where(ready, lacking * len(blocks) + np.arange(len(blocks)), never), never)
        chosen = ready & (key[:-1, None] < key[neighbours]).all(axis=1)
        if not chosen.any():
            chosen = waiting  # what is known lies in their windows, but not in the blocks beside them
        chosen = np.flatnonzero(chosen)
        chosen = chosen[np.argsort(spread[chosen], kind="stable")]  # alike blocks need alike numbers of waves
        for some in _chunks(chosen, _BATCH):
            yield blocks[some], spread[some]
        waiting[chosen] = False
        np.add.at(known, neighbours[chosen], holes[chosen, None])


def _find_neighbours(blocks: np.ndarray, size: int) -> np.ndarray:
    """For each block the places in `blocks` of the eight that touch it (n, 8), -1 where there is none."""
    cell = (blocks - blocks.min(axis=0)) // size + 1
    index = np.full(cell.max(axis=0) + 2, -1)
    index[cell[:, 0], cell[:, 1]] = np.arange(len(blocks))
    shifts = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x]
    return np.stack([index[cell[:, 0] + y, cell[:, 1] + x] for y, x in shifts], axis=1)


def _fill_blocks(canvas: _Canvas, blocks: np.ndarray, spread: np.ndarray, level: _Level, quality: _Quality) -> int:
    """Fills these blocks in place and returns how many pixels that were; what is made up counts half for the blocks to
    come (Seiler et al. 2015)."""
    side, size = quality.window, level.size
    centre = np.arange(side) - (side - 1) / 2
    fading = (level.decay ** np.hypot(centre[:, None], centre)).astype(np.float32)
    near = _cut_windows(canvas.weight, blocks, size, side) * fading
    count = np.clip(quality.per_spread * np.where(np.isfinite(spread), spread, 1), quality.least, quality.most)
    model = _fit_waves(_cut_windows(canvas.values, blocks, size, side), near, count / 2, quality.step)
    filled = 0
    inner = slice((side - size) // 2, (side - size) // 2 + size)
    for (top, left), answer in zip(blocks, model[:, inner, inner], strict=True):
        place = slice(top, top + size), slice(left, left + size)
        hole = canvas.missing[place]
        canvas.values[place][hole] = np.clip(answer[hole], 0, 1)
        canvas.weight[place][hole] = 0.5
        filled += int(hole.sum())  # before `missing`, of which it is a view, changes
        canvas.missing[place] = False
    return filled


def _fit_waves(around: np.ndarray, weight: np.ndarray, pairs: np.ndarray, step: float) -> np.ndarray:
    """Greedy sums of waves that fit `around` (n, N, N, C) under `weight` (n, N, N), `pairs` (n) of conjugate waves each
    (Genser et al. 2018, spectral constrained). Returns (n, N, N, C)."""
    count, side = weight.shape[:2]
    half, rows = side // 2 + 1, np.arange(count)
    total = np.maximum(weight.sum(axis=(1, 2)), 1e-12)
    mean = (around * weight[..., None]).sum(axis=(1, 2)) / total[:, None]
    error = np.moveaxis((around - mean[:, None, None]) * weight[..., None], 3, 1)
    rest = np.asarray(fft.rfft2(error)).reshape(count, -1, side * half)  # (n, C, N * half)
    spectrum = np.asarray(fft.fft2(weight))
    spectrum = np.tile(spectrum, (1, 2, 2)).reshape(-1)  # (n * 2N * 2N): shifts without wrapping
    model = np.zeros_like(rest)
    y, x = np.divmod(np.arange(side * half), half)
    base = y * 2 * side + x
    favour = np.maximum(0, 1 - np.hypot(np.minimum(y, side - y), x) * np.sqrt(2) / side).astype(np.float32) ** 2
    for turn in range(int(np.ceil(pairs.max()))):
        best = ((np.real(rest) ** 2 + np.imag(rest) ** 2).sum(axis=1) * favour).argmax(axis=1)
        v, u = y[best], x[best]
        single = ((v % (side // 2)) == 0) & ((u % (side // 2)) == 0)  # its own conjugate
        share = (step * (turn < pairs) / total).astype(np.float32)
        coefficient = rest[rows, :, best] * share[:, None]
        start = rows * 4 * side * side
        forward = spectrum[base + (start + (side - v) * 2 * side + side - u)[:, None]]
        backward = spectrum[base + (start + v * 2 * side + u)[:, None]]
        mirrored = np.where(single[:, None], 0, coefficient.conj())
        rest -= coefficient[:, :, None] * forward[:, None] + mirrored[:, :, None] * backward[:, None]
        edge = (u % (side // 2) == 0) & ~single  # the inverse transform looks at one of each pair there
        model[rows, :, best] += coefficient * (1 + edge[:, None])
    waves = np.asarray(fft.irfft2(model.reshape(count, -1, side, half), s=(side, side), norm="forward"))
    return np.moveaxis(waves, 1, 3) + mean[:, None, None]
