"""The 8-bit copy of an image that the screen shows: sRGB pictures of the whole image and of its halvings."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from engine.image import Box, Image, whole
from engine.progress import Progress

_SMALLEST = 512  # px of the longer side of the last halving
_ROWS = 256  # of a band
_CHUNK = 1 << 19  # pixels converted at once: the temporary arrays stay in the processor's cache

Convert = Callable[[np.ndarray], np.ndarray]  # uint8 (h, w, 3) in the photo's colours -> uint8 (h, w, 3) in sRGB


@dataclass(frozen=True, eq=False)
class Band:
    """Rows `top` to `bottom` of a level, and where there is one a row more on each side to smooth towards."""

    top: int
    bottom: int
    start: int  # the row of the level that `pixels` begins with
    pixels: np.ndarray  # uint8 (h, W, 4) in the order of QImage's RGB32; kept, for the QImage does not own its memory
    picture: QImage

    @staticmethod
    def of(top: int, bottom: int, start: int, pixels: np.ndarray) -> "Band":
        height, width = pixels.shape[:2]
        picture = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_RGB32)
        return Band(top, bottom, start, pixels, picture)

    def replaced(self, box: Box, part: np.ndarray) -> "Band":
        """This band with `part` at `box` of the level; itself where they do not meet."""
        top, bottom = max(box.top, self.start), min(box.bottom, self.start + len(self.pixels))
        if top >= bottom:
            return self
        pixels = self.pixels.copy()
        pixels[top - self.start : bottom - self.start, box.left : box.right] = part[top - box.top : bottom - box.top]
        return Band.of(self.top, self.bottom, self.start, pixels)


@dataclass(frozen=True, eq=False)
class Level:
    """One picture, in bands of rows: an update copies the bands it touches and shares the others."""

    bands: tuple[Band, ...]

    @staticmethod
    def of(pixels: np.ndarray) -> "Level":
        """The level of these pixels, uint8 (H, W, 4), which it goes on using."""
        height = len(pixels)
        tops = range(0, height, _ROWS)
        parts = [(top, min(top + _ROWS, height), max(0, top - 1)) for top in tops]
        return Level(tuple(Band.of(top, end, start, pixels[start : end + 1]) for top, end, start in parts))

    def part(self, box: Box) -> np.ndarray:
        """A copy of the pixels in a box."""
        met = [band for band in self.bands if band.top < box.bottom and band.bottom > box.top]
        rows = [(max(band.top, box.top), min(band.bottom, box.bottom), band) for band in met]
        return np.vstack([band.pixels[t - band.start : b - band.start, box.left : box.right] for t, b, band in rows])

    def replaced(self, box: Box, part: np.ndarray) -> "Level":
        """This level with other pixels in a box."""
        return Level(tuple(band.replaced(box, part) for band in self.bands))


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
        levels = [_converted(image, whole(image), _converter(icc), progress.part(0, 0.9))]
        while max(levels[-1].shape[:2]) > _SMALLEST:
            progress(0.9)
            levels.append(_halved(levels[-1]))
        progress(1.0)
        return Display(tuple(map(Level.of, levels)), QSize(image.shape[1], image.shape[0]), icc)

    def updated(self, image: Image, box: Box) -> "Display":
        """The Display of an `image` that differs from the one shown here only inside `box`."""
        if box.empty:
            return self
        part = _converted(image, box, _converter(self.icc), Progress())
        levels = [self.levels[0].replaced(box, part)]
        for level in self.levels[1:]:
            fine = levels[-1]
            height, width = fine.bands[-1].bottom, fine.bands[-1].pixels.shape[1]
            box = Box(box.top // 2, -(-box.bottom // 2), box.left // 2, -(-box.right // 2))
            source = Box(2 * box.top, min(2 * box.bottom, height), 2 * box.left, min(2 * box.right, width))
            levels.append(level.replaced(box, _halved(fine.part(source))))
        return Display(tuple(levels), self.size, self.icc)

    def level_for(self, zoom: float) -> int:
        """The coarsest level with at least one pixel per device pixel at this zoom."""
        level = 0
        while level + 1 < len(self.levels) and zoom * 2 ** (level + 1) <= 1:
            level += 1
        return level


def _converted(image: Image, box: Box, convert: Convert | None, progress: Progress) -> np.ndarray:
    """The `box` of `image` for the screen, uint8 (h, w, 4)."""
    pixels = np.full((box.bottom - box.top, box.right - box.left, 4), 255, np.uint8)
    rows = max(1, _CHUNK // pixels.shape[1])
    for top in progress.each(range(0, pixels.shape[0], rows)):
        part = pixels[top : top + rows]
        scaled = image[box.top + top : box.top + top + len(part), box.left : box.right] * np.float32(255)
        scaled += np.float32(0.5)
        colours = scaled.astype(np.uint8)
        part[..., :3] = (colours if convert is None else convert(colours))[..., ::-1]
    return pixels


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
        profile: Any = ImageCms.getOpenProfile(io.BytesIO(icc))
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
    rows = max(1, _CHUNK // 2 // width)
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
