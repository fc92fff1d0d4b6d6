"""Between the integers of files and the float32 of images: exact, upright, a band of rows at a time."""

import zlib
from collections.abc import Callable, Iterator

import numpy as np

from engine.image import Image, Mask, frozen
from engine.progress import Progress

BAND = 256  # rows
# For zlib.compressobj: rows of differences in photos get as small as by level 6, in a fifth of the time.
PACKING = (1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)


def turned(height: int, width: int, orientation: int) -> tuple[int, int]:
    """Height and width of a picture once its Exif orientation is applied."""
    return (width, height) if orientation >= 5 else (height, width)


def stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """A view of an upright array that has its rows and columns as the file with that Exif orientation stores them."""
    view = upright.swapaxes(0, 1) if orientation >= 5 else upright
    if orientation in (2, 3, 7, 8):
        view = view[:, ::-1]
    return view[::-1] if orientation in (3, 4, 6, 7) else view


def collect(
    rows: Callable[[int, int], np.ndarray], size: tuple[int, int], top: float, orientation: int, progress: Progress
) -> tuple[Image, Mask | None]:
    """Image and alpha from `rows(first, stop)` -> (rows, W, 1..4) integers 0..top, or floats where `top` is 1.

    One or three channels are colour, a second or fourth is alpha. `size` is (H, W) as stored. The integer k becomes
    float32(k / top), which `integers` turns into k again. Raises Cancelled.
    """
    height, width = size
    upright = turned(height, width, orientation)
    image, alpha = np.empty((*upright, 3), np.float32), None
    view, alpha_view = stored(image, orientation), None
    for first in progress.each(range(0, height, BAND)):
        stop = min(height, first + BAND)
        band = rows(first, stop)
        if band.shape[:2] != (stop - first, width):
            raise ValueError("the pixels are not as many as the header says")
        colours = band.shape[2] - (band.shape[2] in (2, 4))
        np.divide(band[..., :colours], np.float32(top), out=view[first:stop], dtype=np.float32)
        if colours < band.shape[2]:
            if alpha_view is None:
                alpha = np.empty(upright, np.float32)
                alpha_view = stored(alpha, orientation)
            np.divide(band[..., -1], np.float32(top), out=alpha_view[first:stop], dtype=np.float32)
    if top == 1:
        return frozen(image), None if alpha is None else frozen(alpha)
    for plane in (image, alpha):
        if plane is not None:
            plane.flags.writeable = False  # in range by construction: no pass over it for `frozen` to check
    return image, alpha


def integers(image: Image, alpha: Mask | None, grey: bool, depth: int, first: int, stop: int) -> np.ndarray:
    """Rows as they go into a file: (rows, W, 1..4) uint8 or uint16, alpha last, one colour channel for `grey`."""
    top, kind = (255, np.uint8) if depth == 8 else (65535, np.uint16)
    colour = image[first:stop, :, :1] if grey else image[first:stop]
    channels = colour.shape[2] + (alpha is not None)
    band = np.empty((*colour.shape[:2], channels), kind)
    band[..., : colour.shape[2]] = np.rint(colour * np.float32(top))
    if alpha is not None:
        band[..., -1] = np.rint(alpha[first:stop] * np.float32(top))
    return band


def bands(
    image: Image, alpha: Mask | None, grey: bool, depth: int, rows: int, progress: Progress
) -> Iterator[np.ndarray]:
    """`integers` of the whole picture, at most `rows` rows at a time. Raises Cancelled."""
    for first in progress.each(range(0, image.shape[0], rows)):
        yield integers(image, alpha, grey, depth, first, min(image.shape[0], first + rows))


def all_integers(image: Image, alpha: Mask | None, grey: bool, depth: int, progress: Progress) -> np.ndarray:
    """`integers` of the whole picture as one array. Raises Cancelled."""
    channels = (1 if grey else 3) + (alpha is not None)
    result = np.empty((*image.shape[:2], channels), np.uint8 if depth == 8 else np.uint16)
    for index, band in enumerate(bands(image, alpha, grey, depth, BAND, progress)):
        result[index * BAND : index * BAND + len(band)] = band
    return result
