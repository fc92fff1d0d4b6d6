"""Drawing for the damage simulator: paths, soft noise, and a canvas of twice the resolution for thin strokes."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = np.ndarray  # uint8 (H, W), 0..255 = opacity
Path = NDArray[np.float64]  # (N, 2), x and y in px
Numbers = NDArray[np.float64]  # (N,)

FINE = 2  # canvas px per px: with OpenCV's antialiasing on top, widths come in steps of half a px
_SHIFT = 4  # fractional bits of the coordinates that OpenCV draws with
_NOISE = 512  # px, period of the noise textures


class Canvas:
    """A square of `size` px to draw soft-edged shapes on; `mask` gives the result as opacity."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.fine = np.zeros((size * FINE, size * FINE), np.uint8)

    def stroke(self, path: Path, width: Numbers | float, opacity: Numbers | float) -> None:
        """A line along `path`, `width` px wide and `opacity` 0..1, one number or one a point; gaps where 0."""
        points = _fixed(path).tolist()
        count = len(points)
        widths = np.maximum(1, np.round(np.broadcast_to(width, count) * FINE)).astype(int).tolist()
        values = np.round(np.clip(np.broadcast_to(opacity, count), 0, 1) * 255).tolist()
        for i in range(count - 1):
            if values[i] > 8:
                cv2.line(self.fine, points[i], points[i + 1], values[i], widths[i], cv2.LINE_AA, _SHIFT)

    def area(self, outline: Path, opacity: float) -> None:
        """The inside of a closed outline."""
        cv2.fillPoly(self.fine, [_fixed(outline)], round(255 * opacity), cv2.LINE_AA, _SHIFT)

    def dots(self, centres: Path, radii: Numbers, opacities: Numbers) -> None:
        """Discs; `radii` in px."""
        fixed = np.maximum(4, np.round(radii * FINE * (1 << _SHIFT))).astype(int).tolist()
        values = np.round(opacities * 255).tolist()
        for centre, radius, value in zip(_fixed(centres).tolist(), fixed, values, strict=True):
            cv2.circle(self.fine, centre, radius, value, cv2.FILLED, cv2.LINE_AA, _SHIFT)

    def mask(self) -> Plane:
        """What was drawn. (size, size)"""
        return cv2.resize(self.fine, (self.size, self.size), interpolation=cv2.INTER_AREA)


def _fixed(points: Path) -> NDArray[np.int32]:
    """Coordinates in px, pixel centres at whole numbers, as OpenCV's fixed-point ones on the canvas."""
    return np.round(((points + 0.5) * FINE - 0.5) * (1 << _SHIFT)).astype(np.int32)


def wave(count: int, features: float, rng: np.random.Generator) -> Numbers:
    """Smooth noise along a line: `count` numbers, mean 0, deviation about 1, about `features` bumps."""
    knots = rng.standard_normal(max(2, round(features) + 1))
    return np.interp(np.linspace(0, len(knots) - 1, count), np.arange(len(knots)), knots)


def walk(
    start: Path | tuple[float, float],
    heading: float,
    length: float,
    wobble: float,
    rng: np.random.Generator,
    jag: float = 0.0,
) -> Path:
    """A random walk of `length` px whose heading drifts by `wobble` radians (deviation) per 10 px.

    `jag` is the deviation of each step's own heading, which comes back: cracks are rough but go somewhere.
    """
    stride = 3.0 if jag else 4.0
    steps = max(3, round(length / stride))
    headings = heading + np.cumsum(rng.normal(0, wobble * np.sqrt(stride / 10), steps)) + rng.normal(0, jag, steps)
    moves = stride * np.stack((np.cos(headings), np.sin(headings)), axis=1)
    moves[0] = 0
    return np.asarray(start) + np.cumsum(moves, axis=0)


def bezier(size: int, rng: np.random.Generator) -> Path:
    """A cubic Bezier curve between two places in or near a square of `size` px."""
    a, d = rng.uniform(-0.2 * size, 1.2 * size, (2, 2))
    b, c = (a + (d - a) * t + rng.normal(0, 0.15 * size, 2) for t in (0.33, 0.67))
    t = np.linspace(0, 1, max(8, int(np.hypot(*(d - a)) / 5)))[:, None]
    return a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t**2 * (1 - t) + d * t**3


def lumpy(centre: Path, radius: float, roughness: float, rng: np.random.Generator) -> Path:
    """A closed outline around `centre`: a disc of `radius` px with random harmonics of deviation `roughness`."""
    count = int(np.clip(6 * radius, 10, 64))
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    orders = np.arange(2, 7)[:, None]
    sizes = rng.normal(0, roughness, (5, 1)) / np.sqrt(orders)
    reach = radius * np.maximum(0.3, 1 + (sizes * np.cos(orders * angle + rng.uniform(0, 2 * np.pi, (5, 1)))).sum(0))
    return centre + reach[:, None] * np.stack((np.cos(angle), np.sin(angle)), axis=1)


def beside(path: Path, distance: Numbers | float) -> Path:
    """The path moved to its left by `distance` px, one number or one a point."""
    along = np.gradient(path, axis=0)
    across = np.stack((-along[:, 1], along[:, 0]), axis=1) / np.maximum(1e-6, np.linalg.norm(along, axis=1))[:, None]
    return path + across * np.broadcast_to(distance, len(path))[:, None]


@cache
def _texture(scale: float) -> NDArray[np.float32]:
    """Periodic noise with features of `scale` px, mean 0, deviation 1."""
    noise = np.random.default_rng(7).standard_normal((_NOISE, _NOISE)).astype(np.float32)
    border = int(4 * scale) + 1
    wide = cv2.copyMakeBorder(noise, border, border, border, border, cv2.BORDER_WRAP)
    soft = cv2.GaussianBlur(wide, (0, 0), scale)[border:-border, border:-border]
    return (soft - soft.mean()) / soft.std()


def clouds(size: int, scale: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """A random piece of noise with features of `scale` px, mean 0, deviation 1. (size, size)"""
    y, x = rng.integers(0, _NOISE, 2)
    rows, columns = (np.arange(size) + y) % _NOISE, (np.arange(size) + x) % _NOISE
    piece = _texture(scale)[rows][:, columns]
    return piece if rng.random() < 0.5 else np.ascontiguousarray(piece.T)
