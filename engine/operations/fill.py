"""Filling: making up the pixels under the mask from those around it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from scipy import fft, ndimage, sparse
from scipy.sparse import linalg

from engine.errors import RestoreError
from engine.image import Box, Image, Mask, bounds, is_grey
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_RADIUS = 4  # px, neighbourhood of Telea and Navier-Stokes
_SURROUNDINGS = 24  # px around the hole from which grain is learned
_BATCH = 96  # blocks extrapolated together: keeps the spectra in the processor's cache
_EXACT = 1e-6  # of 0..1: what is left to gain where the harmonic fill stops
# Grain: neighbours' correlation in white noise blurred with a Gaussian of these px, less its own blur of 1.5 px.
_LIKENESS = (-0.09, -0.02, 0.12, 0.27, 0.40, 0.50, 0.62, 0.70, 0.78, 0.86)
_WIDTHS = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0)
_DIRECT = 4000  # unknowns up to which the coarsest harmonic system is factorised


class _Level(NamedTuple):
    """One block size of frequency-selective reconstruction."""

    size: int  # px, side of the blocks
    decay: float  # of the weight, a px from the block's centre
    spread: float  # only blocks with a smaller standard deviation around them are done at this size


class _Quality(NamedTuple):
    window: int  # px, side of the Fourier transform
    levels: tuple[_Level, ...]
    least: int  # basis functions
    most: int
    per_spread: int  # basis functions for a standard deviation of 1
    step: float  # share of a projection that is taken: functions are not orthogonal under the weight


_ROUGH = _Level(4, 0.66, np.inf)
_LEVELS = (_Level(16, 0.8, 0.014), _Level(8, 0.7, 0.03))
_QUALITIES = {
    "fast": _Quality(32, (*_LEVELS, _ROUGH), 20, 100, 1000, 0.5),
    "best": _Quality(32, (*_LEVELS, _ROUGH._replace(spread=0.09), _Level(2, 0.64, np.inf)), 50, 300, 2000, 0.25),
}


@dataclass(frozen=True)
class Fill(Operation):
    """Fills every pixel with mask > 0."""

    title = "Fill"
    group = "repair"
    summary = "Makes up what was under scratches, dust and stains from what lies around them."
    needs_mask = True

    method: str = param(
        "fsr",
        "Method",
        "Frequencies continue texture and edges; the others are quicker and smoother.",
        choices={
            "fsr": "Continue frequencies",
            "telea": "March inwards (Telea)",
            "navier-stokes": "Flow along edges (Navier-Stokes)",
            "harmonic": "Smooth membrane (harmonic)",
        },
    )
    quality: str = param(
        "fast",
        "Quality",
        "Only for “Continue frequencies”; best takes several times as long.",
        choices={"fast": "Fast", "best": "Best"},
    )
    grain: float = param(0.0, "Grain", "Puts back as much grain as the surroundings have.", low=0.0, high=1.0)
    seed: int = param(0, "Seed", "Another number gives other grain.", low=0, high=999999)

    @property
    def context(self) -> int:
        return 48

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if mask is None or not mask.any():
            raise RestoreError("Fill needs a selection: paint over the damage first.")
        if mask.all():
            raise RestoreError("The selection leaves nothing to fill from: keep some of the photo outside it.")
        progress(0.0)
        box = bounds(mask, self.context)
        unknown = mask[box.slices] > 0
        part = image[box.slices][..., :1] if is_grey(image) else image[box.slices]
        filled = np.where(unknown[..., None], np.float32(0), part)
        filled[unknown] = self._filler()(filled, unknown, progress)[unknown]
        if self.grain > 0:
            filled[unknown] += self.grain * _grain(filled, unknown, self.seed)[unknown]
        result = image.copy()
        np.copyto(result[box.slices], np.clip(filled, 0, 1), where=unknown[..., None])
        progress(1.0)
        return result

    def _filler(self) -> Callable[[np.ndarray, np.ndarray, Progress], np.ndarray]:
        if self.method == "harmonic":
            return _harmonic
        if self.method == "fsr":
            return lambda image, unknown, progress: _continue(image, unknown, _QUALITIES[self.quality], progress)
        flag = cv2.INPAINT_TELEA if self.method == "telea" else cv2.INPAINT_NS
        return lambda image, unknown, progress: _march(image, unknown, flag, progress)


def _clusters(unknown: np.ndarray, reach: int) -> list[Box]:
    """Boxes around groups of unknown pixels more than 2 * reach px apart, with `reach` px more on each side."""
    near = cv2.dilate(unknown.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    _count, _labels, stats, _centres = cv2.connectedComponentsWithStats(near, connectivity=8)
    return [Box(int(y), int(y + h), int(x), int(x + w)) for x, y, w, h, _area in stats[1:]]


def _march(image: np.ndarray, unknown: np.ndarray, flag: int, progress: Progress) -> np.ndarray:
    """Telea (2004) or Navier-Stokes (Bertalmio et al. 2001) by OpenCV: plane by plane in 16 bits, for it rounds three
    planes to 8 and its Telea mistakes floats below 1."""
    result = image.copy()
    boxes = _clusters(unknown, 2 * _RADIUS)
    for box, channel in progress.each([(box, channel) for box in boxes for channel in range(image.shape[2])]):
        hole = unknown[box.slices]
        plane = np.round(image[box.slices][..., channel] * 65535).astype(np.uint16)
        answer = cv2.inpaint(plane, hole.astype(np.uint8), _RADIUS, flag)
        result[box.slices][..., channel][hole] = answer[hole] / np.float32(65535)
    return result


def _continue(image: np.ndarray, unknown: np.ndarray, quality: _Quality, progress: Progress) -> np.ndarray:
    """Frequency-selective reconstruction (Seiler et al. 2015; Genser et al. 2018): block by block from the rim, a sum
    of few waves that fits the known pixels, near ones most, is continued over the unknown ones. Larger blocks where
    the surroundings are smooth. Waves are chosen for all channels together."""
    pad = quality.window
    values = np.pad(image, ((pad, pad), (pad, pad), (0, 0)))
    missing = np.pad(unknown, pad)
    weight = np.pad((~unknown).astype(np.float32), pad)
    total, done = int(missing.sum()), 0
    for level in quality.levels:
        todo, spreads = _blocks(missing, level.size), [np.zeros(0)]
        for some in _chunks(todo, 1024):
            spreads.append(_spread(values, weight, some, level, quality))
            progress(done / total)
        spread = np.concatenate(spreads)
        keep = spread < level.spread if np.isfinite(level.spread) else np.ones(len(todo), bool)
        for some, amount in _rounds(weight, missing, todo[keep], spread[keep], level.size):
            done += _fill_blocks(values, weight, missing, some, amount, level, quality)
            progress(done / total)
    return values[pad:-pad, pad:-pad]


def _chunks(rows: np.ndarray, count: int) -> Iterator[np.ndarray]:
    for start in range(0, max(1, len(rows)), count):
        yield rows[start : start + count]


def _blocks(missing: np.ndarray, size: int) -> np.ndarray:
    """Top left corners (n, 2) of the blocks with unknown pixels, on a grid that hangs on the unknown pixels: so it does
    not depend on where the picture was cropped."""
    top, bottom, left, right = bounds(missing)
    rows, columns = -(-(bottom - top) // size), -(-(right - left) // size)
    grid = np.zeros((rows * size, columns * size), bool)
    grid[: bottom - top, : right - left] = missing[top:bottom, left:right]
    has = grid.reshape(rows, size, columns, size).any(axis=(1, 3))
    return np.argwhere(has) * size + (top, left)


def _windows(array: np.ndarray, blocks: np.ndarray, size: int, window: int) -> np.ndarray:
    """The surroundings of each block: (n, window, window, ...)."""
    start = blocks - (window - size) // 2
    steps = np.arange(window)
    return array[start[:, 0, None, None] + steps[:, None], start[:, 1, None, None] + steps]


def _spread(values: np.ndarray, weight: np.ndarray, blocks: np.ndarray, level: _Level, quality: _Quality) -> np.ndarray:
    """Standard deviation of the known pixels around each block, mean of the channels; inf where too few are known."""
    if not len(blocks):
        return np.zeros(0)
    known = (_windows(weight, blocks, level.size, quality.window) > 0)[..., None]
    around = _windows(values, blocks, level.size, quality.window)
    count = known.sum(axis=(1, 2))
    mean = (around * known).sum(axis=(1, 2)) / np.maximum(count, 1)
    variance = (((around - mean[:, None, None]) ** 2) * known).sum(axis=(1, 2)) / np.maximum(count, 1)
    return np.where(count[:, 0] * 8 >= quality.window**2, np.sqrt(variance).mean(axis=1), np.inf)


def _rounds(
    weight: np.ndarray, missing: np.ndarray, blocks: np.ndarray, spread: np.ndarray, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The blocks and their spreads in an order that goes inwards: each time those with most pixels known in and
    around them, no two of which touch."""
    if not len(blocks):
        return
    cell = (blocks - blocks.min(axis=0)) // size + 1
    index = np.full(cell.max(axis=0) + 2, -1)
    index[cell[:, 0], cell[:, 1]] = np.arange(len(blocks))
    shifts = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x]
    neighbours = np.stack([index[cell[:, 0] + y, cell[:, 1] + x] for y, x in shifts], axis=1)  # (n, 8)
    holes = _windows(missing, blocks, size, size).sum(axis=(1, 2))
    known = np.append(_windows(weight > 0, blocks, size, 3 * size).sum(axis=(1, 2)), 0)  # the last: "no such block"
    waiting = np.append(np.ones(len(blocks), bool), False)
    order = np.arange(len(blocks))
    while waiting.any():
        alone = 9 * size * size - known[:-1]
        key = np.append(alone * len(blocks) + order, np.iinfo(np.int64).max)
        key[~waiting] = np.iinfo(np.int64).max
        first = waiting[:-1] & (alone < 9 * size * size)
        key[:-1][~first] = np.iinfo(np.int64).max
        chosen = first & (key[:-1, None] < key[neighbours]).all(axis=1)
        if not chosen.any():
            chosen = waiting[:-1]  # nothing known near: cannot happen while anything is known
        chosen = np.flatnonzero(chosen)
        chosen = chosen[np.argsort(spread[chosen], kind="stable")]  # alike blocks need alike numbers of waves
        for some in _chunks(chosen, _BATCH):
            yield blocks[some], spread[some]
        waiting[chosen] = False
        np.add.at(known, neighbours[chosen], holes[chosen, None])


