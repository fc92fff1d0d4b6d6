"""Turning by quarters."""

from dataclasses import dataclass

import numpy as np

from engine.image import Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress


@dataclass(frozen=True)
class Rotate(Operation):
    """Every pixel keeps its value; two turns that add up to 360 degrees give the input."""

    title = "Rotate"
    group = "geometry"
    summary = "Turns the photo by quarters, without loss."
    moves = True

    turn: str = param("90", "Turn", choices={"90": "Clockwise", "180": "Upside down", "270": "Anticlockwise"})

    @property
    def context(self) -> None:
        return None

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        progress(0.0)
        result = np.ascontiguousarray(np.rot90(image, -int(self.turn) // 90))
        progress(1.0)
        return result
