"""Samples: what operations with a seed make up, for the selection or as a small square to choose from."""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from PySide6.QtGui import QImage

from app import candidates
from app.candidates import Candidate, seed_of, thumbnail_of
from app.rendering import View, as_mask
from engine import params
from engine.document import Document
from engine.image import Box, Image, bounds, frozen
from engine.operation import Operation, Step, apply
from engine.progress import Progress

SQUARE = 256  # px, the largest side of a square that is made where nothing is selected
_WAIT = 1_000_000  # px; of a larger photo nobody waits for all of it to see what a selection will be like
_KEPT = 2_000_000  # px; what a sample makes of a larger selection is not kept but made again when it is placed

Sampler = TypeVar("Sampler", bound=Operation)


@dataclass(frozen=True, eq=False)
class Sample:
    """One picture to choose from; `placed` is what it makes of the selection, None where that is made when placed."""

    operation: Operation
    thumbnail: QImage
    size: tuple[int, int]  # height, width in px of the photo
    placed: Candidate | None = None

    @property
    def seed(self) -> int:
        return seed_of(self.operation)

    @property
    def twist(self) -> int:
        """How it was moved away from what its seed gives; 0: not at all."""
        return twist_of(self.operation)

    def without_place(self) -> "Sample":
        """To be made again when it is placed: photo or selection are different now."""
        return replace(self, placed=None) if self.placed else self


def is_sampler(kind: type) -> bool:
    """Whether it is an operation that makes something up from a seed."""
    return issubclass(kind, Operation) and kind.group == "sample" and _has_number(kind, "seed")


def has_twist(kind: type) -> bool:
    """Whether it can move a little away from what a seed gives."""
    return _has_number(kind, "twist")


def _has_number(kind: type, name: str) -> bool:
    return any(one.name == name and one.kind is int for one in params.describe(kind))


def twist_of(operation: Operation) -> int:
    """How it is moved away from what its seed gives; 0: not at all."""
    return int(getattr(operation, "twist", 0))


def twisted(operation: Sampler, twist: int) -> Sampler:
    """The same with the same seed, moved another way; beyond the last way it begins again with the first."""
    high = round(next(one.high for one in params.describe(type(operation)) if one.name == "twist") or 1)
    changed: Any = operation  # the field is known by its name only
    return replace(changed, twist=(twist - 1) % high + 1 if twist else 0)


def label(operation: Operation) -> str:
    """Its seed, and its twist where it has one: "17", "17 ~ 2"."""
    seed, twist = seed_of(operation), twist_of(operation)
    return f"{seed} ~ {twist}" if twist else str(seed)


def make_for_selection(view: View, operation: Operation, selection: np.ndarray, progress: Progress) -> Sample:
    """What it makes of the selection (uint8). Raises RestoreError, Cancelled.

    An operation that depends on the whole of a large photo sees no more than the surroundings, and is run when placed.
    """
    if operation.context is None and selection.size > _WAIT:
        return _make_nearby(view, operation, selection, progress)
    made = candidates.make(view, operation, selection, progress)
    height, width = made.box.bottom - made.box.top, made.box.right - made.box.left
    return Sample(operation, made.thumbnail, (height, width), made if height * width <= _KEPT else None)


def _make_nearby(view: View, operation: Operation, selection: np.ndarray, progress: Progress) -> Sample:
    params.check(operation)
    box = bounds(selection)
    height, width = box.bottom - box.top, box.right - box.left
    wide = box.grown(max(height, width) // 3, selection.shape)
    settled = view.document.told(operation).settle(view.image)
    mask = as_mask(selection[wide.slices])
    result = apply(Step(settled, mask), frozen(view.image[wide.slices].copy()), progress)
    return Sample(operation, thumbnail_of(result, view.display.icc), (height, width))


def make_square(
    document: Document, image: Image, icc: bytes | None, operation: Operation, progress: Progress
) -> Sample:
    """What it makes of a square in the middle of a photo, as large as that allows; `image` is the document's after
    its steps. Raises RestoreError, Cancelled.

    An operation that depends on the whole photo sees nothing but the square.
    """
    params.check(operation)
    box = middle(image.shape)
    settled = document.told(operation).settle(image)
    context = settled.context
    wide = box if context is None else box.grown(context, image.shape).aligned(settled.grid)
    result = apply(Step(settled), frozen(image[wide.slices].copy()), progress)
    part = result[box.top - wide.top : box.bottom - wide.top, box.left - wide.left : box.right - wide.left]
    return Sample(operation, thumbnail_of(frozen(part.copy()), icc), (box.bottom - box.top, box.right - box.left))


def middle(shape: tuple[int, ...]) -> Box:
    """A square of at most 256 px in the middle of a photo; narrower than high where the photo is, and the reverse."""
    return around((shape[1] / 2, shape[0] / 2), (SQUARE, SQUARE), shape)


def around(point: tuple[float, float], size: tuple[int, int], shape: tuple[int, ...]) -> Box:
    """A box of `size` (height, width) around the point (x, y), moved and cut so that it is within the photo."""
    height, width = min(size[0], shape[0]), min(size[1], shape[1])
    top = min(max(0, round(point[1] - height / 2)), shape[0] - height)
    left = min(max(0, round(point[0] - width / 2)), shape[1] - width)
    return Box(top, top + height, left, left + width)


def selected(box: Box, shape: tuple[int, ...]) -> np.ndarray:
    """A selection (uint8) of nothing but the box."""
    selection = np.zeros(shape[:2], np.uint8)
    selection[box.slices] = 255
    return selection
