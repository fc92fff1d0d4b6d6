"""Cleaning up what JPEG has left: blocks, ringing, blotched colours, by a recurrent net that improves pass by pass."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine import models
from engine.image import Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress


@dataclass(frozen=True)
class Jpeg(Operation):
    """A convolutional GRU in `passes` over the photo, told the quality where that is known. The first two build on each
    other, each further one sees the photo turned or mirrored and is averaged with those before."""

    title = "JPEG clean-up"
    group = "noise"
    summary = "Removes the blocks and halos of strong JPEG compression, better with each pass."
    weights = "jpeg-gru"
    grid = 8

    automatic: bool = param(
        True, "Quality from the file", "Uses the quality of the JPEG file; it is guessed where the file is none"
    )
    quality: int = param(
        0,
        "JPEG quality",
        "Of the file when it was saved; lower means more damage; at 0 it is guessed from the picture",
        low=0,
        high=100,
        unless="automatic",
        lowest="guessed",
    )
    passes: int = param(3, "Passes", "More take longer and clean better; each is shown as it comes", low=1, high=6)
    amount: float = param(1.0, "Amount", "Share of the change", low=0, high=1)

    @property
    def context(self) -> int | None:
        return 96

    def informed(self, facts: Mapping[str, float]) -> "Jpeg":
        if not self.automatic:
            return self
        return replace(self, automatic=False, quality=round(facts.get("jpeg quality", 0)))

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if self.amount == 0:
            return image
        quality = 0 if self.automatic else self.quality  # nobody told: not a file's photo
        result = image
        model = models.load("jpeg-gru")
        for number, answer in enumerate(
            model.passes(image, quality / 100, count=self.passes, progress=progress), start=1
        ):
            result = answer.image
            if self.amount < 1:
                result -= (1 - self.amount) * (result - image)
            if number < self.passes:
                progress.offer(result, replace(self, passes=number))
        return result
