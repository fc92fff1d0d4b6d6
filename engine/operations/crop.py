"""Cutting a rectangle out."""

from dataclasses import dataclass

from engine.errors import RestoreError
from engine.image import Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress


@dataclass(frozen=True)
class Crop(Operation):
    """The part of the rectangle that lies in the photo. Raises RestoreError where none does."""

    title = "Crop"
    group = "geometry"
    summary = "Keeps a rectangle of the photo."
    moves = True

    left: int = param(0, "Left", low=0, high=1_000_000, unit="px")
    top: int = param(0, "Top", low=0, high=1_000_000, unit="px")
    width: int = param(0, "Width", "0: up to the right edge.", low=0, high=1_000_000, unit="px", lowest="to the edge")
    height: int = param(
        0, "Height", "0: down to the lower edge.", low=0, high=1_000_000, unit="px", lowest="to the edge"
    )

    @property
    def context(self) -> None:
        return None

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        progress(0.0)
        height, width = image.shape[:2]
        if self.left >= width or self.top >= height:
            raise RestoreError(f"The rectangle starts outside the photo, which is {width} x {height} pixels.")
        right = self.left + self.width if self.width else width
        bottom = self.top + self.height if self.height else height
        result = image[self.top : bottom, self.left : right].copy()
        progress(1.0)
        return result
