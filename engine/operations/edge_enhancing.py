"""Edge-enhancing diffusion as an operation: smooths along edges, not across."""

from dataclasses import dataclass, replace

from engine import noise
from engine.diffusion import edge_enhancing, evolving
from engine.image import Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_THRESHOLD = 0.35  # of the noise level: gradients are taken after blurs, which leave that much of it


@dataclass(frozen=True)
class EdgeEnhancing(Operation):
    """Weickert (1998), the edge threshold set by the noise level, measured or given."""

    title = "Edge-enhancing diffusion"
    group = "noise"
    summary = "Lets colours flow along edges only: cleans noisy edges and lines, fine texture gets streaky."

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
    edges: float = param(1.0, "Edge threshold", "Higher smooths fainter edges too; 1 suits the noise", low=0.1, high=4)
    time: float = param(2.0, "Time", "How long it flows; longer smooths farther", low=0.1, high=30, slider="log")
    amount: float = param(1.0, "Amount", "Share of the effect.", low=0.0, high=1.0)

    @property
    def context(self) -> int:
        return edge_enhancing.reach(self.time)

    def settle(self, image: Image) -> "EdgeEnhancing":
        if not self.automatic or self.amount == 0:
            return self
        return replace(self, automatic=False, sigma=round(min(75.0, noise.estimate(image) * 255), 2))

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        threshold = _THRESHOLD * self.edges * self.settle(image).sigma / 255
        if self.amount == 0 or threshold == 0:
            progress(1.0)
            return image
        return evolving.evolve(
            image,
            lambda planes: edge_enhancing.flow(planes, threshold, self.time),
            evolving.count(self.time, edge_enhancing.STEP),
            self.context,
            self.amount,
            progress,
        )
