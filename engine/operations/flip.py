"""Mirroring."""

from dataclasses import dataclass

import numpy as np

from engine.image import Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress


@dataclass(frozen=True)
class Flip(Operation):
    """Every pixel keeps its value; twice gives the input."""

    title = "Flip"
    group = "geometry"
    summary = "Mirrors the photo, without loss."
    moves = True

    direction: str = param(
        "horizontal", "Direction", choices={"horizontal": "Left becomes right", "vertical": "Top becomes bottom"}
    )

    @property
    def context(self) -> None:
        return None

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        progress(0.0)
        result = np.ascontiguousarray(np.flip(image, axis=1 if self.direction == "horizontal" else 0))
        progress(1.0)
        return result
