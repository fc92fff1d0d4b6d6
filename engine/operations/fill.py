"""Filling: making up the pixels under the mask from those around it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine import models, samplers
from engine.errors import RestoreError
from engine.filling import edges, exemplar, fsr, grain, harmonic, holes, march
from engine.filling.mosaic import Mosaic, alone, pack
from engine.image import Image, Mask, is_grey
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_NET = "scratch-fill-u24"
_LEARNED = {"learned": "Learned, narrow holes"} if models.is_shipped(_NET) else {}
_IMAGINER = "imagine-gan"
_IMAGINED = {"imagine": "Imagine, then copy patches"} if models.is_shipped(_IMAGINER) else {}
_PATCHES = ("exemplar", "imagine")  # methods that copy patches, which bring their own grain
_NARROW, _WIDE = "learned" if _LEARNED else "fsr", "exemplar"  # what "auto" takes for holes up to, and beyond, _WIDTH
_SHARE = 0.2  # of frequencies in what net and frequencies fill together
_WIDTH = 20  # px; the net has seen no wider holes
_NEAR = 48  # px around a hole: grain looks 41 px far, frequencies 47, marching, edges and the membrane less
_SEEN = 24  # px around a hole that the net is shown: with more it is no better
_FAR = 256  # px around a hole in which patches are looked for, at most
_CELL = 128  # px: holes in such a square are taken together
_PIECE = 64  # px: larger holes are cut for the net, so that little is shown to it around long scratches
_SIDE = 768  # px of what is shown to the net at once: a tile on a CPU


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
        "Automatic asks the net about narrow holes and copies patches into wide ones.",
        choices={
            "auto": "Automatic",
            **_LEARNED,
            "fsr": "Continue frequencies",
            "exemplar": "Copy patches",
            **_IMAGINED,
            "edges": "Continue edges",
            "telea": "March inwards (Telea)",
            "navier-stokes": "Flow along edges (Navier-Stokes)",
            "harmonic": "Smooth membrane (harmonic)",
        },
    )
    quality: str = param(
        "fast",
        "Quality",
        "Only for narrow holes; best takes several times as long"
        f"{' and asks net and frequencies together' if _LEARNED else ''}.",
        choices={"fast": "Fast", "best": "Best"},
        only="method=auto,fsr",
    )
    regrain: float = param(
        1.0,
        "Grain",
        "Share of the surroundings' grain that filled pixels get; copied patches bring their own.",
        low=0.0,
        high=1.0,
    )
    rotation: bool = param(
        False,
        "Turn patches",
        "Copied patches may also be turned by 90, 180 and 270 degrees; takes some four times as long",
        only="method=auto,exemplar",
    )
    own: bool = param(
        False,
        "Trained on my photos",
        "Imagines with the net that was trained here, if there is one.",
        only="method=imagine",
    )
    seed: int = param(0, "Seed", "Another number gives other patches and other grain.", low=0, high=999999)

    @property
    def context(self) -> int:
        return _FAR if self.method in ("auto", "learned", *_PATCHES) else _NEAR

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if mask is None or not mask.any():
            raise RestoreError("Fill needs a selection: paint over the damage first.")
        if mask.all():
            raise RestoreError("The selection leaves nothing to fill from: keep some of the photo outside it.")
        progress(0.0)
        unknown = mask > 0
        result = image.copy()
        planes = result[..., :1] if is_grey(image) else result
        total, done = int(np.count_nonzero(unknown)), 0
        for method, some in self._choose(unknown.copy()):
            progress(done / total)
            for number, mosaic in enumerate(_group(method, some)):
                share = int(np.count_nonzero(mosaic.hole))
                part = progress.part(done / total, (done + share) / total)
                window, blank = mosaic.cut(planes, unknown)
                mosaic.put(planes, unknown, self._fill(method, window, blank, mosaic.hole, number, part))
                done += share
        if planes is not result:
            filled = mask > 0
            result[filled] = planes[filled]
        progress(1.0)
        return result

    def _choose(self, unknown: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Methods and what each of them fills: bool (H, W)."""
        if self.method not in ("auto", "learned"):
            yield self.method, unknown
            return
        wide = holes.wide(unknown, _WIDTH)
        both = "learned and fsr" if _LEARNED and self.quality == "best" else ""
        narrow = both or (_NARROW if self.method == "auto" else self.method)
        yield narrow, unknown & ~wide  # first: patches may be copied from there
        yield _WIDE, wide

    def _fill(
        self, method: str, image: np.ndarray, unknown: np.ndarray, hole: np.ndarray, number: int, progress: Progress
    ) -> np.ndarray:
        """The pixels of `hole` (n, C), with grain; nothing that is `unknown` is looked at."""
        seed = self.seed + 1_000_003 * number
        regrain = self.regrain if method not in _PATCHES else 0.0
        filled = self._paint(method, image, unknown, hole, seed, progress.part(0.0, 0.9 if regrain else 1.0))
        if regrain:
            noise = grain.match(filled, unknown, hole, seed, progress.part(0.9, 1.0))
            return np.clip(filled[hole] + regrain * noise, 0, 1)
        return np.clip(filled[hole], 0, 1)

    def _paint(
        self, method: str, image: np.ndarray, unknown: np.ndarray, hole: np.ndarray, seed: int, progress: Progress
    ) -> np.ndarray:
        """A copy of `image` (H, W, C) with `hole` filled."""
        if method == "learned":
            return _ask(image, unknown, 2, progress)
        if method == "learned and fsr":  # their errors are not alike, and on even texture frequencies are better
            asked = _ask(image, unknown, 4, progress.part(0.0, 0.3))
            return asked + _SHARE * (fsr.fill(image, unknown, hole, "fast", progress.part(0.3, 1.0)) - asked)
        if method == "fsr":
            return fsr.fill(image, unknown, hole, self.quality, progress)
        if method == "exemplar":
            return exemplar.fill(image, unknown, seed, progress, rotation=self.rotation)
        if method == "imagine":
            coloured = image if image.shape[2] == 3 else np.repeat(image, 3, axis=2)
            guide = samplers.imagine(coloured, unknown, seed, progress.part(0.0, 0.2), self.own)
            return exemplar.fill(image, unknown, seed, progress.part(0.2, 1.0), guide)
        if method == "edges":
            return edges.fill(image, unknown, hole, progress)
        if method == "harmonic":
            return harmonic.fill(image, hole, progress)
        return march.fill(image, hole, method, progress)


def _ask(image: np.ndarray, unknown: np.ndarray, views: int, progress: Progress) -> np.ndarray:
    """A copy of `image` (H, W, 1 or 3) with all that is `unknown` (H, W), bool, filled by the net, the mean of so many
    turned and mirrored views."""
    channels = image.shape[2]
    coloured = image if channels == 3 else np.repeat(image, 3, axis=2)
    answer = models.load(_NET)(coloured, unknown.astype(np.float32), views=views, progress=progress)
    return answer if channels == 3 else answer.mean(axis=2, keepdims=True)


def _group(method: str, unknown: np.ndarray) -> Iterator[Mosaic]:
    """The holes of `unknown` (H, W), bool, with what the method looks at around them, as they are filled together."""
    found = holes.find(unknown, _CELL)
    if method in _PATCHES:
        return (alone(box, own, min(_FAR, 64 + max(own.shape) * 3 // 4), unknown.shape) for box, own in found)
    if method == "learned":
        return pack(holes.split(found, _PIECE), _SEEN, unknown.shape, _SIDE)
    return pack(found, _NEAR, unknown.shape)
