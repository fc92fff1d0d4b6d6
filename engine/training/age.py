"""Ageing photos by rule: shapes of damage as soft masks, fading and grain; makes the sample photo and test masks."""

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Files

from engine.image import Image, Mask, frozen

_SHIFT = 4  # fractional bits of the coordinates that OpenCV draws with


def scratches(shape: tuple[int, int], count: int, width: tuple[float, float], rng: np.random.Generator) -> Mask:
    """`count` long scratches, `width` px (least, most) wide: random walks, most of them nearly upright."""
    height, breadth = shape
    canvas = np.zeros(shape, np.uint8)
    for _ in range(count):
        steps = int(rng.integers(30, 120))
        upright = rng.random() < 0.6
        heading = (np.pi / 2 if upright else rng.uniform(0, np.pi)) + rng.normal(0, 0.06)
        heading += np.cumsum(rng.normal(0, 0.02 if upright else 0.06, steps))
        stride = rng.uniform(0.25, 1.0) * max(shape) / steps
        start = rng.uniform((0, 0), (breadth, height)) - (0, height * 0.3)
        path = start + np.cumsum(stride * np.stack((np.cos(heading), np.sin(heading)), axis=1), axis=0)
        _draw(canvas, path, rng.uniform(*width))
    return frozen(canvas / np.float32(255))


def hairs(shape: tuple[int, int], count: int, width: tuple[float, float], rng: np.random.Generator) -> Mask:
    """`count` curled fibres of 3 to 12 % of the picture's longer side."""
    canvas = np.zeros(shape, np.uint8)
    for _ in range(count):
        steps = 40
        heading = rng.uniform(0, 2 * np.pi) + np.cumsum(np.cumsum(rng.normal(0, 0.02, steps)) + rng.normal(0, 0.05))
        stride = rng.uniform(0.03, 0.12) * max(shape) / steps
        path = rng.uniform((0, 0), shape[::-1]) + np.cumsum(
            stride * np.stack((np.cos(heading), np.sin(heading)), axis=1), axis=0
        )
        _draw(canvas, path, rng.uniform(*width))
    return frozen(canvas / np.float32(255))


def blotches(shape: tuple[int, int], count: int, radius: tuple[float, float], rng: np.random.Generator) -> Mask:
    """`count` lumpy spots of `radius` px (least, most)."""
    canvas = np.zeros(shape, np.uint8)
    for _ in range(count):
        angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        lumps = sum(rng.normal(0, 0.25 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in range(2, 6))
        reach = rng.uniform(*radius) * np.maximum(0.4, 1 + lumps)
        outline = rng.uniform((0, 0), shape[::-1]) + reach[:, None] * np.stack((np.cos(angle), np.sin(angle)), axis=1)
        cv2.fillPoly(canvas, [_fixed(outline)], 255, cv2.LINE_AA, _SHIFT)
    return frozen(canvas / np.float32(255))


def _draw(canvas: np.ndarray, path: np.ndarray, width: float) -> None:
    """A smooth-edged line `width` px wide; OpenCV's own are whole pixels wide, so this draws at four times the size."""
    big = 4
    low = np.clip(np.floor(path.min(axis=0) - width - 2), 0, canvas.shape[::-1]).astype(int)
    high = np.clip(np.ceil(path.max(axis=0) + width + 2), 0, canvas.shape[::-1]).astype(int)
    if (high <= low).any():
        return
    part = np.zeros((high - low)[::-1] * big, np.uint8)
    cv2.polylines(part, [_fixed((path - low) * big)], False, 255, max(1, round(width * big)), cv2.LINE_AA, _SHIFT)
    small = cv2.resize(part, tuple(int(side) for side in high - low), interpolation=cv2.INTER_AREA)
    place = canvas[low[1] : high[1], low[0] : high[0]]
    np.maximum(place, small, out=place)


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round(points * (1 << _SHIFT)).astype(np.int32)


def _clouds(shape: tuple[int, int], scale: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise with features of `scale` px, mean 0, standard deviation 1. (H, W)"""
    small = rng.standard_normal((int(shape[0] / scale) + 4, int(shape[1] / scale) + 4)).astype(np.float32)
    noise = cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return (noise - noise.mean()) / noise.std()


def fade(image: Image, rng: np.random.Generator) -> Image:
    """Colours of a print that hung in the light: cyan dye gone, blacks lifted, uneven. Same shape, new array."""
    grey = image.mean(axis=2, keepdims=True)
    muted = 0.72 * image + 0.28 * grey
    low, high = np.array([0.13, 0.09, 0.07], np.float32), np.array([0.97, 0.90, 0.78], np.float32)
    uneven = 1 + 0.02 * _clouds(image.shape[:2], max(image.shape) / 4, rng)[..., None]
    return np.clip((low + muted * (high - low)) * uneven, 0, 1)


def grain(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    """Film grain of standard deviation `sigma` (0..1), strongest in the mid-tones, a third of it in colour."""
    luma = rng.standard_normal((*image.shape[:2], 1))
    noise = (0.9 * luma + 0.45 * rng.standard_normal(image.shape)).astype(np.float32)
    strength = 0.5 + 2 * image.mean(axis=2, keepdims=True) * (1 - image.mean(axis=2, keepdims=True))
    return np.clip(image + sigma * strength * noise, 0, 1)


def age(image: Image, seed: int) -> Image:
    """An old family print of the image: faded, creased, scratched, dusty, grainy. Same shape."""
    rng = np.random.default_rng(seed)
    shape = image.shape[:2]
    wear = np.clip(0.75 + 0.25 * _clouds(shape, 60, rng), 0.35, 1)[..., None]
    result = fade(image, rng)
    for mask, tone in (
        (scratches(shape, 9, (1.0, 2.4), rng), 0.94),
        (scratches(shape, 3, (0.8, 1.6), rng), 0.10),
        (hairs(shape, 9, (1.0, 1.8), rng), 0.95),
        (blotches(shape, 130, (0.8, 2.6), rng), 0.96),
        (blotches(shape, 40, (0.8, 2.2), rng), 0.08),
        (blotches(shape, 7, (4, 8), rng), 0.93),
    ):
        cover = mask[..., None] * wear
        result = (result * (1 - cover) + tone * cover).astype(np.float32)
    return frozen(grain(result, 0.045, rng))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m engine.training.age", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path, help="a JPEG")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0, help="enlarge first, as a scan of a small print is")
    arguments = parser.parse_args()
    with Files.open(arguments.source) as file:
        size = [round(side * arguments.scale) for side in file.size]
        pixels = np.asarray(file.convert("RGB").resize((size[0], size[1]), Files.Resampling.LANCZOS))
    aged = age(frozen(pixels / np.float32(255)), arguments.seed)
    Files.fromarray(np.round(aged * 255).astype(np.uint8)).save(
        arguments.target, quality=90, subsampling=0, dpi=(300, 300)
    )


if __name__ == "__main__":
    main()
