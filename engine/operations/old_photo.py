"""Old photos: JPEG traces, grain, blur and paper cleaned by nets that are told nothing, and fading undone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from engine import models, tones
from engine.image import Image, Mask, bands, is_grey
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress

_LEVEL = 10 / 255  # of the noise where brightness is kept
_VIEWS = 2  # whose answers are averaged
_RIM = 16  # px, on the nets' grid
_LOOKED_AT = 1024  # px of the longer side from which fading is read
_ENDS = 0.5  # percent of the pixels that may lie beyond black, and beyond white
_LEAST_SPAN = 0.25  # between black and white: what has less is a picture of fog, not a faded one

Ends = tuple[tuple[float, float, float], tuple[float, float, float]]  # black and white, R G B, 0..1


@dataclass(frozen=True)
class OldPhoto(Operation):
    """A blind U-Net that is shown the deblocker's answer, mixed in by `amount`; then each colour is stretched between
    its darkest and lightest tones."""

    title = "Old photo"
    group = "noise"
    summary = "Cleans grain, JPEG traces, softness and paper relief at once, and brings back faded colours if wanted."
    weights = "old-photo-u24"
    grid = 8

    amount: float = param(1.0, "Amount", "Share of what the network takes away", low=0, high=1)
    blocks: bool = param(True, "JPEG traces", "Also removes what JPEG compression has left, whatever its quality")
    fading: float = param(
        0.0, "Undo fading", "Gives back contrast, and colours that the light has taken", low=0, high=1
    )
    # that of the photo's file, 0 where it is no JPEG or nobody has told; no parameter
    quality: int = field(default=0, metadata={"settled": True})
    # black and white of the whole photo, once `settle` has looked; no parameter
    ends: Ends | None = field(default=None, metadata={"settled": True})

    @property
    def context(self) -> int | None:
        return 96

    def informed(self, facts: Mapping[str, float]) -> "OldPhoto":
        return replace(self, quality=round(facts.get("jpeg quality", 0)))

    def settle(self, image: Image) -> "OldPhoto":
        return replace(self, ends=_find_ends(image)) if self.fading > 0 and self.ends is None else self

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        result = image
        if self.amount > 0:
            result = self._clean(image, progress.part(0, 0.95))
            for cleaned, before in zip(bands(result), bands(image), strict=True):
                cleaned -= (1 - self.amount) * (cleaned - before)
        ends = self.settle(image).ends
        if ends is None:
            progress(1.0)
            return result
        result = result.copy() if result is image else result
        black, white = (np.array(one, np.float32) for one in ends)
        for band in progress.part(0.95, 1).each(list(bands(result))):
            band += self.fading * (np.clip((band - black) / (white - black), 0, 1) - band)
        return result

    def _clean(self, image: Image, progress: Progress) -> np.ndarray:
        """What the networks make of the image. Writable."""
        # nets are a little off at borders, since they were trained on crops
        photo = deblocked = np.pad(image, ((_RIM, _RIM), (_RIM, _RIM), (0, 0)), mode="symmetric")
        if self.blocks:
            for answer in models.load("jpeg-gru").passes(
                photo, self.quality / 100, count=1, progress=progress.part(0, 0.3)
            ):
                deblocked = answer.image
        part = progress.part(0.3 * self.blocks, 0.95)
        result = models.load("old-photo-u24")(photo, *np.moveaxis(deblocked, 2, 0), views=_VIEWS, progress=part)
        result = np.ascontiguousarray(result[_RIM:-_RIM, _RIM:-_RIM])
        tones.keep_mean(image, result, _LEVEL, progress.part(0.95, 1))
        return result


def _find_ends(image: Image) -> Ends:
    """The darkest and lightest tones, all colours alike on a grey photo. A span of less than a quarter is widened."""
    factor = max(1, max(image.shape[:2]) // _LOOKED_AT)
    small = image[::factor, ::factor] if factor > 1 else image
    small = cv2.blur(small, (3, 3))  # dust is no white
    if is_grey(image):
        small = small.reshape(-1, 1, 3)[:, :, :1]
    low, high = np.percentile(small.reshape(-1, small.shape[2]), (_ENDS, 100 - _ENDS), axis=0)
    short = np.maximum(0, _LEAST_SPAN - (high - low)) / 2
    low, high = np.broadcast_to(low - short, 3), np.broadcast_to(high + short, 3)
    return (float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2]))
