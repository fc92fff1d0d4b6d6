"""Decoys: thin or small things that belong to the picture and look like damage: wires, twigs, letters, stars, cloth."""

from collections.abc import Callable

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.training.degrade import on
from engine.training.strokes import Canvas, Plane, bezier, lumpy, walk, wave

COLOURS = 4  # of a picture's palette: its dark, its light, two of its pixels
DARK, LIGHT, ANY, OTHER = range(COLOURS)
Strokes = tuple[Plane, int]  # opacity (H, W) and which colour of the palette


def _colour(rng: np.random.Generator) -> int:
    return int(rng.integers(COLOURS))


def wires(size: int, rng: np.random.Generator) -> list[Strokes]:
    """One to five sagging lines from edge to edge, about parallel, even in width."""
    canvas = Canvas(size)
    left, right = rng.uniform(-0.2 * size, 1.2 * size, 2)
    gap, sag = rng.uniform(3, 0.2 * size), rng.uniform(0, 0.15) * size
    width = rng.uniform(0.6, 3.0)
    upright = rng.random() < 0.4
    for i in range(int(rng.integers(1, 6))):
        t = np.linspace(-0.1, 1.1, 40)
        y = left + (right - left) * t + i * gap + 4 * sag * t * (1 - t)
        path = np.stack((t * size, y), axis=1)
        canvas.stroke(path[:, ::-1] if upright else path, width, 1)
    return [(canvas.mask(), _colour(rng))]


