"""Damage that is long: each function draws a kind of it in a square as coats of paint, bottom first."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.training.damage_coats import LINE, Coat, Tone, bright_or_dark, paper, scaled, soot, worn
from engine.training.strokes import Canvas, Path, Plane, beside, bezier, lumpy, walk, wave


def _width(rng: np.random.Generator) -> float:
    """Of a line, 0.7 to 6 px, half of them under 1.5."""
    return 0.7 * (6 / 0.7) ** (rng.random() ** 1.7)


def _faded(path: Path, rng: np.random.Generator) -> NDArray[np.float64]:
    """Opacity along a path: uneven, often interrupted, thin at the ends."""
    count = len(path)
    base = rng.uniform(0.35, 1.0)
    opacity = base * np.clip(0.85 + 0.4 * wave(count, count / 6, rng), 0.15, 1)
    if rng.random() < 0.5:
        opacity *= np.clip(1.2 + 1.5 * wave(count, count / rng.uniform(8, 25), rng), 0, 1)
    ends = np.minimum(np.arange(count), np.arange(count)[::-1]) / max(1.0, 0.12 * count)
    return opacity * np.clip(ends + 0.2, 0, 1)


def scratch(size: int, rng: np.random.Generator) -> list[Coat]:
    """One to three scratches in about the same direction, some with a dark edge where the emulsion was pushed up."""
    canvas = Canvas(size)
    heading, width = rng.uniform(0, np.pi), _width(rng)
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.5:
            path = bezier(size, rng)
        else:
            start = (rng.uniform(0, size), rng.uniform(0, size))
            path = walk(start, heading + rng.normal(0, 0.15), rng.uniform(15, 1.2 * size), rng.uniform(0, 0.08), rng)
        canvas.stroke(path, width * (1 + 0.25 * wave(len(path), len(path) / 5, rng)), _faded(path, rng))
    return _ridged(worn(canvas.mask(), rng.uniform(0, 0.5), rng), rng)


def bundle(size: int, rng: np.random.Generator) -> list[Coat]:
    """Near-vertical scratches beside each other, as film gets them when it runs past dirt."""
    canvas = Canvas(size)
    heading, middle = np.pi / 2 + rng.normal(0, 0.03), rng.uniform(0, size)
    spread, thin = rng.uniform(3, 0.3 * size), rng.random() < 0.7
    for _ in range(int(rng.integers(2, 10))):
        length = size * rng.uniform(0.2, 1.5)
        start = (rng.normal(middle, spread), rng.uniform(-0.5 * length, size))
        path = walk(start, heading, length, rng.uniform(0, 0.006), rng)
        width = rng.uniform(0.7, 1.3) if thin else _width(rng)
        canvas.stroke(path, width, _faded(path, rng))
    return _ridged(worn(canvas.mask(), rng.uniform(0, 0.6), rng), rng)


def _ridged(mask: Plane, rng: np.random.Generator) -> list[Coat]:
    """A line of a random tone; a quarter get a soft edge of the opposite tone at one side."""
    tone = bright_or_dark(rng)
    coats = [Coat(mask, tone, LINE)]
    if rng.random() < 0.25:
        dx, dy = rng.choice([-1.0, 0.0, 1.0], 2) * rng.uniform(0.7, 1.6)
        moved = cv2.warpAffine(mask, np.array([[1, 0, dx], [0, 1, dy]]), mask.shape[::-1])
        opposite = soot(rng) if tone.mean() > 0.5 else paper(rng)
        coats.insert(0, Coat(scaled(cv2.GaussianBlur(moved, (0, 0), 0.8), rng.uniform(0.2, 0.5)), opposite, None))
    return coats


def hair(size: int, rng: np.random.Generator) -> list[Coat]:
    """A curled fibre: even in width and opacity, its curvature drifting."""
    canvas = Canvas(size)
    length, stride = rng.uniform(15, 140), 2.5
    steps = int(length / stride)
    bend = np.cumsum(rng.normal(0, 0.03, steps)) + rng.normal(0, 0.06)
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(bend)
    path = rng.uniform(0, size, 2) + stride * np.cumsum(np.stack((np.cos(heading), np.sin(heading)), axis=1), axis=0)
    canvas.stroke(path, rng.uniform(0.7, 2.2), rng.uniform(0.4, 1.0) * np.clip(1 + 0.15 * wave(steps, 8, rng), 0, 1))
    return [Coat(canvas.mask(), paper(rng) if rng.random() < 0.6 else soot(rng), LINE)]


def crease(size: int, rng: np.random.Generator) -> list[Coat]:
    """A fold across the picture: light one side, dark the other, and in the middle broken emulsion that flaked off."""
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.6 else rng.choice([0, np.pi / 2]) + rng.normal(0, 0.05)
    start = rng.uniform(0.15 * size, 0.85 * size, 2) - size * np.array([np.cos(angle), np.sin(angle)])
    path = walk(start, angle, 2 * size, rng.uniform(0.005, 0.03), rng, jag=rng.uniform(0.1, 0.5))
    path = path[((path > -9) & (path < size + 9)).all(1)]
    if len(path) < 8:
        return []
    reach = rng.uniform(1.5, 6)
    coats = [
        Coat(_shade(size, beside(path, side * reach), reach, rng.uniform(0.05, 0.35)), tone, None)
        for side, tone in ((1, paper(rng)), (-1, soot(rng)))
    ]
    canvas, tone, count = Canvas(size), paper(rng), len(path)
    gaps = rng.uniform(-0.3, 0.8) + wave(count, count / rng.uniform(3, 12), rng)
    width = rng.uniform(0.7, 2.0)
    widths = width * np.clip(1 + 0.5 * wave(count, count / 2, rng), 0.4, 2.5)
    canvas.stroke(path, widths, rng.uniform(0.6, 1.0) * np.clip(gaps, 0, 1))
    coats.append(Coat(worn(canvas.mask(), rng.uniform(0.0, 0.7), rng), tone, LINE))
    return [*coats, Coat(_flakes(size, path[gaps > rng.uniform(0, 1.2)], 0.9 * width, rng), tone, LINE)]


def _flakes(size: int, places: Path, radius: float, rng: np.random.Generator) -> Plane:
    """Ragged bits of lost emulsion of about `radius` px, here and there at the places."""
    canvas = Canvas(size)
    for place in places[rng.random(len(places)) < rng.uniform(0.05, 0.4)]:
        canvas.area(lumpy(place + rng.normal(0, 0.7 * radius, 2), radius * rng.gamma(3, 0.33), 0.6, rng), 1)
    return worn(canvas.mask(), rng.uniform(0, 0.4), rng)


def _shade(size: int, path: Path, reach: float, opacity: float) -> Plane:
    """A soft band `reach` px to each side of the path."""
    canvas = Canvas(size)
    canvas.stroke(path[::3], reach, opacity)
    return cv2.GaussianBlur(canvas.mask(), (0, 0), 0.5 * reach)


def _branches(size: int, most: float, rng: np.random.Generator) -> list[tuple[Path, NDArray[np.float64]]]:
    """A branching network: paths and widths at their points, up to about `most` px."""
    first = rng.uniform(0.3, 1.0) * size
    ends = [(rng.uniform(0, size, 2), rng.uniform(0, 2 * np.pi), first, most)]
    jag = rng.uniform(0.2, 0.7)
    branches: list[tuple[Path, NDArray[np.float64]]] = []
    for _ in range(min(40, 2 + int(rng.exponential(9)))):
        if not ends:
            break
        start, heading, length, width = ends.pop(0)
        path = walk(start, heading, length, rng.uniform(0.03, 0.25), rng, jag)
        count = len(path)
        uneven = np.exp(0.4 * wave(count, count / 2, rng) + 0.3 * wave(count, count / 9, rng))
        branches.append((path, np.maximum(0.6, width * np.linspace(1, 0.35, count) * uneven)))
        for _ in range(int(rng.integers(1, 4))):
            at, turn = int(rng.integers(0, count)), rng.choice([-1, 1]) * rng.uniform(0.6, 1.7)
            ends.append((path[at], heading + turn, length * rng.uniform(0.25, 0.8), width * rng.uniform(0.4, 0.95)))
    return branches


def crack(size: int, rng: np.random.Generator) -> list[Coat]:
    """A branching network of breaks in the emulsion, wider and flaked off where they meet."""
    canvas = Canvas(size)
    width = 0.8 * 4 ** (rng.random() ** 1.5)
    branches = _branches(size, width, rng)
    for path, widths in branches:
        canvas.stroke(path, widths, np.clip(1.05 + 0.3 * wave(len(path), len(path) / 4, rng), 0.3, 1))
    mask = worn(canvas.mask(), rng.uniform(0.0, 0.5), rng)
    if rng.random() < 0.6:
        junctions = np.concatenate([path[:3] for path, _ in branches])
        mask = np.maximum(mask, _flakes(size, junctions, rng.uniform(0.8, 1.5) * width, rng))
    return _raised(mask, paper(rng) if rng.random() < 0.85 else soot(rng), rng)


def wrinkle(size: int, rng: np.random.Generator) -> list[Coat]:
    """Creased but unbroken emulsion: faint lines, light one side and dark the other, as raking light shows them."""
    light, dark = Canvas(size), Canvas(size)
    shift = rng.uniform(0.6, 1.2, 2) * rng.choice([-1, 1], 2)
    for path, widths in _branches(size, rng.uniform(0.8, 2.0), rng):
        strength = np.clip(0.8 + 0.5 * wave(len(path), len(path) / 5, rng), 0, 1)
        light.stroke(path + shift, widths, strength)
        dark.stroke(path - shift, widths, strength)
    opacity = rng.uniform(0.25, 0.75)
    return [
        Coat(scaled(dark.mask(), opacity * rng.uniform(0.6, 1)), soot(rng), LINE),
        Coat(scaled(light.mask(), opacity * rng.uniform(0.6, 1)), paper(rng), LINE),
    ]


def craze(size: int, rng: np.random.Generator) -> list[Coat]:
    """Crackled emulsion: fine breaks between cells, some of them closed, fading out towards the side."""
    from scipy.spatial import Voronoi

    cell = rng.uniform(12, 60)
    centre, reach = rng.uniform(0, size, 2), rng.uniform(0.2, 0.6) * size
    points = centre + rng.normal(0, reach, (int(np.clip((2.5 * reach / cell) ** 2, 8, 120)), 2))
    cells = Voronoi(points)
    canvas = Canvas(size)
    width, kept = rng.uniform(0.7, 1.6), rng.uniform(0.5, 0.95)
    for a, b in cells.ridge_vertices:
        ends = cells.vertices[[a, b]]
        length = float(np.hypot(*(ends[1] - ends[0])))
        outside = (ends.max(axis=0) < 0).any() or (ends.min(axis=0) > size).any()
        if a < 0 or outside or length > 4 * cell or rng.random() > kept:
            continue
        count = max(2, int(length / 4) + 1)
        path = ends[0] + np.linspace(0, 1, count)[:, None] * (ends[1] - ends[0])
        path[1:-1] += rng.normal(0, 0.9, (count - 2, 2))
        widths = width * rng.uniform(0.6, 1.4) * np.clip(1 + 0.4 * wave(count, count, rng), 0.4, 2)
        canvas.stroke(path, widths, rng.uniform(0.4, 1.0))
    mask = worn(canvas.mask(), rng.uniform(0, 0.5), rng)
    return _raised(mask, paper(rng) if rng.random() < 0.75 else soot(rng), rng)


def _raised(mask: Plane, tone: Tone, rng: np.random.Generator) -> list[Coat]:
    """A break in the emulsion; half of them with soft shadows along their edges."""
    coats = [Coat(mask, tone, LINE)]
    if rng.random() < 0.5:
        shadow = cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 2.5))
        coats.insert(0, Coat(scaled(shadow, rng.uniform(0.3, 0.8)), soot(rng), None))
    return coats
