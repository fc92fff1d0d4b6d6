"""Kinds of damage: each function draws one of them in a square as coats of paint, bottom first."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.training.strokes import Canvas, Path, Plane, beside, bezier, clouds, lumpy, walk, wave

LINE, SPOT, TEAR, STAIN = range(4)
Tone = NDArray[np.float32]  # (3,), RGB 0..1


@dataclass(frozen=True, eq=False)
class Coat:
    """Paint of one `tone` with an opacity mask; `label` is the plane that says so, None for mere shading."""

    mask: Plane
    tone: Tone
    label: int | None


def paper(rng: np.random.Generator) -> Tone:
    """The white of bare paper or of a hole in the emulsion: mostly a little warm, seldom coloured as film is."""
    if rng.random() < 0.06:
        return rng.uniform(0.3, 1, 3).astype(np.float32)
    level = rng.uniform(0.78, 1.0)
    return np.clip(level * np.array([1, 1 - rng.uniform(-0.01, 0.06), 1 - rng.uniform(-0.02, 0.16)]), 0, 1).astype(
        np.float32
    )


def soot(rng: np.random.Generator) -> Tone:
    """The dark of dirt, of holes in a negative's print or of shadows."""
    return np.clip(rng.uniform(0.0, 0.18) + rng.normal(0, 0.015, 3), 0, 1).astype(np.float32)


def bright_or_dark(rng: np.random.Generator) -> Tone:
    return paper(rng) if rng.random() < 0.7 else soot(rng)


def _width(rng: np.random.Generator) -> float:
    """Of a line, 0.7 to 6 px, half of them under 1.5."""
    return 0.7 * (6 / 0.7) ** (rng.random() ** 1.7)


def _worn(mask: Plane, strength: float, rng: np.random.Generator) -> Plane:
    """The mask, eaten away by fine noise: `strength` 0..1."""
    noise = clouds(len(mask), float(rng.choice([0.8, 1.5, 3.0])), rng)
    return np.round(mask * np.clip(1 - strength * (0.35 + noise), 0, 1)).astype(np.uint8)


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
    return _ridged(_worn(canvas.mask(), rng.uniform(0, 0.5), rng), rng)


def _ridged(mask: Plane, rng: np.random.Generator) -> list[Coat]:
    """A line of a random tone; a quarter get a soft edge of the opposite tone at one side."""
    tone = bright_or_dark(rng)
    coats = [Coat(mask, tone, LINE)]
    if rng.random() < 0.25:
        dx, dy = rng.choice([-1.0, 0.0, 1.0], 2) * rng.uniform(0.7, 1.6)
        moved = cv2.warpAffine(mask, np.array([[1, 0, dx], [0, 1, dy]]), mask.shape[::-1])
        opposite = soot(rng) if tone.mean() > 0.5 else paper(rng)
        coats.insert(0, Coat(_scaled(cv2.GaussianBlur(moved, (0, 0), 0.8), rng.uniform(0.2, 0.5)), opposite, None))
    return coats


def _scaled(mask: Plane, factor: float) -> Plane:
    return cv2.convertScaleAbs(mask, alpha=factor)


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
    return _ridged(_worn(canvas.mask(), rng.uniform(0, 0.6), rng), rng)


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
    angle = rng.uniform(0, 2 * np.pi)
    start = rng.uniform(0.15 * size, 0.85 * size, 2) - size * np.array([np.cos(angle), np.sin(angle)])
    path = walk(start, angle + rng.normal(0, 0.1), 2 * size, rng.uniform(0.005, 0.04), rng)
    reach = rng.uniform(1.5, 7)
    coats = [
        Coat(_shade(size, beside(path, side * reach), reach, rng.uniform(0.08, 0.4)), tone, None)
        for side, tone in ((1, paper(rng)), (-1, soot(rng)))
    ]
    core, flakes = Canvas(size), Canvas(size)
    opacity = rng.uniform(0.5, 1.0) * np.clip(0.5 + 0.8 * wave(len(path), len(path) / 4, rng), 0, 1)
    width = rng.uniform(0.7, 2.2)
    core.stroke(path, width * (1 + 0.4 * wave(len(path), len(path) / 3, rng)), opacity)
    for place in path[rng.random(len(path)) < rng.uniform(0.02, 0.35)]:
        flakes.area(lumpy(place + rng.normal(0, 1.2, 2), rng.uniform(0.6, 0.7 + width), 0.35, rng), 1)
    tone = paper(rng)
    return [*coats, Coat(_worn(core.mask(), rng.uniform(0.2, 0.8), rng), tone, LINE), Coat(flakes.mask(), tone, LINE)]


