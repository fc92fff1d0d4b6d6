"""The 8-bit copy of an image that the screen shows: sRGB pictures of the whole image and of its halvings."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image as Pillow
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from engine.image import Box, Image, whole
from engine.progress import Progress

_SMALLEST = 512  # px of the longer side of the last halving
_BAND = 1 << 19  # pixels converted at once: the temporary arrays stay in the processor's cache

Convert = Callable[[np.ndarray], np.ndarray]  # uint8 (h, w, 3) in the photo's colours -> uint8 (h, w, 3) in sRGB


@dataclass(frozen=True, eq=False)
class Level:
    """One picture: `pixels` uint8 (H, W, 4) in the order of QImage's RGB32, and the QImage that looks at them."""

    pixels: np.ndarray  # kept, because the QImage does not own its memory
    picture: QImage

    @staticmethod
    def of(pixels: np.ndarray) -> "Level":
        height, width = pixels.shape[:2]
        return Level(pixels, QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32))


@dataclass(frozen=True, eq=False)
class Display:
    """Level k is the image averaged over 2^k x 2^k pixels. Never changed after it was built; free of widgets."""

    levels: tuple[Level, ...]
    size: QSize
    icc: bytes | None

    @staticmethod
    def build(image: Image, icc: bytes | None, progress: Progress | None = None) -> "Display":
        """The screen copy of `image`, whose pixels mean colours by the profile `icc`; None or broken: sRGB.

        Raises Cancelled.
        """
        progress = progress or Progress()
        pixels = np.full((*image.shape[:2], 4), 255, np.uint8)
        _write(pixels, image, whole(image), _converter(icc), progress.part(0, 0.9))
        levels = [pixels]
        while max(levels[-1].shape[:2]) > _SMALLEST:
            progress(0.9)
            levels.append(_halved(levels[-1]))
        progress(1.0)
        return Display(tuple(map(Level.of, levels)), QSize(image.shape[1], image.shape[0]), icc)

    def updated(self, image: Image, box: Box) -> "Display":
        """The Display of an `image` that differs from the one shown here only inside `box`."""
        if box.empty:
            return self
        levels = [level.pixels.copy() for level in self.levels]
        _write(levels[0], image, box, _converter(self.icc), Progress())
        for fine, coarse in zip(levels, levels[1:], strict=False):
            box = Box(box.top // 2, -(-box.bottom // 2), box.left // 2, -(-box.right // 2))
            coarse[box.slices] = _halved(fine[2 * box.top : 2 * box.bottom, 2 * box.left : 2 * box.right])
        return Display(tuple(map(Level.of, levels)), self.size, self.icc)

    def level_for(self, zoom: float) -> int:
        """The coarsest level with at least one pixel per device pixel at this zoom."""
        level = 0
        while level + 1 < len(self.levels) and zoom * 2 ** (level + 1) <= 1:
            level += 1
        return level


def _write(pixels: np.ndarray, image: Image, box: Box, convert: Convert | None, progress: Progress) -> None:
    """Convert the `box` of `image` into `pixels`."""
    rows = max(1, _BAND // max(1, box.right - box.left))
    for top in progress.each(range(box.top, box.bottom, rows)):
        part = slice(top, min(top + rows, box.bottom)), slice(box.left, box.right)
        scaled = image[part] * np.float32(255)
        scaled += np.float32(0.5)
        band = scaled.astype(np.uint8)
        if convert is not None:
            band = convert(band)
        pixels[part][..., :3] = band[..., ::-1]


def _halved(pixels: np.ndarray) -> np.ndarray:
    """Averages of 2 x 2 pixels; the last row or column of an odd size is averaged over what there is."""
    height, width = pixels.shape[:2]
    flat = np.ascontiguousarray(pixels)
    picture = Pillow.frombuffer("RGBX", (width, height), flat, "raw", "RGBX", 0, 1)
    return np.array(picture.reduce(2))


def _converter(icc: bytes | None) -> Convert | None:
    """From the profile's colours to sRGB; None where nothing is to be done or the profile cannot be used."""
    if not icc:
        return None
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if ImageCms.getProfileDescription(profile).strip().lower().startswith("srgb"):
            return None
        mode = {"RGB": "RGB", "GRAY": "L"}.get(profile.profile.xcolor_space.strip())
        if mode is None:
            return None
        transform = ImageCms.buildTransform(
            profile,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError):
        return None

    def convert(band: np.ndarray) -> np.ndarray:
        source = Pillow.fromarray(band if mode == "RGB" else np.ascontiguousarray(band[..., 1]))
        return np.asarray(ImageCms.applyTransform(source, transform))

    return convert


def changed_box(old: Image, new: Image) -> Box:
    """The smallest box in which two images of equal size differ; empty where they do not."""
    if old is new:
        return Box(0, 0, 0, 0)
    height, width = old.shape[:2]
    rows = max(1, _BAND // 2 // width)
    top = next((y for y in range(0, height, rows) if _differ(old, new, y, y + rows)), None)
    if top is None:
        return Box(0, 0, 0, 0)
    bottom = next(y for y in range(height, 0, -rows) if _differ(old, new, max(0, y - rows), y))
    top += int(np.argmax((old[top : top + rows] != new[top : top + rows]).any(axis=(1, 2))))
    start = max(0, bottom - rows)
    last = (old[start:bottom] != new[start:bottom]).any(axis=(1, 2))
    bottom -= int(np.argmax(last[::-1]))
    left, right = width, 0
    for y in range(top, bottom, rows):  # only the columns that are not yet known to differ are looked at
        end = min(y + rows, bottom)
        columns = np.flatnonzero((old[y:end, :left] != new[y:end, :left]).any(axis=(0, 2)))
        if right == 0 and len(columns):
            right = int(columns[-1]) + 1
        left = min(left, int(columns[0])) if len(columns) else left
        columns = np.flatnonzero((old[y:end, right:] != new[y:end, right:]).any(axis=(0, 2)))
        right = right + int(columns[-1]) + 1 if len(columns) else right
    return Box(top, bottom, left, right)


def _differ(old: Image, new: Image, top: int, bottom: int) -> bool:
    return bool((old[top:bottom] != new[top:bottom]).any())