def _fill_blocks(
    values: np.ndarray,
    weight: np.ndarray,
    missing: np.ndarray,
    blocks: np.ndarray,
    spread: np.ndarray,
    level: _Level,
    quality: _Quality,
) -> int:
    """Fills these blocks in place and returns how many pixels that were; what is made up counts half for the blocks to
    come (Seiler et al. 2015)."""
    side, size = quality.window, level.size
    centre = np.arange(side) - (side - 1) / 2
    fading = (level.decay ** np.hypot(centre[:, None], centre)).astype(np.float32)
    near = _windows(weight, blocks, size, side) * fading
    count = np.clip(quality.per_spread * np.where(np.isfinite(spread), spread, 1), quality.least, quality.most)
    model = _waves(_windows(values, blocks, size, side), near, count / 2, quality.step)
    filled = 0
    inner = slice((side - size) // 2, (side - size) // 2 + size)
    for (top, left), answer in zip(blocks, model[:, inner, inner], strict=True):
        place = slice(top, top + size), slice(left, left + size)
        hole = missing[place]
        values[place][hole] = np.clip(answer[hole], 0, 1)
        weight[place][hole] = 0.5
        filled += int(hole.sum())  # before `missing`, of which it is a view, changes
        missing[place] = False
    return filled


def _waves(around: np.ndarray, weight: np.ndarray, pairs: np.ndarray, step: float) -> np.ndarray:
    """Greedy sums of waves that fit `around` (n, N, N, C) under `weight` (n, N, N), `pairs` of conjugate waves each
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


def _harmonic(image: np.ndarray, unknown: np.ndarray, progress: Progress) -> np.ndarray:
    """The membrane over the hole: Laplace's equation with the rim's values, nothing flowing through the picture's edge.
    Exact to 1e-4: conjugate gradients, preconditioned by smoothed aggregation (Vanek, Mandel and Brezina 1996)."""
    where = np.argwhere(unknown)
    index = np.full(unknown.shape, -1)
    index[unknown] = np.arange(len(where))
    degree = np.zeros(len(where))
    rim = np.zeros((len(where), image.shape[2]))
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for shift in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        other = where + shift
        inside = ((other >= 0) & (other < unknown.shape)).all(axis=1)
        y, x = other[inside].T
        degree[inside] += 1
        known = ~unknown[y, x]
        own = np.flatnonzero(inside)
        rim[own[known]] += image[y[known], x[known]]
        pairs.append((own[~known], index[y[~known], x[~known]]))
    rows, columns = (np.concatenate(side) for side in zip(*pairs, strict=True))
    links = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(where), len(where)))
    system = (sparse.diags(degree) - links).tocsr()
    result = image.copy()
    result[unknown] = _solve(system, rim, where, progress)
    return result


def _solve(system: Any, right: np.ndarray, where: np.ndarray, progress: Progress) -> np.ndarray:
    """x of system @ x = right (n, C), all columns at once, by preconditioned conjugate gradients."""
    cycle = _cycle(system, where, progress.part(0.0, 0.3))
    solution = cycle(right)
    rest = right - system @ solution
    direction, energy = np.zeros_like(right), np.ones(right.shape[1])
    progress = progress.part(0.3, 1.0)
    for turn in range(200):
        progress(turn / (turn + 10))
        better = cycle(rest)
        if np.abs(better).max() < _EXACT:
            break
        new = (rest * better).sum(axis=0)
        direction = better + direction * (new / energy if turn else 0.0)
        energy = np.maximum(new, 1e-30)
        ahead = system @ direction
        step = new / np.maximum((direction * ahead).sum(axis=0), 1e-30)
        solution += step * direction
        rest -= step * ahead
    return solution


def _cycle(system: Any, where: np.ndarray, progress: Progress) -> Callable[[np.ndarray], np.ndarray]:
    """An approximate inverse of `system`, whose unknowns lie at the pixels `where` (n, 2): a V-cycle."""
    progress(0.5)
    if len(where) <= _DIRECT:
        return linalg.splu(system.tocsc()).solve
    cell = where // 3
    key, member = np.unique(cell[:, 0] * (cell[:, 1].max() + 1) + cell[:, 1], return_inverse=True)
    count = len(where)
    gather = sparse.csr_matrix((np.ones(count), (np.arange(count), member)), shape=(count, len(key)))
    damped = sparse.diags(2 / 3 / system.diagonal())
    spread = (gather - damped @ (system @ gather)).tocsr()
    collect = spread.T.tocsr()
    coarse = np.stack(np.divmod(key, cell[:, 1].max() + 1), axis=1)
    below = _cycle((collect @ system @ spread).tocsr(), coarse, progress)

    def run(right: np.ndarray) -> np.ndarray:
        answer = damped @ right
        answer += damped @ (right - system @ answer)
        answer += spread @ below(collect @ (right - system @ answer))
        answer += damped @ (right - system @ answer)
        answer += damped @ (right - system @ answer)
        return answer

    return run


def _grain(image: np.ndarray, unknown: np.ndarray, seed: int) -> np.ndarray:
    """Noise (H, W, C) like that of the smooth pixels around the hole: same covariance of the channels, same size."""
    near = cv2.dilate(unknown.astype(np.uint8), np.ones((2 * _SURROUNDINGS + 1,) * 2, np.uint8)) > 0
    usable = near & ~(cv2.dilate(unknown.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0)
    if usable.sum() < 64:
        return np.zeros_like(image)
    smooth = ndimage.gaussian_filter(image, (1.5, 1.5, 0))
    edges = ndimage.gaussian_gradient_magnitude(smooth.mean(axis=2), 2)
    usable &= edges <= np.quantile(edges[usable], 0.4)
    rest = image - smooth
    limit = 3 * 1.4826 * np.median(np.abs(rest[usable]))
    beside = usable[:, 1:] & usable[:, :-1]
    flat = np.clip(rest, -limit, limit)
    power = float((flat[usable] ** 2).mean())
    likeness = float((flat[:, 1:][beside] * flat[:, :-1][beside]).mean()) / max(power, 1e-12) if beside.any() else 0.0
    box = bounds(unknown, 0)
    noise = np.random.default_rng(seed).standard_normal((*unknown[box.slices].shape, image.shape[2]), np.float32)
    width = float(np.interp(likeness, _LIKENESS, _WIDTHS))
    noise = ndimage.gaussian_filter(noise, (width, width, 0))
    kept = noise - ndimage.gaussian_filter(noise, (1.5, 1.5, 0))
    noise /= max(float(kept.std()), 1e-6)
    covariance = np.atleast_2d(np.cov(flat[usable].T))
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    result = np.zeros_like(image)
    result[box.slices] = noise @ root.astype(np.float32)
    return result
