"""Candidates: several answers of one operation with different seeds, and whether they would differ at all."""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from app.display import Display
from app.rendering import View, as_mask
from engine import params
from engine.image import Box, Image, bounds, frozen
from engine.operation import Operation, Step, apply
from engine.progress import Progress

_THUMBNAIL = 192  # px of the longer side
_AROUND = 0.3  # of the selection's size that a thumbnail shows on each side of it
_LARGEST = 24.0  # px, radius of the piece on which seeds are tried
_SURROUNDINGS = 48  # px around it
_GRAIN = 9  # px over which grain is nearly averaged away
_LEAST = 2 / 255  # a smaller difference is none
_SHAPE = 0.2  # share of the difference that is left without grain where shapes differ; of fine grain alone, 0.1

Seeded = TypeVar("Seeded", bound=Operation)


@dataclass(frozen=True, eq=False)
class Candidate:
    """What an operation makes of the selection: pixels of `box`, to be seen in place and as a thumbnail."""

    operation: Operation
    box: Box
    part: Image
    display: Display
    thumbnail: QImage

    @property
    def seed(self) -> int:
        return seed_of(self.operation)


def seed_of(operation: Operation) -> int:
    """The seed of an operation; 0 where it has none."""
    return int(getattr(operation, "seed", 0))


def has_seed(operation: Operation) -> bool:
    return any(one.name == "seed" and one.kind is int for one in params.describe(type(operation)))


def with_seed(operation: Seeded, seed: int) -> Seeded:
    """The same with another seed, which begins again at 0 beyond the largest."""
    high = next(one.high for one in params.describe(type(operation)) if one.name == "seed")
    changed: Any = operation  # the field is known by its name only
    return replace(changed, seed=seed % (round(high or 0) + 1))


def make(view: View, operation: Operation, selection: np.ndarray, progress: Progress) -> Candidate:
    """One candidate for the selection (uint8). Raises RestoreError, Cancelled."""
    step = Step(view.document.told(operation), as_mask(selection))
    box = bounds(selection)
    image = apply(step, view.image, progress.part(0, 0.95))
    part = frozen(image[box.slices].copy())
    size = max(box.bottom - box.top, box.right - box.left)
    around = box.grown(round(_AROUND * size) + 16, image.shape)
    thumbnail = thumbnail_of(frozen(image[around.slices].copy()), view.display.icc)
    return Candidate(operation, box, part, Display.build(part, view.display.icc), thumbnail)


def thumbnail_of(image: Image, icc: bytes | None) -> QImage:
    """An image as a picture of at most 192 px, in the colours of the screen."""
    display = Display.build(image, icc)
    shown = display.levels[display.level_for(_THUMBNAIL / max(image.shape[:2]))]
    whole = Box(0, shown.bands[-1].bottom, 0, shown.bands[0].pixels.shape[1])
    pixels = np.ascontiguousarray(shown.part(whole))
    picture = QImage(pixels.data, whole.right, whole.bottom, whole.right * 4, QImage.Format.Format_RGB32)
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    return picture.scaled(_THUMBNAIL, _THUMBNAIL, keep, smooth).copy()


def varies(view: View, operation: Operation, selection: np.ndarray, progress: Progress) -> bool:
    """Whether another seed gives another picture, not only other grain: tried on a piece where the selection is widest.

    Raises RestoreError, Cancelled.
    """
    if not has_seed(operation) or not selection.any():
        return False
    piece, mask = _widest(selection)
    if not mask.any() or mask.all():
        return True
    settled = view.document.told(operation).settle(view.image)
    image = frozen(view.image[piece.slices])
    seeds = (seed_of(settled), seed_of(settled) + 1)
    parts = (progress.part(0, 0.5), progress.part(0.5, 1))
    one, other = (
        apply(Step(with_seed(settled, seed), frozen(mask)), image, part)
        for seed, part in zip(seeds, parts, strict=True)
    )
    return differ_in_shape(one - other, mask)


def differ_in_shape(difference: np.ndarray, mask: np.ndarray) -> bool:
    """Whether enough of a difference (h, w, 3) under the mask is left when its grain is averaged away."""
    import cv2  # loaded with the engine, not with the window

    inside = mask > 0
    side = (_GRAIN, _GRAIN)
    smooth = cv2.blur(difference, side) / np.maximum(cv2.blur(inside.astype(np.float32), side), 1e-6)[..., None]
    raw, coarse = (float(np.sqrt((values[inside] ** 2).mean())) for values in (difference, smooth))
    return raw > _LEAST and coarse > _SHAPE * raw


def _widest(selection: np.ndarray) -> tuple[Box, np.ndarray]:
    """A piece of the photo around the widest place of the selection, and the mask of that place, float32 (h, w)."""
    import cv2

    around = bounds(selection, 1)
    inside = (selection[around.slices] > 0).astype(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    y, x = (int(place) for place in np.unravel_index(int(depth.argmax()), depth.shape))
    y, x = y + around.top, x + around.left
    radius = min(_LARGEST, max(12.0, float(depth.max())))
    piece = Box(y, y + 1, x, x + 1).grown(round(radius) + _SURROUNDINGS, selection.shape)
    rows, columns = np.ogrid[piece.top : piece.bottom, piece.left : piece.right]
    disc = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    return piece, np.where(disc & (selection[piece.slices] > 0), np.float32(1), np.float32(0))
