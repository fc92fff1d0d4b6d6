"""The grain of a photo, measured in its smooth places."""

from typing import NamedTuple

import numpy as np

from engine.filling import film, periodogram, spectrum
from engine.filling.film import Film
from engine.image import LUMA

_HOP = 16  # px from block to block, at least
_MOST = 2048  # blocks: more say nothing new
_LEAST = 4  # smooth blocks: of fewer nothing is learned
_KNOWN = 8  # blocks of about one brightness, to know how strong grain is there
_RARE = 0.02  # share of all blocks: brightness that is rarer is told nothing of
_STEP = 3.0  # times the power at an eighth more or less brightness: beyond it is texture
_QUIET = 0.01  # the quantile of the blocks' energy that is grain for sure
_QUIETER = 0.05  # the same among blocks of about one brightness
_UNEVEN = 2.0  # times that energy: beyond it is texture, unless grain is so coarse that it differs that much
_WHITE = 0.5  # power of the spectrum by which rings are divided then, so that fine grain counts beside coarse
_EXTREME = 4.0  # times as strong as `response` says: at most so much is believed
_LIT = 0.06  # brightness 0..1 from black, and from white, that a block needs: elsewhere there is hardly grain to see
_EMPTY = (0.35 / 255) ** 2  # mean square up to which a block is plain but for the rounding to 8 bits
_ROUNDED = 4 * 3 / 12 / 255**2  # power in the three channels up to which rounding to 8 bits counts
_LOWEST = 2  # ring, the first that is believed: below are light and shade, too
_WAVY = 5  # ring, the first that is believed wherever there is more in some blocks than in others
_CALM = slice(5, 21)  # rings that waves, and texture in the smoothest places, hardly reach: photos are soft
_ODD = 1.6  # times as uneven from block to block as by chance: waves


class _Blocks(NamedTuple):
    """Lit blocks."""

    powers: np.ndarray  # (n, 24, 3, 3), their periodograms
    brightness: np.ndarray  # (n,), 0..1

    @property
    def power(self) -> np.ndarray:
        """(n, 24), of all channels."""
        return np.trace(self.powers, axis1=2, axis2=3)


def measure(image: np.ndarray) -> Film:
    """The grain of `image` (H, W, 3): mean periodograms of its smooth blocks, without their shading, divided by how
    strong grain is at their brightness. NONE where too few are smooth and neither dark nor light, as in tiny images."""
    blocks = _lit_blocks(image)
    if blocks is None:
        return film.NONE
    smooth, levels = _smooth(blocks)
    if smooth.sum() < _LEAST:
        return film.NONE
    shares = film.response(blocks.brightness[smooth], levels) ** 2
    powers = blocks.powers[smooth] / shares[:, None, None, None]
    seen = powers.mean(axis=0, dtype=np.float64)
    seen[:_LOWEST] = seen[_LOWEST]
    for axis in range(3):  # of brightness, and of colours
        calm = _without_waves(powers[:, :, axis, axis])
        gain = np.sqrt(periodogram.undone(calm, _LOWEST) / np.maximum(seen[:, axis, axis], spectrum.FAINT))
        seen[:, axis] *= gain[:, None]
        seen[:, :, axis] *= gain[:, None]
    return film.of_rings(periodogram.AXES.T @ seen @ periodogram.AXES, levels)


def _smooth(blocks: _Blocks) -> tuple[np.ndarray, tuple[float, ...]]:
    """Which blocks are grain and nothing else, bool (n,), and how strong grain is at film.LEVELS.

    The quietest blocks show the spectrum. By what is less than twice as strong it is chosen again, since coarse grain
    differs less when its spectrum is made even; and by its calm rings it is found at other brightness, where even the
    quietest blocks may have texture.
    """
    power, shares = blocks.power, film.response(blocks.brightness) ** 2
    energy = power @ spectrum.counts() / shares
    most = _UNEVEN * np.quantile(energy, max(_QUIET, _LEAST / len(energy)))
    smooth = energy <= most * _spread(power[energy <= most].mean(axis=0))
    if smooth.sum() < _LEAST:
        return smooth, film.NONE.levels
    shape = _without_waves(power[smooth] / shares[smooth, None])
    weight = spectrum.counts() * shape**-_WHITE
    energy = power @ weight / shares / (shape @ weight)
    most = _UNEVEN * _spread(shape ** (1 - _WHITE))
    smooth = energy <= most
    shape = _without_waves(power[smooth] / shares[smooth, None])
    known: list[tuple[float, float]] = []
    for level in film.LEVELS:
        some = np.flatnonzero(np.abs(blocks.brightness - level) < film.LEVELS[1])
        if len(some) >= max(_KNOWN, _RARE * len(shares)):
            some = some[energy[some] <= most * np.quantile(energy[some], max(_QUIETER, _LEAST / len(some)))]
            times = _times(power[some].sum(axis=0) / shares[some].sum(), shape)
            known.append((float(blocks.brightness[some].mean()), times))
    roots = np.sqrt(_over_levels(known))
    roots /= np.interp(0.5, film.LEVELS, roots)
    return smooth, tuple(float(root) for root in np.clip(roots, 1 / _EXTREME, _EXTREME))


