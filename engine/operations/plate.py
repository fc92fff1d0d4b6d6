"""Plates: pictures made by rule from a seed, as backgrounds and test charts."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from engine import models, samplers
from engine.errors import RestoreError
from engine.image import LUMA, Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_BAND = 256  # rows made at once
_LAYERS = 5.0  # of leaves over each other: e^-5 of the ground shows
_MOST_LEAVES = 1_000_000
_LEARNED = 64  # px, of the largest structure that the generator was shown
_LEAVES_AT_ONCE = 20_000  # drawn in less than a second

_KINDS = {
    "noise": "Noise, Gaussian",
    "uniform": "Noise, uniform",
    "clouds": "Clouds (1/f)",
    "linear": "Gradient, linear",
    "radial": "Gradient, radial",
    "leaves": "Dead leaves",
}
if models.is_shipped("plates-gan"):
    _KINDS["gan"] = "Learned from photos"


@dataclass(frozen=True)
class Plate(Operation):
    """A picture of the image's size that depends on nothing but the parameters and that size."""

    title = "Plate"
    group = "sample"
    summary = "Makes a background or test chart: noise, clouds, a gradient or leaves."
    colours = True

    kind: str = param("clouds", "Kind", "By rule, or by a network that has learned from photos.", choices=_KINDS)
    seed: int = param(0, "Seed", "Another number gives another picture.", low=0, high=999999)
    twist: int = param(
        0, "Variation", "Of learned plates: others than 0 stay near what the seed makes.", low=0, high=999
    )
    own: bool = param(False, "Trained on my photos", "Of learned plates: by the net that was trained here, if any.")
    scale: float = param(
        128.0,
        "Scale",
        "Of the largest clouds or leaves, or learned structure.",
        low=2.0,
        high=4096.0,
        unit="px",
        slider="log",
    )
    slope: float = param(1.6, "Slope", "Of clouds: higher is smoother.", low=0.0, high=3.0)
    contrast: float = param(0.5, "Contrast", "0: one even tone.", low=0.0, high=1.0)
    colourful: bool = param(True, "Colourful", "Off: grey.")
    first: str = param("", "First colour", "Of a gradient, as #rrggbb; empty: by the seed.")
    second: str = param("", "Second colour", "Of a gradient, as #rrggbb; empty: by the seed.")

    @property
    def context(self) -> None:
        return None

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        height, width = image.shape[:2]
        random = np.random.default_rng(self.seed)
        if self.kind == "gan":
            return self._learned(height, width, progress)
        if self.kind in ("noise", "uniform"):
            result = self._noise(height, width, random, progress)
        elif self.kind == "clouds":
            result = self._clouds(height, width, random, progress)
        elif self.kind == "leaves":
            result = self._leaves(height, width, random, progress)
        else:
            result = self._gradient(height, width, random, progress)
        return result if result.shape[2] == 3 else np.repeat(result, 3, axis=2)

    @property
    def _channels(self) -> int:
        return 3 if self.colourful else 1

    def _learned(self, height: int, width: int, progress: Progress) -> np.ndarray:
        """By the generator, enlarged so that what it makes at some 64 px has the scale."""
        larger = max(1.0, self.scale / _LEARNED)
        rows, columns = (max(32, math.ceil(side / larger)) for side in (height, width))
        made = samplers.texture("plates-gan", (rows, columns), self.seed, self.twist, own=self.own, progress=progress)
        made = 0.5 + 2 * self.contrast * (made - 0.5)
        if not self.colourful:
            made = np.repeat((made @ LUMA)[..., None], 3, axis=2)
        if larger > 1:
            size = max(width, round(columns * larger)), max(height, round(rows * larger))
            made = cv2.resize(made, size, interpolation=cv2.INTER_CUBIC)
        return np.clip(made[:height, :width], 0, 1)

    def _noise(self, height: int, width: int, random: np.random.Generator, progress: Progress) -> np.ndarray:
        result = np.empty((height, width, self._channels), np.float32)
        for top in progress.each(range(0, height, _BAND)):
            band = result[top : top + _BAND]
            if self.kind == "noise":
                band[:] = 0.5 + self.contrast / 3 * random.standard_normal(band.shape, np.float32)
            else:
                band[:] = 0.5 + self.contrast * (random.random(band.shape, np.float32) - 0.5)
            np.clip(band, 0, 1, out=band)
        return result

    def _clouds(self, height: int, width: int, random: np.random.Generator, progress: Progress) -> np.ndarray:
        """Noise of amplitude 1/f^slope; in colour two such fields mix three seeded colours."""
        hue, apart = random.random(), random.uniform(0.2, 0.5)  # first: the same colours at any size
        field = _octaves(height, width, self.scale, self.slope, random, progress.part(0.0, 0.45))
        if not self.colourful:
            return np.clip(0.5 + self.contrast * 0.4 * field, 0, 1)[..., None]
        other = _octaves(height, width, 2 * self.scale, self.slope + 0.4, random, progress.part(0.45, 0.9))
        one, two = _colour(hue, 0.55, 1.0), _colour(hue + apart, 0.55, 1.0)
        result = np.empty((height, width, 3), np.float32)
        for top in progress.part(0.9, 1.0).each(range(0, height, _BAND)):
            rows = slice(top, top + _BAND)
            share = 1 / (1 + np.exp(-1.5 * other[rows, :, None]))
            tint = one + share * (two - one)
            result[rows] = np.clip(tint * (0.65 + self.contrast * 0.4 * field[rows, :, None]), 0, 1)
        return result

    def _gradient(self, height: int, width: int, random: np.random.Generator, progress: Progress) -> np.ndarray:
        hue, angle = random.random(), random.uniform(0, 2 * math.pi)
        place = random.uniform(0.25, 0.75, 2) * (height, width)
        saturation = 0.5 if self.colourful else 0.0
        one = _colour(hue, saturation, 0.5 + 0.45 * self.contrast)
        two = _colour(hue + random.uniform(0.05, 0.2), saturation, 0.5 - 0.4 * self.contrast)
        one, two = _read(self.first, one), _read(self.second, two)
        if not self.colourful:
            one, two = (np.full(3, colour.mean(), np.float32) for colour in (one, two))
        result = np.empty((height, width, 3), np.float32)
        x = np.arange(width, dtype=np.float32)
        reach = max(1.0, abs(math.cos(angle)) * (width - 1) + abs(math.sin(angle)) * (height - 1))
        farthest = max(1.0, math.hypot(max(place[0], height - place[0]), max(place[1], width - place[1])))
        for top in progress.each(range(0, height, _BAND)):
            y = np.arange(top, min(height, top + _BAND), dtype=np.float32)[:, None]
            if self.kind == "linear":
                along = (x - (width - 1) / 2) * math.cos(angle) + (y - (height - 1) / 2) * math.sin(angle)
                share = along / reach + 0.5
            else:
                share = np.hypot(y - place[0], x - place[1]) / farthest
            result[top : top + _BAND] = np.clip(one + np.clip(share, 0, 1)[..., None] * (two - one), 0, 1)
        return result

    def _leaves(self, height: int, width: int, random: np.random.Generator, progress: Progress) -> np.ndarray:
        """Dead leaves (Matheron 1968; Lee, Mumford and Huang 2001): opaque shapes whose radii follow r^-3, each with
        its own colour, shading and texture."""
        middle = random.random()  # first: the same colours at any size
        texture = _octaves(height, width, max(4.0, self.scale / 4), 1.2, random, progress.part(0.0, 0.2))
        leaves = _scatter(height, width, self.scale, random)
        count = len(leaves) + 1  # leaf 0 is the ground
        hue = middle + 0.16 * random.standard_normal(count)
        light = np.clip(0.5 + self.contrast * 0.9 * (random.random(count) - 0.5), 0, 1)
        saturation = random.uniform(0.1, 0.75, count) if self.colourful else np.zeros(count)
        colour = _colour(hue, saturation, light * 1.1)[:, : self._channels]
        rough = random.uniform(0.0, 0.3, count).astype(np.float32) * np.float32(self.contrast)
        result = np.empty((height, width, self._channels), np.float32)
        step = min(_BAND, max(1, height * _LEAVES_AT_ONCE // len(leaves)))  # rows
        for top in progress.part(0.2, 1.0).each(range(0, height, step)):
            rows = min(step, height - top)
            index = _draw(leaves, top, rows, width)
            shade = 1 + rough[index] * np.repeat(np.repeat(texture[top : top + rows], 2, axis=0), 2, axis=1)
            fine = colour[index] * shade[..., None]
            result[top : top + rows] = np.clip(fine.reshape(rows, 2, width, 2, -1).mean(axis=(1, 3)), 0, 1)
        return result


def _octaves(
    height: int, width: int, scale: float, slope: float, random: np.random.Generator, progress: Progress
) -> np.ndarray:
    """A field (H, W) of mean 0 and deviation 1 with amplitudes 1/f^slope, down to wavelengths of about `scale` px: sums
    of interpolated white noise, which has the amplitude density of its cell's side."""
    field = np.zeros((height, width), np.float32)
    for octave in progress.each(range(1 + max(0, round(math.log2(scale))))):
        cell = 2**octave
        rows, columns = height // cell + 5, width // cell + 5
        coarse = random.standard_normal((rows, columns), np.float32)
        shift_y, shift_x = random.random(2) + 1
        weight = cell ** (slope - 1)
        for top in range(0, height, _BAND):
            field[top : top + _BAND] += weight * _stretch(coarse, cell, shift_y, shift_x, top, field[top : top + _BAND])
    field -= field.mean()
    field /= max(float(field.std()), 1e-6)
    return field


def _stretch(coarse: np.ndarray, cell: int, shift_y: float, shift_x: float, top: int, like: np.ndarray) -> np.ndarray:
    """`coarse` noise with `cell` px between its values, interpolated, for as many rows from `top` on as `like` has."""
    first = int(top / cell)
    rows, width = like.shape
    part = coarse[first : first + rows // cell + 5]
    if cell == 1:
        return part[:rows, :width]
    y = np.arange(top, top + rows, dtype=np.float32) / cell + shift_y - first
    x = np.arange(width, dtype=np.float32) / cell + shift_x
    across = _rows(np.ascontiguousarray(part.T), x)  # (width, part rows)
    return _rows(np.ascontiguousarray(across.T), y)


def _rows(array: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Rows of `array` at fractional places, by cubic B-splines: smooth, never beyond the values."""
    whole = np.floor(place).astype(int)
    t = (place - whole)[:, None]
    parts = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    last = len(array) - 1
    taps = [part * array[np.clip(whole + step - 1, 0, last)] for step, part in enumerate(parts)]
    return ((taps[0] + taps[1] + taps[2] + taps[3]) / 6).astype(np.float32)


def _colour(hue: float | np.ndarray, saturation: float | np.ndarray, value: float | np.ndarray) -> np.ndarray:
    """RGB (..., 3) of hues in turns."""
    hue, saturation, value = (np.asarray(one, np.float32)[..., None] for one in (hue, saturation, value))
    ramp = np.clip(np.abs((hue + np.array([1, 2 / 3, 1 / 3], np.float32)) % 1 * 6 - 3) - 1, 0, 1)
    return (value * (1 - saturation + saturation * ramp)).astype(np.float32)


def _read(text: str, otherwise: np.ndarray) -> np.ndarray:
    """The colour written as #rrggbb. Raises RestoreError."""
    if not text:
        return otherwise
    digits = text.removeprefix("#")
    try:
        if len(digits) != 6:
            raise ValueError
        return np.frombuffer(bytes.fromhex(digits), np.uint8).astype(np.float32) / 255
    except ValueError:
        raise RestoreError(f"A colour is written as #rrggbb, not “{text}”.") from None


def _scatter(height: int, width: int, scale: float, random: np.random.Generator) -> np.ndarray:
    """Leaves (n, 6) from the back to the front: y, x, radius, aspect, turn, shape."""
    high, low = scale / 2, max(1.0, scale / 32)
    area = (height + 2 * high) * (width + 2 * high)
    low = max(low, math.sqrt(_LAYERS * area / _MOST_LEAVES / 12))  # a leaf covers some 12 low^2 at high / low = 16
    high = max(high, 1.1 * low)
    mean = 0.8 * 2 * math.pi * low**2 * math.log(high / low) / (1 - (low / high) ** 2)  # px, of density r^-3
    count = math.ceil(_LAYERS * area / mean)
    if count > _MOST_LEAVES:
        low, high = (radius * math.sqrt(count / _MOST_LEAVES) for radius in (low, high))
        count = _MOST_LEAVES
    u = random.random(count)
    radius = ((1 - u) * low**-2 + u * high**-2) ** -0.5
    return np.stack(
        [
            random.uniform(-high, height + high, count),
            random.uniform(-high, width + high, count),
            radius,
            random.uniform(0.45, 1.0, count),
            random.uniform(0, 180, count),
            random.random(count),
        ],
        axis=1,
    )


def _draw(leaves: np.ndarray, top: int, rows: int, width: int) -> np.ndarray:
    """Which leaf is in front, at twice the resolution: (2 * rows, 2 * width), 0 where none is."""
    index = np.zeros((2 * rows, 2 * width), np.int32)
    near = (leaves[:, 0] + leaves[:, 2] >= top) & (leaves[:, 0] - leaves[:, 2] <= top + rows)
    for leaf in np.flatnonzero(near):
        y, x, radius, aspect, turn, shape = leaves[leaf]
        centre, axes = (2 * x, 2 * (y - top)), (2 * radius, 2 * radius * aspect)
        if shape < 0.7:
            outline = cv2.ellipse2Poly(
                (round(centre[0]), round(centre[1])), tuple(map(round, axes)), int(turn), 0, 360, 12
            )
        else:
            outline = np.round(cv2.boxPoints((centre, (1.5 * axes[0], 1.5 * axes[1]), turn))).astype(np.int32)
        cv2.fillConvexPoly(index, np.asarray(outline), int(leaf) + 1)
    return index
