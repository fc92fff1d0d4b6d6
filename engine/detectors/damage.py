"""Finding scratches, dust, cracks and tears: by a net that has learned how they look, or by their shape."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine import models, tones
from engine.finding import by_net, by_shape
from engine.image import Image, Mask, frozen
from engine.operation import Detector
from engine.params import param
from engine.progress import Progress

_NET = "damage-u24"
_WORN = 0.015  # share of a photo of one tone in cracks from which on it is a worn print
_SCRATCHED, _DUSTY = 0.005, 0.001  # shares in lines and in spots from which on, together, any photo is a worn one
_WITNESS, _LENIENT = 0.1, 0.45  # how much more sensitive the shape and the net are where both have to agree
_OVERLAP = 48  # px that the net looks around
_PLANES = {"all": [0, 1], "lines": [0], "spots": [1], "tears": []}  # of the net's answer, of what has a width
_TEARS = 2  # the plane of tears
_REDUCED = 4  # tears are also looked for on a photo that is so many times smaller: they may be larger than the net sees
_LARGE = 512  # px of the shorter side from which on there may be such


@dataclass(frozen=True)
class Damage(Detector):
    """The net's probabilities at full resolution, cut at a threshold; top-hats judged by their shape, which alone serve
    where the net's weights are not shipped; or what both find."""

    title = "Scratches and dust"
    summary = "Finds scratches, cracks, hairs, dust and tears."

    method: str = param(
        "learned",
        "Method",
        "Learned: a network that has seen much damage; by shape: whatever is narrow and stands out; careful: only "
        "lines that both find, hardly any on photos without damage; on worn prints the lines and spots of the network",
        choices={"learned": "Learned", "both": "Careful: learned and by shape", "classical": "By shape"},
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
    size: int = param(10, "Largest width", "Wider lines and spots stay.", low=2, high=60, unit="px", slider="log")
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
        if self._asks_net() and self._asks_shape():
            return None  # whether it is a worn print
        torn = self.kinds in ("all", "tears")
        net = max(_OVERLAP + 2 * self.size, _REDUCED * _OVERLAP * torn)
        shape = 2 * by_shape.window(self.size)
        return max(net if self._asks_net() else 0, shape if self._asks_shape() else 0) + self.grow

    def detect(self, image: Image, progress: Progress) -> Mask:
        if not self._asks_net():
            found = self._by_shape(image, self.sensitivity, progress)
        elif not self._asks_shape():
            found = self._by_net(image, self.sensitivity, progress)
        else:
            found = self._by_both(image, progress)
        side = 2 * self.grow + 1
        return frozen(cv2.dilate(found, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))))

    def _asks_net(self) -> bool:
        return self.method != "classical" and models.is_shipped(_NET)

    def _asks_shape(self) -> bool:
        agree = self.method == "both" and self.kinds != "tears"  # of which the shape knows nothing
        return agree or self.method == "classical" or not models.is_shipped(_NET)

    def _by_shape(self, image: Image, sensitivity: float, progress: Progress) -> Mask:
        polarities = ("light", "dark") if self.polarity == "both" else (self.polarity,)
        return by_shape.find(image, sensitivity, self.size, self.contrast, polarities, progress)

    def _by_both(self, image: Image, progress: Progress) -> Mask:
        """What both find; on a worn print what the net finds, since there the shape gives up where cracks meet."""
        chances = models.load(_NET).probabilities(image, progress.part(0, 0.7))
        worn, planes = _is_worn(image, chances), _PLANES[self.kinds]
        if self.kinds == "all" and not worn:
            planes = [0]  # on good photos spots are sparkles and flowers
        if worn:
            progress(1.0)
            return self._chosen(image, chances, self.sensitivity, planes)
        shape = self._by_shape(image, min(1.0, self.sensitivity + _WITNESS), progress.part(0.7, 1))
        lenient = min(1.0, self.sensitivity + _LENIENT)
        return by_net.agreeing(self._chosen(image, chances, lenient, planes), shape)

    def _by_net(self, image: Image, sensitivity: float, progress: Progress) -> Mask:
        torn = self.kinds in ("all", "tears")
        chances = models.load(_NET).probabilities(image, progress.part(0, 0.9 if torn else 1))
        found = self._chosen(image, chances, sensitivity, _PLANES[self.kinds])
        if not torn:
            return found
        far = self._torn(image, chances[..., _TEARS], progress.part(0.9, 1))
        tears = by_net.find(far, by_net.threshold(_usual(), sensitivity))
        return frozen(np.maximum(found, self._of_polarity(tears, image)))

    def _chosen(self, image: Image, chances: np.ndarray, sensitivity: float, planes: list[int]) -> Mask:
        """Which lines and spots, as the `planes` say, are damage by the chances, of the width and the polarity asked
        for."""
        found = by_net.find(chances[..., planes].max(axis=2, initial=0), by_net.threshold(_usual(), sensitivity))
        return self._of_polarity(by_net.narrow(found, self.size), image)

    def _of_polarity(self, found: Mask, image: Image) -> Mask:
        return found if self.polarity == "both" else by_net.only_lighter(found, image, self.polarity == "light")

    def _torn(self, image: Image, chances: np.ndarray, progress: Progress) -> np.ndarray:
        """The chances of tears, (H, W), where they are small raised to those on the reduced photo."""
        height, width = chances.shape
        if min(height, width) < _LARGE:
            progress(1.0)
            return chances
        size = (-(-width // _REDUCED), -(-height // _REDUCED))
        small = frozen(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
        far = models.load(_NET).probabilities(small, progress)[..., _TEARS]
        return np.maximum(chances, cv2.resize(far, (width, height)))


def _is_worn(image: Image, chances: np.ndarray) -> bool:
    """Whether a photo is evidently full of damage: cracks all over a photo of one tone, or both scratches and dust. In
    a good photo many lines may be stripes or a basket, many spots may be flowers, but hardly are there both."""
    usual = by_net.threshold(_usual(), 0.5)
    lines, spots = (float(by_net.find(chances[..., plane], usual).mean()) for plane in _PLANES["all"])
    return (lines > _SCRATCHED and spots > _DUSTY) or (lines > _WORN and tones.is_toned(image))


def _usual() -> float:
    """The log-odds above which so little of clean photos lies."""
    return float(models.manifest()[_NET]["scores"]["usual"])
