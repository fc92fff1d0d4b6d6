"""Total variation as an operation: as few and as short edges as the noise allows."""

from dataclasses import dataclass, replace

from engine import noise
from engine.diffusion import evolving, total_variation
from engine.image import Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress


@dataclass(frozen=True)
class TotalVariation(Operation):
    """Rudin, Osher and Fatemi (1992) on all colours together, its weight `strength` times the noise level, which is
    the best one on photos at sigma 5 to 50."""

    title = "Total variation"
    group = "noise"
    summary = "Keeps edges and flattens what lies between them: good on plain surfaces, fine texture goes."

    automatic: bool = param(True, "Measure noise", "Measures the noise level; off: use the level below")
    sigma: float = param(
        10.0,
        "Noise level",
        "Standard deviation in steps of 8 bits, when not measured",
        low=0,
        high=75,
        unit="/255",
        unless="automatic",
    )
    strength: float = param(1.0, "Strength", "1 suits the noise level, more flattens more", low=0, high=3)
    amount: float = param(1.0, "Amount", "Share of the effect.", low=0.0, high=1.0)

    @property
    def context(self) -> int:
        return total_variation.REACH

    def settle(self, image: Image) -> "TotalVariation":
        if not self.automatic or self.strength == 0 or self.amount == 0:
            return self
        return replace(self, automatic=False, sigma=round(min(75.0, noise.estimate(image) * 255), 2))

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        weight = self.strength * self.settle(image).sigma / 255
        if self.amount == 0 or weight == 0:
            progress(1.0)
            return image
        return evolving.evolve(
            image,
            lambda planes: total_variation.flow(planes, weight),
            total_variation.STEPS,
            self.context,
            self.amount,
            progress,
        )
