"""Filling: making up the pixels under the mask from those around it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.errors import RestoreError
from engine.filling import edges, exemplar, fsr, grain, harmonic, holes, march
from engine.filling.mosaic import Mosaic, alone, pack
from engine.image import Image, Mask, is_grey
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_NARROW, _WIDE = "fsr", "exemplar"  # what "auto" takes for holes up to, and beyond, _WIDTH
_WIDTH = 20  # px
_NEAR = 48  # px around a hole: grain looks 41 px far, frequencies 47, marching, edges and the membrane less
_FAR = 256  # px around a hole in which patches are looked for, at most
_CELL = 128  # px: holes in such a square are taken together


@dataclass(frozen=True)
class Fill(Operation):
    """Fills every pixel with mask > 0."""

    title = "Fill"
    group = "repair"
    summary = "Makes up what was under scratches, dust, stains and larger things from what lies around them."
    needs_mask = True

    method: str = param(
        "auto",
        "Method",
        "Automatic continues frequencies over narrow holes and copies patches into wide ones.",
        choices={
            "auto": "Automatic",
            "fsr": "Continue frequencies",
            "exemplar": "Copy patches",
            "edges": "Continue edges",
            "telea": "March inwards (Telea)",
            "navier-stokes": "Flow along edges (Navier-Stokes)",
            "harmonic": "Smooth membrane (harmonic)",
        },
    )
    quality: str = param(
        "fast",
        "Quality",
        "Only for continued frequencies; best takes several times as long.",
        choices={"fast": "Fast", "best": "Best"},
    )
    regrain: float = param(
        1.0,
        "Grain",
        "Share of the surroundings' grain that filled pixels get; copied patches bring their own.",
        low=0.0,
        high=1.0,
    )
    seed: int = param(0, "Seed", "Another number gives other patches and other grain.", low=0, high=999999)

    @property
    def context(self) -> int:
        return _FAR if self.method in ("auto", "exemplar") else _NEAR

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if mask is None or not mask.any():
            raise RestoreError("Fill needs a selection: paint over the damage first.")
        if mask.all():
            raise RestoreError("The selection leaves nothing to fill from: keep some of the photo outside it.")
        progress(0.0)
        unknown = mask > 0
        result = image.copy()
        planes = result[..., :1] if is_grey(image) else result
        total, done = int(unknown.sum()), 0
        for method, some in self._choose(mask > 0):
            progress(done / total)
            for number, mosaic in enumerate(_group(method, some)):
                share = int(mosaic.hole.sum())
                part = progress.part(done / total, (done + share) / total)
                window, blank = mosaic.cut(planes, unknown)
                mosaic.put(planes, unknown, self._fill(method, window, blank, mosaic.hole, number, part))
                done += share
        if planes is not result:
            np.copyto(result, planes.copy(), where=(mask > 0)[..., None])
        progress(1.0)
        return result

    def _choose(self, unknown: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Methods and what each of them fills: bool (H, W)."""
        if self.method != "auto":
            yield self.method, unknown
            return
        wide = holes.wide(unknown, _WIDTH)
        yield _NARROW, unknown & ~wide  # first: patches may be copied from there
        yield _WIDE, wide

    def _fill(
        self, method: str, image: np.ndarray, unknown: np.ndarray, hole: np.ndarray, number: int, progress: Progress
    ) -> np.ndarray:
        """The pixels of `hole` (n, C), with grain; nothing that is `unknown` is looked at."""
        seed = self.seed + 1_000_003 * number
        regrain = self.regrain if method != "exemplar" else 0.0  # grain comes along with the patches
        filled = self._paint(method, image, unknown, hole, seed, progress.part(0.0, 0.9 if regrain else 1.0))
        if regrain:
            noise = grain.match(filled, unknown, hole, seed, progress.part(0.9, 1.0))
            return np.clip(filled[hole] + regrain * noise, 0, 1)
        return np.clip(filled[hole], 0, 1)

    def _paint(
        self, method: str, image: np.ndarray, unknown: np.ndarray, hole: np.ndarray, seed: int, progress: Progress
    ) -> np.ndarray:
        """A copy of `image` (H, W, C) with `hole` filled."""
        if method == "fsr":
            return fsr.fill(image, unknown, hole, self.quality, progress)
        if method == "exemplar":
            return exemplar.fill(image, unknown, seed, progress)
        if method == "edges":
            return edges.fill(image, unknown, hole, progress)
        if method == "harmonic":
            return harmonic.fill(image, hole, progress)
        return march.fill(image, hole, method, progress)


def _group(method: str, unknown: np.ndarray) -> Iterator[Mosaic]:
    """The holes of `unknown` (H, W), bool, with what the method looks at around them, as they are filled together."""
    found = holes.find(unknown, _CELL)
    if method != "exemplar":
        return pack(found, _NEAR, unknown.shape)
    return (alone(box, own, min(_FAR, 64 + max(own.shape) * 3 // 4), unknown.shape) for box, own in found)
