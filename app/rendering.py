"""What the worker thread does for the session: reading, rendering, previews, detecting, exporting. No widgets."""

import io
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import ImageCms
from PySide6.QtGui import QImage

from app.display import Display, changed_box
from app.durations import passes, pixels
from app.history import PackedMask
from engine import files, params
from engine.document import Document
from engine.errors import RestoreError
from engine.files import ExportSettings, Metadata, Photo
from engine.image import Box, Image, Mask, bounds, frozen, whole
from engine.operation import Detector, Operation, Step, apply, move
from engine.progress import Progress

_UNBOUNDED_CONTEXT = 128  # px around a preview of an operation that looks at the whole photo
_DRAFT = 2048  # px of the longer side
PREVIEW_LIMIT = 8_000_000  # px; more than that is no preview but the work itself


@dataclass(frozen=True, eq=False)
class View:
    """A document as it is shown: its image, the screen copy, and the screen copy of the original, moved alike."""

    document: Document
    image: Image
    display: Display
    before: Display


@dataclass(frozen=True, eq=False)
class Stepped:
    """The view after one more step; the selection before and after where the step moved it.

    It took `seconds` to work on so many pixels. Of a result on the way, `passes` are those made and those wanted.
    """

    view: View
    masks: tuple[PackedMask, PackedMask] | None = None
    worked_on: int = 0  # pixels
    seconds: float = 0.0
    passes: tuple[int, int] = (1, 1)


@dataclass(frozen=True, eq=False)
class Opened:
    """A photo and its first view; `path` is None where it came from no file."""

    photo: Photo
    view: View
    name: str
    path: Path | None = None


def open_file(path: Path, progress: Progress) -> Opened:
    """The photo in a file. Raises RestoreError, Cancelled."""
    photo = files.read(path, progress.part(0, 0.7))
    return Opened(photo, _first_view(photo, progress.part(0.7, 1)), path.name, path)


def open_draft(path: Path) -> Display | None:
    """A small copy of the photo in a file to look at while the whole is read, where that is quicker."""
    image = files.read_draft(path, _DRAFT)
    return None if image is None else Display.build(image, None)


def open_picture(picture: QImage, name: str, progress: Progress) -> Opened:
    """A photo from a picture of the clipboard. Raises RestoreError, Cancelled."""
    if picture.isNull() or not picture.width() or not picture.height():
        raise RestoreError("The clipboard holds no picture.")
    grey = picture.isGrayscale()
    alpha = picture.hasAlphaChannel()
    picture = picture.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    pixels = rows[:, : picture.width() * 4].reshape(picture.height(), picture.width(), 4)
    values = pixels.astype(np.float32) / np.float32(255)
    opaque = frozen(values[..., 3].copy()) if alpha and (pixels[..., 3] < 255).any() else None
    photo = Photo(frozen(values[..., :3].copy()), opaque, Metadata("png", 8, grey))
    return Opened(photo, _first_view(photo, progress), name)


def open_canvas(height: int, width: int, name: str, progress: Progress) -> Opened:
    """A white photo. Raises Cancelled."""
    photo = Photo(frozen(np.ones((height, width, 3), np.float32)), None, Metadata("png"))
    return Opened(photo, _first_view(photo, progress), name)


def _first_view(photo: Photo, progress: Progress) -> View:
    display = Display.build(photo.image, photo.metadata.icc, progress)
    return View(Document(photo.image, facts=photo.metadata.facts()), photo.image, display, display)


def show(old: View, document: Document, progress: Progress) -> View:
    """The view of another document of the same photo. Raises RestoreError, Cancelled."""
    image = document.render(progress.part(0, 0.9))
    moved = _moves(document) != _moves(old.document)
    if image.shape == old.image.shape and not moved:
        return _in_place(old, document, image)
    display = Display.build(image, old.display.icc, progress.part(0.9, 1))
    original = document.move(document.source) if _moves(document) else document.source
    return View(document, image, display, Display.build(original, old.display.icc))


def _in_place(old: View, document: Document, image: Image) -> View:
    """The view of a document whose `image` has its pixels where the old one has them."""
    display = old.display.updated(image, changed_box(old.image, image))
    return View(document, image, display, old.before)


def _moves(document: Document) -> tuple[Step, ...]:
    return tuple(step for step in document.steps if step.operation.moves)


