"""Imagining: making up what may have been under the mask, another way for every seed."""

from dataclasses import dataclass

import numpy as np

from engine import models
from engine.diffusion import sampling
from engine.errors import RestoreError
from engine.filling import grain, holes
from engine.image import Box, Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_CELL = 64  # px: holes in the same square of this side are made up together


@dataclass(frozen=True)
class Imagine(Operation):
    """Makes up every pixel with mask > 0; the others stay as they are to the last bit."""

    title = "Imagine"
    group = "sample"
    summary = "Makes up something that fits for holes up to some 40 px, another one for each seed; no objects."
    needs_mask = True
    grid = 8

    method: str = param(
        "posterior",
        "Method",
        "How it is made up",
        choices={"posterior": "Our denoiser, from noise"},
    )
    grain: float = param(0.0, "Grain", "Puts back as much grain as the surroundings have.", low=0.0, high=1.0)
    seed: int = param(0, "Seed", "Another number makes up something else.", low=0, high=999999)

    @property
    def context(self) -> int:
        return 64  # px around the whole hole: the denoiser looks 48 px far, the coarser pictures farther but vaguely

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if mask is None or not mask.any():
            raise RestoreError("Imagine needs a selection: paint over the damage first.")
        if mask.all():
            raise RestoreError("The selection leaves nothing to go by: keep some of the photo outside it.")
        unknown, result = mask > 0, image.copy()
        progress(0.0)
        parts = list(holes.find(unknown, _CELL))
        sizes = np.cumsum([0.0, *(_area(box.grown(self.context, image.shape)) for box, _own in parts)])
        main = progress.part(0.0, 0.9 if self.grain > 0 else 1.0)
        for number, (box, own) in enumerate(parts):
            wide = box.grown(self.context, image.shape).aligned(self.grid)
            part = main.part(sizes[number] / sizes[-1], sizes[number + 1] / sizes[-1])
            random = np.random.default_rng((self.seed, number))
            filled = sampling.fill(image[wide.slices], unknown[wide.slices], _denoise, random, part)
            inner = holes.within(box, wide)
            np.copyto(result[box.slices], filled[inner.slices], where=own[..., None])
        if self.grain > 0:
            result[unknown] += self.grain * grain.match(result, unknown, unknown, self.seed, progress.part(0.9, 1.0))
            np.clip(result, 0, 1, out=result)
        progress(1.0)
        return result


def _denoise(image: np.ndarray, sigma: float, progress: Progress) -> np.ndarray:
    return models.load("denoise-u24")(image, sigma, sigma, sigma, progress=progress)


def _area(box: Box) -> int:
    return (box.bottom - box.top) * (box.right - box.left)