def _times(seen: np.ndarray, shape: np.ndarray) -> float:
    """How many times the power of grain of this `shape` (24,) is in what is `seen` (24,): the median over calm rings in
    which there is more than rounding, or over all where these are few."""
    rings = np.arange(len(shape))
    more = (shape > _ROUNDED) & (rings >= _LOWEST)
    calm = more & (rings >= _CALM.start) & (rings < _CALM.stop)
    used = calm if calm.sum() >= 4 else more
    return float(np.median(seen[used] / shape[used])) if used.any() else 0.0


def _over_levels(known: list[tuple[float, float]]) -> np.ndarray:
    """Values at film.LEVELS from those that are `known`, and not 0, at some brightness; all 1 without any."""
    known = sorted(one for one in known if one[1] > 0)
    if not known:
        return np.ones(len(film.LEVELS))
    places, values = np.array(known).T
    for order in (range(1, len(values)), range(len(values) - 2, -1, -1)):
        for here in order:
            values[here] = min(values[here], _STEP * values[here - order.step])
    return np.exp(np.interp(film.LEVELS, places, np.log(values)))


def _without_waves(power: np.ndarray) -> np.ndarray:
    """The mean (24,) of the power of smooth blocks (n, 24), without the waves of light and shade in low rings.

    The grain of blocks differs by chance only, as gamma distributions do. Low rings have no more power than the median
    block lets expect; where blocks differ more than by chance, no more than the next rings let expect.
    """
    mean = np.maximum(power.mean(axis=0, dtype=np.float64), spectrum.FAINT)
    count, shape = spectrum.counts()[_CALM], periodogram.freedom()
    own = np.maximum(power[:, _CALM] / mean[_CALM] @ count / count.sum(), 1e-3)  # fine grain of the block
    alike = power / own[:, None]
    usual = np.median(alike, axis=0) / np.maximum(0.05, 1 - 1 / (9 * shape)) ** 3  # Wilson and Hilferty 1931
    usual *= 1 + 5 / np.sqrt(shape * len(power))  # twice the deviation by chance, as blocks overlap
    low = slice(_LOWEST, 8)
    mean[low] = np.minimum(mean, usual)[low]
    uneven = shape * alike.var(axis=0) / np.maximum(alike.mean(axis=0), spectrum.FAINT) ** 2
    odd = np.flatnonzero(uneven[:_WAVY] > _ODD * (1 + 8 / np.sqrt(len(power))))
    lowest = min(_WAVY - 1, max(_LOWEST, int(odd.max(initial=0)) + 1))
    mean[_LOWEST:] = np.minimum(mean, periodogram.with_lowest(mean, lowest))[_LOWEST:]
    return mean


def _spread(power: np.ndarray) -> float:
    """How many times more than _UNEVEN blocks without texture may differ in energy by chance, as coarse grain does: 1
    or more. In Gaussian noise the energy's relative variance is 2 mean(P^2) / mean(P)^2 / pixels."""
    grid = spectrum.over(spectrum.frequency(spectrum.SIDE), power)
    deviation = float(np.sqrt(2 * (grid**2).mean()) / max(spectrum.FAINT, float(grid.mean())) / spectrum.SIDE)
    return max(1.0, (1 + 2 * deviation) / max(0.25, 1 - 2 * deviation) / _UNEVEN)


def _lit_blocks(image: np.ndarray) -> _Blocks | None:
    """Blocks spread evenly over the image that are neither dark, light nor clipped. None where they are too few, or
    most of them are nothing but a margin that was added later."""
    height, width = image.shape[:2]
    hop = max(_HOP, round((height * width / _MOST) ** 0.5))
    corners = [
        (y, x) for y in range(0, height - spectrum.SIDE + 1, hop) for x in range(0, width - spectrum.SIDE + 1, hop)
    ]
    found = [image[y : y + spectrum.SIDE, x : x + spectrum.SIDE].reshape(-1, 3) for y, x in corners]
    blocks = np.array(found, np.float32).reshape(-1, spectrum.SIDE * spectrum.SIDE, 3)
    brightness = blocks.mean(axis=1) @ LUMA
    clipped = ((blocks <= 0) | (blocks >= 1)).mean(axis=(1, 2))
    lit = (brightness > _LIT) & (brightness < 1 - _LIT) & (clipped < 0.02)
    rest = periodogram.shadeless(blocks[lit])
    grainy = (rest**2).mean(axis=(1, 2)) > _EMPTY
    if grainy.sum() < max(_LEAST, len(grainy) / 2):
        return None
    return _Blocks(periodogram.powers(rest[grainy]), brightness[lit][grainy])
