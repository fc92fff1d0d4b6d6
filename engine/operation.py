"""Operations, detectors and steps, and `apply`: the one place where masks, cropping and checks live."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np

from engine import params
from engine.errors import RestoreError
from engine.image import Image, Mask, bands, blend, bounds, frozen, is_grey, whole
from engine.progress import Progress

T = TypeVar("T")
_NEARLY = 0.8  # of the photo


class Operation(ABC):
    """Makes a new image from an image. Subclass as a frozen dataclass whose fields are `params.param`."""

    id: ClassVar[str]  # the name of its file, set by `find_all`
    title: ClassVar[str]  # what the user reads
    group: ClassVar[str]  # "noise", "repair", "geometry", "sharpen", "sample": where the menu puts it
    summary: ClassVar[str] = ""  # one sentence for tooltips and --list
    moves: ClassVar[bool] = False  # pixels change place: acts on the whole picture, alpha and mask go along
    colours: ClassVar[bool] = False  # may turn a grey image into a coloured one
    needs_mask: ClassVar[bool] = False  # refuses to work without a mask
    least_places: ClassVar[int] = 1  # selected places apart from each other, for one that needs a mask
    fits_mask: ClassVar[bool] = False  # makes something for the mask, where there is one, not a piece of the whole
    weights: ClassVar[str] = ""  # of which model; without them in the manifest the operation is not offered
    recalls: ClassVar[bool] = False  # settles on the photo as it was opened, not as the steps before have left it
    grid: ClassVar[int] = 1  # px; its result depends on where pixels lie on such a grid: crops begin on it

    @property
    def context(self) -> int | None:
        """Px around a pixel that its result depends on; None: the whole image."""
        return 0

    def settle(self, image: Image) -> "Operation":
        """This operation with whatever it measures on the whole `image` as fixed parameters; `run` need not be told
        more than its context then. Most measure nothing and return themselves."""
        return self

    def informed(self, facts: Mapping[str, float]) -> "Operation":
        """This operation with what the photo's file says, such as {"jpeg quality": 80}, as parameters."""
        return self

    @abstractmethod
    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        """A new image; never writes to `image`. The caller blends with the mask: use `mask` only if the pixels under
        it must not be looked at (filling). Work in passes offers each to `progress`. Raises RestoreError, Cancelled."""


class Detector(ABC):
    """Finds something in an image. Subclass as a frozen dataclass whose fields are `params.param`."""

    id: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str] = ""
    weights: ClassVar[str] = ""  # of which model; without them in the manifest the detector is not offered

    @property
    def context(self) -> int | None:
        """Px around a pixel that its result depends on; None: the whole image."""
        return None

    @abstractmethod
    def detect(self, image: Image, progress: Progress) -> Mask:
        """Where it is: a mask of the image's size. Raises RestoreError, Cancelled."""


@dataclass(frozen=True, eq=False)
class Step:
    """An operation and where it works; no mask: everywhere."""

    operation: Operation
    mask: Mask | None = None


def apply(step: Step, image: Image, progress: Progress | None = None) -> Image:
    """The image after the step: cropped to mask and context, run, blended, frozen.

    Bit for bit the input where the mask is 0. Raises RestoreError (parameters out of range, mask missing or of
    another size, whatever the operation refuses) and Cancelled.
    """
    progress = progress or Progress()
    params.check(step.operation)
    operation = step.operation.settle(image)
    mask = None if operation.moves else step.mask
    if mask is not None and mask.shape != image.shape[:2]:
        raise RestoreError(f"The mask is {_size(mask)} pixels, the photo {_size(image)}.")
    if operation.needs_mask and (mask is None or not mask.any()):
        how = ": paint over the damage first" if operation.group == "repair" else ""
        raise RestoreError(f"{operation.title} needs a selection{how}.")
    box = whole(image) if mask is None else bounds(mask, operation.context)
    if box.empty:
        return image
    box = box.aligned(operation.grid)
    if box.area > _NEARLY * whole(image).area and not operation.fits_mask:
        box = whole(image)  # copies of a huge photo saved
    old, part = (image, None) if mask is None else (frozen(image[box.slices]), frozen(mask[box.slices]))

    def finish(new: Image, over: bool) -> Image:
        over = over and new.flags.writeable  # what is frozen may be somebody's
        new = frozen(_without_colour(operation, old, new))
        if part is None:
            return new
        if box == whole(image):
            return blend(old, new, part, over)
        result = image.copy()
        result[box.slices] = blend(old, new, part)
        return frozen(result)

    inner = progress.keeping(lambda new, by: progress.offer(finish(new, over=False), by))
    return finish(operation.run(old, part, inner), over=True)


def move(operation: Operation, plane: Image | Mask) -> Image | Mask:
    """An image, or a mask or alpha treated as a grey one, after an operation that moves pixels. Raises RestoreError."""
    if plane.ndim == 3:
        return apply(Step(operation), plane)
    image = np.empty((*plane.shape, 3), np.float32)
    image[:] = plane[..., None]  # np.repeat would hold the interpreter, and with it the window
    return frozen(apply(Step(operation), frozen(image))[..., 0].copy())


def _without_colour(operation: Operation, old: Image, new: Image) -> Image:
    """`new`, grey if `old` is grey and the operation is not about colour."""
    if operation.colours or new is old or not is_grey(old):
        return new
    result = new if new.flags.writeable else new.copy()
    for band in bands(result):
        if not is_grey(band):
            band[:] = ((band[..., 0] + band[..., 1] + band[..., 2]) / 3)[..., None]
    return result


def _size(array: np.ndarray) -> str:
    return f"{array.shape[1]} x {array.shape[0]}"


def walk(package: str, path: Iterable[str], base: type[T]) -> dict[str, type[T]]:
    """Imports each module of a package; returns the subclasses of `base` they define, by file name, in name order.

    A file `name.py` must define exactly one; its `id` becomes "name", words apart by "-".
    """
    found: dict[str, type[T]] = {}
    for info in sorted(pkgutil.iter_modules(path), key=lambda info: info.name):
        module = importlib.import_module(f"{package}.{info.name}")
        own = [
            one
            for one in vars(module).values()
            if isinstance(one, type) and issubclass(one, base) and one.__module__ == module.__name__
        ]
        if len(own) != 1:
            raise TypeError(f"{module.__name__} defines {len(own)} subclasses of {base.__name__}, not one")
        word = info.name.replace("_", "-")
        own[0].id = word  # type: ignore[attr-defined]
        found[word] = own[0]
    return found