def step(
    old: View,
    operation: Operation,
    selection: np.ndarray,
    progress: Progress,
    offer: Callable[[Stepped], None] = lambda _stepped: None,
    known: tuple[Box, Image] | None = None,
) -> Stepped:
    """The view after the operation on the selected pixels, or on all where none is. Raises RestoreError, Cancelled.

    Work in passes gives `offer` the view after each of them. `known` is what the operation makes of the box around the
    selection, where that was made before.
    """
    start = time.monotonic()
    mask = None if operation.moves else as_mask(selection)
    document = old.document
    if document.steps:
        document.rendered.put(document.steps, old.image)  # what was before is not rendered, and not offered, again

    def keep(image: Image, by: Operation) -> None:
        partly = replace(document, steps=(*document.steps, Step(by, mask)))
        offer(Stepped(_in_place(old, partly, image), passes=(passes(by), passes(operation))))

    heard = progress if operation.moves else progress.keeping(keep)
    after = document.then(Step(operation, mask))
    if known is not None:
        image = old.image.copy()
        image[known[0].slices] = known[1]
        document.rendered.put(after.steps, frozen(image))
    view = show(old, after, heard)
    masks = (PackedMask.of(selection), PackedMask.of(moved(operation, selection))) if operation.moves else None
    count = pixels(operation, bounds(selection), selection.shape)
    return Stepped(view, masks, count, time.monotonic() - start)


def moved(operation: Operation, selection: np.ndarray) -> np.ndarray:
    """The selection (uint8) after an operation that moves pixels, treated as a grey image."""
    result = move(operation, frozen(selection.astype(np.float32) / np.float32(255)))
    return np.round(result * 255).astype(np.uint8)


def as_mask(selection: np.ndarray) -> Mask | None:
    """The selection (uint8) as the engine wants it; None where nothing is selected: the whole photo."""
    return frozen(selection.astype(np.float32) / np.float32(255)) if selection.any() else None


def preview(view: View, operation: Operation, selection: np.ndarray, box: Box, progress: Progress) -> Display:
    """The screen copy of what the operation would make of `box`, at true pixels. Raises RestoreError, Cancelled.

    What the operation measures on the whole photo it measures there too; one that depends on all of it otherwise sees
    some surroundings only, which is nearly the same.
    """
    params.check(operation)
    operation = view.document.told(operation).settle(view.image)
    context = operation.context
    wide = box.grown(_UNBOUNDED_CONTEXT if context is None else context, view.image.shape).aligned(operation.grid)
    part = view.image[wide.slices]
    within = as_mask(selection[wide.slices])
    if within is None and selection.any():
        result = part  # the selection is elsewhere
    else:
        result = apply(Step(operation, within), frozen(part), progress)
    inner = result[box.top - wide.top : box.bottom - wide.top, box.left - wide.left : box.right - wide.left]
    return Display.build(frozen(inner), view.display.icc)


class Found(NamedTuple):
    """A selection with what a detector found in how many places, by looking at so many pixels for `seconds`."""

    selection: Mask
    places: int
    worked_on: int
    seconds: float


def detect(
    view: View, detector: Detector, selection: np.ndarray, box: Box | None, add: bool, progress: Progress
) -> Found:
    """The selection with what the detector finds in `box` (None: everywhere), instead of or added to what was there.

    Outside `box` the selection stays. Raises RestoreError, Cancelled.
    """
    from engine import masks  # OpenCV: the engine is loaded before anything is detected

    params.check(detector)
    start = time.monotonic()
    box = box or whole(view.image)
    wide = whole(view.image) if detector.context is None else box.grown(detector.context, view.image.shape)
    found = detector.detect(frozen(view.image[wide.slices]), progress)
    inner = found[box.top - wide.top : box.bottom - wide.top, box.left - wide.left : box.right - wide.left]
    result = selection.astype(np.float32) / np.float32(255)
    result[box.slices] = np.maximum(result[box.slices], inner) if add else inner
    count = pixels(detector, box, view.image.shape)
    return Found(frozen(result), masks.places(inner), count, time.monotonic() - start)


def export(photo: Photo, view: View, path: Path, settings: ExportSettings, progress: Progress) -> Path:
    """Write the view's image with all that came with the photo; the path really written. Raises RestoreError."""
    alpha = None if photo.alpha is None else view.document.move(photo.alpha)
    return files.write(replace(photo, image=view.image, alpha=alpha), path, settings, progress)


def profile_name(icc: bytes | None) -> str:
    """What a colour profile calls itself; empty where there is none or it is broken."""
    if not icc:
        return ""
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc))).strip()
    except (ImageCms.PyCMSError, OSError):
        return ""