def _shade(size: int, path: Path, reach: float, opacity: float) -> Plane:
    """A soft band `reach` px to each side of the path."""
    canvas = Canvas(size)
    canvas.stroke(path, reach, opacity)
    return cv2.GaussianBlur(canvas.mask(), (0, 0), 0.5 * reach)


def crack(size: int, rng: np.random.Generator) -> list[Coat]:
    """A branching network of breaks in the emulsion, wider and flaked off where they meet."""
    canvas = Canvas(size)
    width, kink = rng.uniform(0.8, 3.2), rng.uniform(0.15, 0.4)
    open_ends = [(rng.uniform(0, size, 2), rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 1.0) * size, width)]
    for _ in range(int(rng.integers(3, 16))):
        if not open_ends:
            break
        start, heading, length, width = open_ends.pop(0)
        path = walk((start[0], start[1]), heading, length, kink, rng)
        taper = np.linspace(1, 0.4, len(path))
        widths = np.maximum(0.7, width * taper * (1 + 0.35 * wave(len(path), len(path) / 2, rng)))
        canvas.stroke(path, widths, np.clip(0.95 + 0.3 * wave(len(path), len(path) / 4, rng), 0, 1))
        for _ in range(int(rng.integers(0, 4))):
            at = int(rng.integers(0, len(path)))
            turn = rng.choice([-1, 1]) * rng.uniform(0.6, 1.7)
            open_ends.append((path[at], heading + turn, length * rng.uniform(0.25, 0.8), width * rng.uniform(0.4, 0.9)))
            if width > 1 and rng.random() < 0.6:
                canvas.area(lumpy(path[at], rng.uniform(0.8, 1.6) * width, 0.35, rng), 1)
    mask = _worn(canvas.mask(), rng.uniform(0.0, 0.6), rng)
    return _raised(mask, paper(rng) if rng.random() < 0.85 else soot(rng), rng)


def _raised(mask: Plane, tone: Tone, rng: np.random.Generator) -> list[Coat]:
    """A break in the emulsion; half of them with soft shadows along their edges."""
    coats = [Coat(mask, tone, LINE)]
    if rng.random() < 0.5:
        shadow = cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 2.5))
        coats.insert(0, Coat(_scaled(shadow, rng.uniform(0.3, 0.8)), soot(rng), None))
    return coats


def craze(size: int, rng: np.random.Generator) -> list[Coat]:
    """Crackled emulsion: fine breaks between cells, some of them closed, fading out towards the side."""
    from scipy.spatial import Voronoi

    cell = rng.uniform(12, 60)
    centre, reach = rng.uniform(0, size, 2), rng.uniform(0.2, 0.6) * size
    points = centre + rng.normal(0, reach, (int(np.clip((2.5 * reach / cell) ** 2, 8, 250)), 2))
    cells = Voronoi(points)
    canvas = Canvas(size)
    width, kept = rng.uniform(0.7, 1.6), rng.uniform(0.5, 0.95)
    for a, b in cells.ridge_vertices:
        ends = cells.vertices[[a, b]]
        length = float(np.hypot(*(ends[1] - ends[0])))
        if a < 0 or length > 4 * cell or rng.random() > kept:
            continue
        count = max(2, int(length / 5) + 1)
        path = ends[0] + np.linspace(0, 1, count)[:, None] * (ends[1] - ends[0])
        path[1:-1] += rng.normal(0, 0.8, (count - 2, 2))
        canvas.stroke(path, width * rng.uniform(0.6, 1.4), rng.uniform(0.4, 1.0))
    mask = _worn(canvas.mask(), rng.uniform(0, 0.5), rng)
    return _raised(mask, paper(rng) if rng.random() < 0.7 else soot(rng), rng)


def _places(size: int, count: int, rng: np.random.Generator) -> Path:
    """Where spots are: half of the time all over, else around one place."""
    if rng.random() < 0.5:
        return rng.uniform(0, size, (count, 2))
    return rng.normal(rng.uniform(0, size, 2), rng.uniform(0.05, 0.4) * size, (count, 2))


