"""Old photos: JPEG traces, grain, blur and paper cleaned by a blind net and by two that are told; fading undone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from engine import models, noise, tones
from engine.image import LUMA, Image, Mask, bands, frozen, is_grey
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress
from engine.tiles import run_tiled, split

_LEVEL = 10 / 255  # of the noise where brightness is kept
_VIEWS = 2  # whose answers are averaged
_TOLD = 0.5  # share of the answer of the nets that are told how strong JPEG and noise are
_FINE = (88, 96)  # JPEG quality told: up to here the deblocker is believed, from there it would take texture
_COARSE = (30, 70)  # the same: up to here what looks like noise is JPEG's, from there it is noise
_BLOCKY = (1.1, 1.3)  # steps at a grid of 8 px by those elsewhere: from here, told nothing, there may be JPEG, there is
_SAMPLE = 1024  # px a side, the middle of the photo, where they are measured
_RIM = 16  # px, on the nets' grid
_TILE = 3072  # px a side: of a huge photo the answers of several nets at once are too much
_OVERLAP = 128  # px that these look around together
_LOOKED_AT = 1024  # px of the longer side from which fading is read
_ENDS = 0.5  # percent of the pixels that may lie beyond black, and beyond white
_LEAST_SPAN = 0.25  # between black and white: what has less is a picture of fog, not a faded one

Ends = tuple[tuple[float, float, float], tuple[float, float, float]]  # black and white, R G B, 0..1


@dataclass(frozen=True)
class OldPhoto(Operation):
    """The mean of two answers, mixed in by `amount`: of a blind U-Net that is shown the deblocker's, and of deblocker
    and denoiser in turn, told the quality of the file and the noise level measured; their errors are not alike. Then
    each colour is stretched between its darkest and lightest tones."""

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
    # level of the noise, 0..1, and how blocky the whole photo is, once `settle` has looked; no parameters
    level: float | None = field(default=None, metadata={"settled": True})
    blocky: float | None = field(default=None, metadata={"settled": True})
    # black and white of the whole photo, once `settle` has looked; no parameter
    ends: Ends | None = field(default=None, metadata={"settled": True})

    @property
    def context(self) -> int | None:
        return 96

    def informed(self, facts: Mapping[str, float]) -> "OldPhoto":
        return replace(self, quality=round(facts.get("jpeg quality", 0)))

    def settle(self, image: Image) -> "OldPhoto":
        settled = self
        if self.amount > 0 and self.level is None:
            found = noise.level(image)
            level = found.sure * found.told * noise.coarser(self.quality)
            settled = replace(settled, level=level, blocky=_blockiness(image))
        return replace(settled, ends=_find_ends(image)) if self.fading > 0 and self.ends is None else settled

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        result, settled = image, self.settle(image)
        if self.amount > 0:
            result = settled._clean(image, progress.part(0, 0.95))
            for cleaned, before in zip(bands(result), bands(image), strict=True):
                cleaned -= (1 - self.amount) * (cleaned - before)
        ends = settled.ends
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
        count = len(split(image.shape, _TILE, self.grid))
        parts = (progress.part(0.95 * one / count, 0.95 * (one + 1) / count) for one in range(count))
        result = run_tiled(
            image, lambda crop, _box: self._ask(crop, next(parts)), _TILE, _OVERLAP, Progress(), self.grid
        )
        tones.keep_mean(image, result, _LEVEL, progress.part(0.95, 1))
        return result

    def _ask(self, image: np.ndarray, progress: Progress) -> np.ndarray:
        """The mean of both answers. (H, W, 3)"""
        # nets are a little off at borders, since they were trained on crops
        photo = deblocked = told = np.pad(image, ((_RIM, _RIM), (_RIM, _RIM), (0, 0)), mode="symmetric")
        believed, noisy = self._how_bad()
        if self.blocks:
            passes = models.load("jpeg-gru").passes(
                photo, self.quality / 100, count=3 if believed else 1, progress=progress.part(0, 0.4)
            )
            deblocked = told = next(passes).image
            for answer in passes:
                told = answer.image
        told = photo + believed * (told - photo) if believed else photo
        if noisy:
            told = models.load("denoise-u24")(frozen(told), noisy, noisy, noisy, progress=progress.part(0.4, 0.6))
        part = progress.part(0.6, 1)
        result = models.load("old-photo-u24")(photo, *np.moveaxis(deblocked, 2, 0), views=_VIEWS, progress=part)
        result += _TOLD * (told - result)
        return result[_RIM:-_RIM, _RIM:-_RIM]

    def _how_bad(self) -> tuple[float, float]:
        """How far the deblocker's answer is to be believed, 0..1, and the level of what else is noise, 0..1."""
        if self.quality:
            fine, noise_share = (float(np.interp(self.quality, ends, (0, 1))) for ends in (_FINE, _COARSE))
            return (1 - fine) * self.blocks, noise_share * (self.level or 0.0)
        traces = float(np.interp(self.blocky or 1.0, _BLOCKY, (0, 1)))
        return traces * self.blocks, (1 - traces) * (self.level or 0.0)


def _blockiness(image: Image) -> float:
    """By how much steps between pixels are higher on a grid of 8 px, wherever that begins, than between its lines; the
    less down or across."""
    y, x = (max(0, (side - _SAMPLE) // 2) for side in image.shape[:2])
    light = image[y : y + _SAMPLE, x : x + _SAMPLE] @ LUMA
    least = np.inf
    for axis in (0, 1):
        steps = np.minimum(np.abs(np.diff(light, axis=axis)), 0.1).mean(axis=1 - axis)  # edges do not decide
        if len(steps) < 16:
            return 1.0
        by_place = steps[: len(steps) // 8 * 8].reshape(-1, 8).mean(axis=0)
        least = min(least, float(by_place.max() / max(1e-6, np.median(by_place))))
    return least


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
