"""Finding scratches, dust, cracks and tears: by a net that has learned how they look, or by their shape."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from engine import masks, models, tones
from engine.finding import by_net, by_shape
from engine.finding.by_net import Marks
from engine.image import Image, Mask, frozen
from engine.operation import Detector
from engine.params import param
from engine.progress import Progress

_NET = "damage-u32"
_PARTS = 8  # of a photo, each way
_SCRATCHED, _DUSTY = 0.001, 0.0002  # shares of a part in lines and in spots that count
_SPREAD, _STREWN = 0.25, 0.13  # shares of the parts with lines and with spots from which on a print is worn
_SEEN = 0.72  # sensitivity at which that is looked for
_CAREFUL, _SURE = 0.52, 0.55  # one at which such a share of the lines is found still, where they are damage
_PLAIN = 1.2  # how much more than their surroundings vary these differ from them, times their share of the parts
_CAREFULLY = (0.63, 0.73)  # how much less sensitive the net is to lines and to spots where it is to be careful
_LENIENT = 0.37  # how much more sensitive the net is on worn prints
_COLOURED = 0.32  # on worn photos in colour, which show more that looks like damage
_BOLD, _SMALL = 0.62, 400  # on worn prints of one tone with so many px a side: in smaller copies eyes look like dust
_OVERLAP = 96  # px that the net looks around
_PLANES = {"all": [0, 1], "lines": [0], "spots": [1], "tears": []}  # of the net's answer, of what has a width
_SPOTS, _TEARS = 1, 2  # the planes of these
_MOST_TORN = 0.5  # share of a photo: of a white one, nothing says that it is paper
_REDUCED = (2, 4, 8)  # large photos are also looked at so many times smaller: their cracks are wider than the net knows
_LEAST = 256  # px that the shorter side has then, as on the photos that the net has learned from
_AROUND = 8  # px of them: how far around a line its ground is looked at
_LARGE, _FAR = 512, 4  # px of the shorter side from which on tears, which may be larger still, are also looked for so


_STEPS = 2048  # that log-odds are told in: to 16, beyond which chances in fp32 cannot be told from 1


class _View(NamedTuple):
    """What the net says of the photo reduced by `factor`: log-odds (h, w, 3) in 1/2048 as 16 bits, for those of a huge
    photo would take as much as itself otherwise."""

    factor: int
    odds: np.ndarray

    def above(self, planes: list[int], least: float) -> np.ndarray:
        """Where any of the planes is above a chance, in bytes 0 or 1. (h, w)"""
        above, limit = np.zeros(self.odds.shape[:2], bool), _told(least)
        for plane in planes:
            above |= self.odds[..., plane] > limit
        return above.view(np.uint8)

    def tears(self) -> np.ndarray:
        """The chances of tears, fp32 (h, w) in 0..1."""
        return 1 / (1 + np.exp(self.odds[..., _TEARS] / np.float32(-_STEPS)))


@dataclass(frozen=True)
class Damage(Detector):
    """The net's probabilities at full resolution, cut at a threshold; or top-hats judged by their shape, which serve as
    well where the net's weights are not shipped."""

    title = "Scratches and dust"
    summary = "Finds scratches, cracks, hairs, dust and tears."

    method: str = param(
        "learned",
        "Method",
        "Learned: a network that has seen much damage; careful: only lines and spots that it is very sure of, hardly "
        "any on photos without damage, but many on worn prints; by shape: whatever is narrow and stands out",
        choices={"learned": "Learned", "careful": "Careful", "classical": "By shape"},
    )
    sensitivity: float = param(
        0.5, "Sensitivity", "More finds fainter damage, and more that is none.", low=0.0, high=1.0
    )
    kinds: str = param(
        "all",
        "Kinds",
        "Which damage the network shall find; the shape tells none apart",
        choices={"all": "All", "lines": "Lines", "spots": "Spots", "tears": "Tears"},
    )
    size: int = param(
        10,
        "Largest width",
        "Wider lines and spots stay; in scans of some 500 px and more those that the network finds may be twice as "
        "wide, in larger ones up to eight times.",
        low=2,
        high=60,
        unit="px",
        slider="log",
    )
    polarity: str = param(
        "both",
        "Damage is",
        "Compared with what lies around it.",
        choices={"both": "Light or dark", "light": "Light", "dark": "Dark"},
    )
    contrast: float = param(
        0.05, "Least contrast", "Fainter damage is left alone; not heeded by Learned", low=0.01, high=0.5
    )
    grow: int = param(1, "Grow", "Covers the soft rim of the damage.", low=0, high=10, unit="px")

    @property
    def context(self) -> int | None:
        if self._is_careful():
            return None  # whether it is a worn print
        if self._asks_net():  # what is reduced more is seen in whole photos only
            return _FAR * (_OVERLAP + 2 * self.size + _AROUND) + _REDUCED[-1] * self.grow
        return 2 * by_shape.window(self.size) + self.grow

    def detect(self, image: Image, progress: Progress) -> Mask:
        if not self._asks_net():
            polarities = ("light", "dark") if self.polarity == "both" else (self.polarity,)
            found = by_shape.find(image, self.sensitivity, self.size, self.contrast, polarities, progress)
        elif self._is_careful():
            found = self._carefully(image, progress)
        else:
            found = self._by_net(image, progress)
        return frozen(masks.grown(found, self.grow).astype(np.float32))

    def _asks_net(self) -> bool:
        return self.method != "classical" and models.is_shipped(_NET)

    def _is_careful(self) -> bool:
        return self.method == "careful" and self.kinds != "tears" and self._asks_net()

    def _carefully(self, image: Image, progress: Progress) -> Marks:
        """What the net is very sure of; on a worn print what it takes for damage."""
        views, planes = _look(image, progress), _PLANES[self.kinds]
        if not _is_worn(image, views):
            return np.maximum.reduce([self._surely(image, views, plane) for plane in planes])
        bolder = _COLOURED
        if tones.is_toned(image):
            bolder = _BOLD if min(image.shape[:2]) >= _SMALL else _LENIENT
        found = self._chosen(image, views, min(1.0, self.sensitivity + bolder), planes)
        return masks.grown(found, by_net.rim(found, image) - 1)

    def _surely(self, image: Image, views: list[_View], plane: int) -> Marks:
        """Lines, or spots, that the net is very sure of; of spots those that are alone, of lines those that are no
        chains."""
        found = self._chosen(image, views, self.sensitivity - _CAREFULLY[plane], [plane])
        kept = by_net.alone if plane == _SPOTS else by_net.without_rings
        return kept(found, self._chosen(image, views, _SEEN, [plane]))

    def _by_net(self, image: Image, progress: Progress) -> Marks:
        torn = self.kinds in ("all", "tears")
        views = _look(image, progress.part(0, 0.9 if torn else 1))
        found = self._chosen(image, views, self.sensitivity, _PLANES[self.kinds])
        if not torn:
            return found
        far = _torn(image, views, progress.part(0.9, 1))
        tears = by_net.find(far, by_net.threshold(_usual(), self.sensitivity))
        if tears.mean() > _MOST_TORN:
            return found
        return np.maximum(found, self._of_polarity(tears, image))

    def _chosen(self, image: Image, views: list[_View], sensitivity: float, planes: list[int]) -> Marks:
        """Which lines and spots, as the `planes` say, are damage by the chances, of the width and the polarity asked
        for. In reduced views only lines are: dust is small however large the scan is, and eyes would be spots."""
        least = by_net.threshold(_usual(), sensitivity)
        found = by_net.narrow(views[0].above(planes, least), self.size)
        for view in views[1:]:
            some = view.above([plane for plane in planes if plane == 0], least)
            if not some.any():
                continue
            more = by_net.find(_as_large(by_net.narrow(some, self.size), image), 0.5)
            more = by_net.standing_out(more, image, _AROUND * view.factor)
            more = masks.grown(more, (view.factor - 1) * self.grow)  # its rim is wider in the same measure
            found = np.maximum(found, more)
        return self._of_polarity(found, image)

    def _of_polarity(self, found: Marks, image: Image) -> Marks:
        return found if self.polarity == "both" else by_net.only_lighter(found, image, self.polarity == "light")


