"""Ageing photos: fading, damage from the simulator and grain make an old print; makes the sample photo."""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image as Files

from engine.image import Image, frozen
from engine.training import damage
from engine.training.damage_film import Film, read_film
from engine.training.damage_scene import scene

_SIGMA = 0.045  # of the grain


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


def damaged(image: Image, film: Film, seed: int) -> Image:
    """The image under one scene of the damage simulator, without its decoys. Same shape, new array."""
    height, width = image.shape[:2]
    planes = scene(film, max(height, width), seed)[:, :height, :width]
    layers = damage.Layers(torch.from_numpy(planes)[None])
    batch = torch.from_numpy(image.transpose(2, 0, 1).copy())[None]
    return damage.apply(batch, layers)[0].permute(1, 2, 0).contiguous().numpy()


def age(image: Image, film: Film, seed: int) -> Image:
    """An old family print of the RGB image: faded, damaged as `seed` says, grainy. Same shape; {} is no film masks."""
    rng = np.random.default_rng(seed)
    return frozen(grain(damaged(fade(image, rng), film, seed), _SIGMA, rng))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m engine.training.age", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path, help="a JPEG")
    parser.add_argument("--seed", type=int, default=0, help="of the damage, the fading and the grain")
    parser.add_argument("--scale", type=float, default=1.0, help="enlarge first, as a scan of a small print is")
    parser.add_argument("--film", type=Path, help="folder of film masks to take damage from as well; changes all seeds")
    arguments = parser.parse_args()
    film = read_film(arguments.film) if arguments.film else {}
    if arguments.film and not film:
        parser.error(f"no film masks in {arguments.film}")
    with Files.open(arguments.source) as file:
        size = [round(side * arguments.scale) for side in file.size]
        pixels = np.asarray(file.convert("RGB").resize((size[0], size[1]), Files.Resampling.LANCZOS))
    aged = age(frozen(pixels / np.float32(255)), film, arguments.seed)
    Files.fromarray(np.round(aged * 255).astype(np.uint8)).save(
        arguments.target, quality=90, subsampling=0, dpi=(300, 300)
    )


if __name__ == "__main__":
    main()