def strands(size: int, rng: np.random.Generator) -> list[Strokes]:
    """A lock of hair, grass or fur: many fine tapering curves side by side in two shades."""
    base = bezier(size, rng)
    spread, width = rng.uniform(3, 40), rng.uniform(0.6, 1.4)
    result: list[Strokes] = []
    for _ in range(2):
        canvas = Canvas(size)
        for _ in range(int(rng.integers(3, 16))):
            cut = int(rng.integers(0, max(1, len(base) // 2)))
            near, far = rng.normal(0, spread, 2)
            fan = np.linspace(near, far, len(base))
            path = (base + np.stack((fan, rng.normal(0, 0.5) * fan), axis=1))[cut:]
            canvas.stroke(path, width * np.linspace(1, 0.5, len(path)), rng.uniform(0.5, 1))
        result.append((canvas.mask(), _colour(rng)))
    return result


def twigs(size: int, rng: np.random.Generator) -> list[Strokes]:
    """A branch with its twigs, thinner with every fork."""
    canvas = Canvas(size)
    ends = [(rng.uniform(0, size, 2), rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.9) * size, rng.uniform(1.5, 6))]
    for _ in range(int(rng.integers(6, 22))):
        if not ends:
            break
        start, heading, length, width = ends.pop(0)
        path = walk((start[0], start[1]), heading, length, rng.uniform(0.03, 0.12), rng)
        canvas.stroke(path, np.maximum(0.6, width * np.linspace(1, 0.5, len(path))), 1)
        for at in rng.integers(0, len(path), int(rng.integers(1, 5))).tolist():
            turn = rng.choice([-1, 1]) * rng.uniform(0.3, 0.9)
            ends.append((path[at], heading + turn, length * rng.uniform(0.3, 0.6), 0.55 * width))
    return [(canvas.mask(), DARK if rng.random() < 0.6 else _colour(rng))]


def whiskers(size: int, rng: np.random.Generator) -> list[Strokes]:
    """A few stiff tapering hairs that fan out from about one place."""
    canvas = Canvas(size)
    root, heading = rng.uniform(0, size, 2), rng.uniform(0, 2 * np.pi)
    for _ in range(int(rng.integers(3, 10))):
        start = root + rng.normal(0, 5, 2)
        path = walk((start[0], start[1]), heading + rng.normal(0, 0.3), rng.uniform(20, 110), 0.04, rng)
        canvas.stroke(path, rng.uniform(0.7, 2) * np.linspace(1, 0.4, len(path)), rng.uniform(0.7, 1))
    return [(canvas.mask(), LIGHT if rng.random() < 0.6 else _colour(rng))]


def letters(size: int, rng: np.random.Generator) -> list[Strokes]:
    """A word or two of print or of handwriting, or a scribble."""
    canvas = Canvas(size)
    if rng.random() < 0.3:
        t = np.linspace(0, 1, 60)
        tall = rng.uniform(3, 10)
        x = rng.uniform(0, 0.6 * size) + 90 * t + tall * wave(60, 25, rng)
        canvas.stroke(np.stack((x, rng.uniform(0, size) + tall * wave(60, 30, rng)), axis=1), rng.uniform(0.7, 2), 1)
        return [(canvas.mask(), _colour(rng))]
    for _ in range(int(rng.integers(1, 4))):
        text = "".join(chr(c) for c in rng.integers(65, 123, int(rng.integers(2, 12))))
        place = rng.integers(-20, 2 * size, 2).tolist()
        font, height = int(rng.integers(0, 8)), rng.uniform(0.5, 2.5)
        cv2.putText(canvas.fine, text, place, font, height, 255, int(rng.integers(1, 5)), cv2.LINE_AA)
    mask = canvas.mask()
    if rng.random() < 0.5:
        turn = cv2.getRotationMatrix2D((size / 2, size / 2), rng.uniform(-90, 90), 1)
        mask = cv2.warpAffine(mask, turn, (size, size))
    return [(mask, _colour(rng))]


def fence(size: int, rng: np.random.Generator) -> list[Strokes]:
    """Regular lines in one or two directions: bars, a grid, stripes, wire mesh."""
    canvas = Canvas(size)
    gap, width = rng.uniform(6, 50), rng.uniform(0.6, 3)
    first = rng.uniform(0, np.pi) if rng.random() < 0.5 else rng.choice([0, np.pi / 2]) + rng.normal(0, 0.03)
    low, high = np.sort(rng.uniform(-0.8 * size, 0.8 * size, 2))
    for angle in (first, first + rng.uniform(0.8, np.pi / 2))[: int(rng.integers(1, 3))]:
        along = np.array([np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        for offset in np.arange(low, high, gap)[:60]:
            ends = size / 2 + across * offset + np.outer([-size, size], along)
            canvas.stroke(ends, width, 1)
    return [(canvas.mask(), _colour(rng))]


def lights(size: int, rng: np.random.Generator) -> list[Strokes]:
    """Stars, sparkles, far windows, pebbles, petals: small bright or dark dots, all softer than dust."""
    canvas = Canvas(size)
    count = 1 + int(rng.exponential(30) * (size / 256) ** 2)
    centres = rng.normal(rng.uniform(0, size, 2), rng.uniform(0.05, 0.5) * size, (count, 2))
    canvas.dots(centres, 0.7 * 5 ** (rng.random(count) ** 2), rng.uniform(0.5, 1, count))
    mask = cv2.convertScaleAbs(cv2.GaussianBlur(canvas.mask(), (0, 0), rng.uniform(0.7, 1.6)), alpha=2.0)
    return [(mask, LIGHT if rng.random() < 0.7 else _colour(rng))]


def cloth(size: int, rng: np.random.Generator) -> list[Strokes]:
    """Stripes, checks or a net on something that has folds: lines at even distances, bent alike, drawn through or
    stitched, on a part of the picture."""
    canvas = Canvas(size)
    gap, width, angle = rng.uniform(4, 26), rng.uniform(0.6, 2.2), rng.uniform(0, np.pi)
    waves = [(rng.normal(0, 0.06 * size), rng.normal(0, 6, 2) / size, rng.uniform(0, 6.3)) for _ in range(3)]
    stitch = rng.uniform(3, 9) if rng.random() < 0.4 else 0.0
    for turn in (0.0, rng.uniform(0.8, np.pi / 2))[: 1 if rng.random() < 0.65 else 2]:
        along = np.array([np.cos(angle + turn), np.sin(angle + turn)])
        across = np.array([-along[1], along[0]])
        reach = np.arange(-0.75 * size, 0.75 * size, 2.0 if stitch else 5.0)
        shown = np.where(np.arange(len(reach)) * 2.0 % stitch < 0.5 * stitch, 1.0, 0.2) if stitch else 1.0
        for offset in np.arange(-0.75 * size, 0.75 * size, gap):
            path = size / 2 + np.outer(reach, along) + offset * across
            bent = sum(high * np.sin(path @ pace + phase) for high, pace, phase in waves)
            strength = shown * np.clip(0.8 + 0.3 * wave(len(reach), 12, rng), 0.2, 1)
            canvas.stroke(path + np.outer(bent, across), width, strength)
    part = Canvas(size)
    part.area(lumpy(rng.uniform(0, size, 2), rng.uniform(0.2, 0.7) * size, 0.2, rng), 1)
    return [(cv2.multiply(canvas.mask(), part.mask(), scale=1 / 255), _colour(rng))]


def chains(size: int, rng: np.random.Generator) -> list[Strokes]:
    """One to three chains, strings of beads, ropes or seams: small things one after the other along a curve."""
    canvas = Canvas(size)
    reach, kind = rng.uniform(1.2, 5), int(rng.integers(3))
    width = rng.uniform(0.6, 1 + 0.3 * reach)
    round_ = np.linspace(0, 2 * np.pi, 16)
    for _ in range(int(rng.integers(1, 4))):
        base = bezier(size, rng)
        legs = np.hypot(*np.diff(base, axis=0).T)
        gone = np.concatenate(([0.0], np.cumsum(legs)))
        every = np.arange(0, gone[-1], (1.4, 2.1, 1.2)[kind] * reach)
        places = np.stack([np.interp(every, gone, base[:, axis]) for axis in (0, 1)], axis=1)
        if len(places) < 3:
            continue
        if kind == 1:
            canvas.dots(places, np.full(len(places), reach), rng.uniform(0.7, 1, len(places)))
            continue
        along = np.gradient(places, axis=0)
        along /= np.maximum(1e-6, np.linalg.norm(along, axis=1))[:, None]
        across = np.stack((-along[:, 1], along[:, 0]), axis=1)
        for number, (place, one, other) in enumerate(zip(places, along, across, strict=True)):
            if kind == 2:  # slanted stitches
                canvas.stroke(place + np.outer([-reach, reach], 0.7 * one + 0.7 * other), width, 1)
            elif number % 2:  # a link from its edge
                canvas.stroke(place + np.outer([-reach, reach], one), width, 1)
            else:
                ring = np.outer(np.cos(round_), reach * one) + np.outer(np.sin(round_), 0.6 * reach * other)
                canvas.stroke(place + ring, width, 1)
    return [(canvas.mask(), _colour(rng))]


KINDS: list[Callable[[int, np.random.Generator], list[Strokes]]] = [
    wires,
    strands,
    twigs,
    whiskers,
    letters,
    fence,
    lights,
]
ROWS = cloth, chains  # that are drawn with random numbers of their own, so that scenes of old have the same damage


def draw(size: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """No, one or two kinds of decoys, and in three of ten scenes cloth or chains. Returns opacity and colour of the
    palette, uint8 (size, size) each."""
    (apart,) = rng.spawn(1)
    drawn = [KINDS[int(rng.integers(len(KINDS)))](size, rng) for _ in range(int(rng.choice(3, p=[0.4, 0.45, 0.15])))]
    if apart.random() < 0.3:
        drawn.append(ROWS[int(apart.integers(len(ROWS)))](size, apart))
    opacity, colour = np.zeros((size, size), np.uint8), np.zeros((size, size), np.uint8)
    for mask, index in [one for strokes in drawn for one in strokes]:
        colour[mask > opacity] = index
        opacity = np.maximum(opacity, mask)
    return opacity, colour


def add(reference: Tensor, opacity: Tensor, colour: Tensor, generator: torch.Generator) -> Tensor:
    """The references (B, 3, H, W) in 0..1 with decoys in colours of their own.

    `opacity` (B, 1, H, W) in 0..1, `colour` (B, 1, H, W) int64 into the palette. In half of the pictures they show
    only before what is lighter, or darker, than the picture's middle, as a wire before the sky does: damage respects
    no outline, things do.
    """
    count = len(reference)
    colours = _palette(reference, generator)  # (B, COLOURS, 3)
    before = on(reference, torch.rand(count, 1, 1, 1, generator=generator))
    luma = F.avg_pool2d(reference.mean(1, keepdim=True), 5, 1, 2)
    middle = luma.mean((2, 3), keepdim=True)
    hidden = ((before < 0.25) & (luma > middle)) | ((before > 0.75) & (luma < middle))
    opacity = opacity * (~hidden).to(opacity.dtype)
    index = colour.flatten(1)[..., None].expand(-1, -1, 3)  # (B, H * W, 3)
    paint = colours.gather(1, index).transpose(1, 2).reshape(reference.shape)
    return reference + (paint - reference) * opacity


def _palette(reference: Tensor, generator: torch.Generator) -> Tensor:
    """Four colours of each picture: a dark one, a light one, two of its pixels made a little lighter or darker."""
    count, _, height, width = reference.shape
    place = on(reference, torch.randint(height * width, (count, 64), generator=generator))
    pixels = reference.flatten(2).transpose(1, 2).gather(1, place[..., None].expand(-1, -1, 3))  # (B, 64, 3)
    order = pixels.sum(2).argsort(1)
    ranked = pixels.gather(1, order[..., None].expand(-1, -1, 3))
    least = torch.tensor([0.4, 1.0, 0.6, 0.6]).view(1, 4, 1)
    most = torch.tensor([1.0, 1.5, 1.4, 1.4]).view(1, 4, 1)
    change = on(reference, least + (most - least) * torch.rand(count, 4, 1, generator=generator))
    picked = torch.stack((ranked[:, 1], ranked[:, -2], pixels[:, 0], pixels[:, 1]), 1)
    return (picked * change).clamp(0, 1)