def dust(size: int, rng: np.random.Generator) -> list[Coat]:
    """Round specks 1 to 6 px wide, most of them small."""
    canvas = Canvas(size)
    count = 1 + int(rng.exponential(14) * (size / 256) ** 2)
    radii = 0.5 * 6 ** (rng.random(count) ** rng.uniform(1, 3))
    canvas.dots(_places(size, count, rng), radii, rng.uniform(0.4, 1.0, count))
    return [Coat(canvas.mask(), bright_or_dark(rng), SPOT)]


def specks(size: int, rng: np.random.Generator) -> list[Coat]:
    """Lumps of dirt 2 to 8 px wide, irregular and often long."""
    canvas = Canvas(size)
    for place in _places(size, 1 + int(rng.exponential(6) * (size / 256) ** 2), rng):
        outline = lumpy(np.zeros(2), rng.uniform(1, 4) * rng.uniform(0.5, 1), 0.45, rng)
        angle, flat = rng.uniform(0, np.pi), rng.uniform(0.3, 1)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        canvas.area(place + (outline * (1, flat)) @ turn.T, rng.uniform(0.5, 1))
    return [Coat(canvas.mask(), bright_or_dark(rng), SPOT)]


def sprinkle(size: int, rng: np.random.Generator) -> list[Coat]:
    """A cloud of the finest specks, 1 to 2 px."""
    canvas = Canvas(size)
    count = int(rng.uniform(20, 150) * size / 256)
    centres = rng.normal(rng.uniform(0, size, 2), rng.uniform(0.04, 0.25, 2) * size, (count, 2))
    canvas.dots(centres, rng.uniform(0.3, 1.0, count), rng.uniform(0.3, 1.0, count))
    return [Coat(canvas.mask(), bright_or_dark(rng), SPOT)]


def blotch(size: int, rng: np.random.Generator) -> list[Coat]:
    """Emulsion lost or mould grown over 6 to 16 px: ragged, sometimes with a rim."""
    canvas, tone = Canvas(size), bright_or_dark(rng)
    for place in rng.uniform(0, size, (int(rng.integers(1, 4)), 2)):
        canvas.area(lumpy(place, rng.uniform(3, 8), rng.uniform(0.2, 0.4), rng), rng.uniform(0.6, 1))
    mask = _worn(canvas.mask(), rng.uniform(0, 0.5), rng)
    if rng.random() < 0.3:
        rim = cv2.subtract(cv2.GaussianBlur(mask, (0, 0), 2.0), mask)
        return [Coat(mask, tone, SPOT), Coat(rim, soot(rng) if tone.mean() > 0.5 else paper(rng), None)]
    return [Coat(mask, tone, SPOT)]


def stain(size: int, rng: np.random.Generator) -> list[Coat]:
    """A soft, faint discolouration, as water leaves it: some with a darker rim."""
    canvas = Canvas(size)
    canvas.area(lumpy(rng.uniform(0, size, 2), rng.uniform(0.1, 0.4) * size, 0.25, rng), 1)
    mask = cv2.GaussianBlur(canvas.mask(), (0, 0), rng.uniform(1.5, 8))
    if rng.random() < 0.4:
        rim = cv2.absdiff(mask, cv2.GaussianBlur(mask, (0, 0), rng.uniform(3, 8)))
        mask = cv2.addWeighted(mask, 0.6, rim, 1.2, 0)
    level = rng.uniform(0.1, 0.9)
    tone = np.clip(level * np.array([1, rng.uniform(0.75, 1), rng.uniform(0.5, 1)]), 0, 1).astype(np.float32)
    cloudy = np.clip(1 + 0.3 * clouds(size, 12.0, rng), 0, 1.3)
    return [Coat(np.round(mask * (rng.uniform(0.06, 0.3) * cloudy)).astype(np.uint8), tone, STAIN)]


KINDS: dict[Callable[[int, np.random.Generator], list[Coat]], float] = {  # how often each is drawn
    scratch: 3.0,
    hair: 1.5,
    crease: 1.0,
    crack: 1.2,
    craze: 0.5,
    dust: 3.0,
    specks: 2.0,
    sprinkle: 1.0,
    blotch: 0.8,
}