def _look(image: Image, progress: Progress) -> list[_View]:
    """What the net says of the photo and, where that is large, of it reduced."""
    model = models.load(_NET)
    factors = [factor for factor in _REDUCED if min(image.shape[:2]) >= _LEAST * factor]
    views = [_View(1, model.probabilities(image, progress.part(0, 0.75 if factors else 1), _odds))]
    for number, factor in enumerate(factors):
        begun, done = (0.75 + 0.25 * one / len(factors) for one in (number, number + 1))
        views.append(_View(factor, model.probabilities(_reduced(image, factor), progress.part(begun, done), _odds)))
    return views


def _odds(chances: np.ndarray) -> np.ndarray:
    """What a `_View` keeps of chances (h, w, 3) in 0..1."""
    return np.rint(_told(chances)).clip(-32767, 32767).astype(np.int16)


def _told(chance: np.ndarray | float) -> np.ndarray:
    """The log-odds of chances in 1/2048."""
    with np.errstate(divide="ignore"):  # of what is certain they are infinite
        return _STEPS * (np.log(chance) - np.log1p(np.negative(chance)))


def _reduced(image: Image, factor: int) -> Image:
    size = (-(-image.shape[1] // factor), -(-image.shape[0] // factor))
    return frozen(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def _as_large(plane: np.ndarray, image: Image) -> np.ndarray:
    """A plane of a reduced view, fp32, in the size of the image. (H, W)"""
    height, width = image.shape[:2]
    plane = plane.astype(np.float32)
    return plane if plane.shape == (height, width) else cv2.resize(plane, (width, height))


def _torn(image: Image, views: list[_View], progress: Progress) -> np.ndarray:
    """The chances of tears, (H, W), where they are small raised to those on the photo reduced most, at least by 4."""
    far = views[-1].tears()
    if min(image.shape[:2]) >= _LARGE and views[-1].factor < _FAR:
        far = models.load(_NET).probabilities(_reduced(image, _FAR), progress)[..., _TEARS]
    progress(1.0)
    return np.maximum(views[0].tears(), _as_large(far, image))


def _is_worn(image: Image, views: list[_View]) -> bool:
    """Whether a photo is evidently full of damage, in any view: lines in many parts of it and some spots, as no print
    is scratched and has no dust. Of the lines the net is sure, and the fewer they are, the plainer they stand out: of
    stripes, baskets and twigs it is less sure, they stand out less, and they are in one place."""
    seen, careful = (by_net.threshold(_usual(), one) for one in (_SEEN, _CAREFUL))
    for view in views:
        lines, spots = (view.above([plane], seen) for plane in (0, _SPOTS))
        spread = _share_of_parts(lines, _SCRATCHED)
        if spread <= _SPREAD or _share_of_parts(spots, _DUSTY) <= _STREWN:
            continue
        sure = np.count_nonzero(view.above([0], careful)) / np.count_nonzero(lines)
        shown = _reduced(image, view.factor) if view.factor > 1 else image
        if sure > _SURE and spread * by_net.contrast(lines, shown) > _PLAIN:
            return True
    return False


def _share_of_parts(found: np.ndarray, least: float) -> float:
    """Of 8 x 8 parts of a photo, the share of those of which more than `least` is found, 0 or 1 (H, W)."""
    shares = cv2.resize(found.astype(np.float32), (_PARTS, _PARTS), interpolation=cv2.INTER_AREA)
    return float((shares > least).mean())


def _usual() -> float:
    """The log-odds above which so little of clean photos lies."""
    return float(models.manifest()[_NET]["scores"]["usual"])
