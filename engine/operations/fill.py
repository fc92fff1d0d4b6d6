"""Filling: making up the pixels under the mask from those around it."""

from dataclasses import dataclass

import numpy as np

from engine.errors import RestoreError
from engine.filling import fsr, grain, harmonic, march
from engine.image import Image, Mask, bounds, is_grey
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress


@dataclass(frozen=True)
class Fill(Operation):
    """Fills every pixel with mask > 0."""

    title = "Fill"
    group = "repair"
    summary = "Makes up what was under scratches, dust and stains from what lies around them."
    needs_mask = True

    method: str = param(
        "fsr",
        "Method",
        "Frequencies continue texture and edges; the others are quicker and smoother.",
        choices={
            "fsr": "Continue frequencies",
            "telea": "March inwards (Telea)",
            "navier-stokes": "Flow along edges (Navier-Stokes)",
            "harmonic": "Smooth membrane (harmonic)",
        },
    )
    quality: str = param(
        "fast",
        "Quality",
        "Only for “Continue frequencies”; best takes several times as long.",
        choices={"fast": "Fast", "best": "Best"},
    )
    grain: float = param(0.0, "Grain", "Puts back as much grain as the surroundings have.", low=0.0, high=1.0)
    seed: int = param(0, "Seed", "Another number gives other grain.", low=0, high=999999)

    @property
    def context(self) -> int:
        return 48  # around the whole hole: grain looks 38 px far, frequencies 31, the others less

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if mask is None or not mask.any():
            raise RestoreError("Fill needs a selection: paint over the damage first.")
        if mask.all():
            raise RestoreError("The selection leaves nothing to fill from: keep some of the photo outside it.")
        progress(0.0)
        box = bounds(mask, self.context)
        unknown = mask[box.slices] > 0
        part = image[box.slices][..., :1] if is_grey(image) else image[box.slices]
        filled = np.where(unknown[..., None], np.float32(0), part)
        progress(0.0)  # each of these steps takes a while on a huge photo
        main = progress.part(0.0, 0.8 if self.grain > 0 else 1.0)
        filled[unknown] = self._fill(filled, unknown, main)[unknown]
        if self.grain > 0:
            filled[unknown] += self.grain * grain.match(filled, unknown, self.seed, progress.part(0.8, 1.0))
        result = image.copy()
        np.copyto(result[box.slices], np.clip(filled, 0, 1), where=unknown[..., None])
        progress(1.0)
        return result

    def _fill(self, image: np.ndarray, unknown: np.ndarray, progress: Progress) -> np.ndarray:
        if self.method == "fsr":
            return fsr.fill(image, unknown, self.quality, progress)
        if self.method == "harmonic":
            return harmonic.fill(image, unknown, progress)
        return march.fill(image, unknown, self.method, progress)
