"""Perona-Malik diffusion as an operation: smooths what is flat, leaves what is steep."""

from dataclasses import dataclass, replace

from engine import noise
from engine.diffusion import evolving, perona_malik
from engine.image import Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_THRESHOLD = 0.7  # of the noise level: best of 0.5-0.9 on photos at sigma 5-50, time 2


@dataclass(frozen=True)
class PeronaMalik(Operation):
    """Perona and Malik (1990), the edge threshold set by the noise level, measured or given."""

    title = "Perona-Malik diffusion"
    group = "noise"
    summary = "Lets colours flow together except over edges: quick and predictable, leaves single specks."

    automatic: bool = param(True, "Measure noise", "Measures the noise level; off: use the level below")
    measure: str = param(
        "noise",
        "Measure by",
        "What noise level the edges must exceed, when measured",
        choices={"noise": "Smoothest places", "gradients": "Typical gradient"},
    )
    sigma: float = param(
        10.0,
        "Noise level",
        "Standard deviation in steps of 8 bits, when not measured",
        low=0,
        high=75,
        unit="/255",
        unless="automatic",
    )
    edges: float = param(1.0, "Edge threshold", "Higher smooths fainter edges too; 1 suits the noise", low=0.1, high=4)
    time: float = param(2.0, "Time", "How long it flows; longer smooths farther", low=0.1, high=30, slider="log")
    amount: float = param(1.0, "Amount", "Share of the effect.", low=0.0, high=1.0)

    @property
    def context(self) -> int:
        return perona_malik.reach(self.time)

    def settle(self, image: Image) -> "PeronaMalik":
        if not self.automatic or self.amount == 0:
            return self
        found = noise.estimate(image) if self.measure == "noise" else perona_malik.gradient_scale(image)
        return replace(self, automatic=False, sigma=round(min(75.0, found * 255), 2))

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        settled = self.settle(image)
        threshold = _THRESHOLD * self.edges * settled.sigma / 255
        if self.amount == 0 or threshold == 0:
            progress(1.0)
            return image
        steps = evolving.count(self.time, perona_malik.STEP)
        return evolving.evolve(
            image,
            lambda planes: perona_malik.flow(planes, threshold, self.time),
            steps,
            self.context,
            self.amount,
            progress,
        )
