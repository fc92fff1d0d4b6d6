"""Removing scratches, streaks and dust without a mask, by a recurrent net that finds and fills them pass by pass."""

from dataclasses import dataclass, replace

from engine import models
from engine.image import Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress


@dataclass(frozen=True)
class Streaks(Operation):
    """A convolutional LSTM in `passes` over the photo; what its soft mask leaves out stays as it is. Passes after the
    second see the photo turned and mirrored, and the result is the mean."""

    title = "Remove streaks"
    group = "repair"
    summary = "Finds scratches, streaks and dust by itself and removes them in one go; no selection needed."
    weights = "streaks-lstm"
    grid = 32

    passes: int = param(5, "Passes", "More take longer and find more; each is shown as it comes", low=1, high=6)
    amount: float = param(1.0, "Amount", "Share of the change", low=0, high=1)

    @property
    def context(self) -> int | None:
        return 96

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if self.amount == 0:
            return image
        result = image
        answers = models.load("streaks-lstm").passes(image, count=self.passes, progress=progress)
        for number, answer in enumerate(answers, start=1):
            result = answer.image
            if self.amount < 1:
                result -= (1 - self.amount) * (result - image)
            if number < self.passes:
                progress.offer(result, replace(self, passes=number))
        return result
