"""TIFF files of any depth: tags and 16-bit pixels here, because Pillow would show 16 bit as 8."""

import struct
import zlib
from typing import BinaryIO

import numpy as np
from PIL import Image as Pillow

from engine.files import directories, exif, pillow_formats, pixels
from engine.files.directories import Directory, Entry, entry
from engine.files.photo import INKS, Metadata, Source, Unreadable
from engine.image import Image, Mask
from engine.progress import Progress

_PLAIN_COMPRESSIONS = {1, 8, 32773, 32946}  # none, deflate, PackBits: what tifffile reads without further libraries
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK = 0, 1, 2, 5
_CAMERA_RAW = {32803, 34892}  # colour filter array, linear raw
_STRIP = 1 << 20  # bytes, before compression
_XMP, _ICC = 700, 34675


def open_tiff(file: BinaryIO) -> Source:
    """Header and metadata of the first page of a TIFF file.

    Floats are read where they lie in 0..1 and count as 16 bit, as do 10 to 14 and 32 bit. CMYK becomes RGB; with a
    profile it becomes sRGB of 8 bit. Raises Unreadable, ValueError and what Pillow and tifffile raise.
    """

    def read(offset: int, length: int) -> bytes:
        file.seek(offset)
        return file.read(length)

    page = directories.parse(read)
    width, height = page.number(256), page.number(257)
    depths = page.numbers(258) or [1]
    photometric = page.number(262, _BLACK_IS_ZERO)
    if photometric in _CAMERA_RAW or 50706 in page.entries or (page.number(254) & 1 and 330 in page.entries):
        raise Unreadable("is a camera raw file; please develop it to a TIFF or JPEG first")
    if len(set(depths)) > 1:
        raise Unreadable("has channels of different depths, which cannot be read")
    orientation = page.number(274, 1) if 1 <= page.number(274, 1) <= 8 else 1
    managed = photometric == _CMYK and page.bytes(_ICC) is not None
    deep = depths[0] > 8 or page.number(339, 1) == 3
    samples = page.number(277, 1)
    colours = {_RGB: 3, _CMYK: 4}.get(photometric, 1 if photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO) else samples)
    metadata = Metadata(
        "tiff",
        depth=16 if deep and not managed else 8,
        grey=photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO),
        icc=pillow_formats.srgb() if managed else page.bytes(_ICC),
        exif=exif.from_tiff(page),
        xmp=exif.upright_xmp(page.bytes(_XMP)),
        dpi=exif.resolution_of(page),
    )
    upright = pixels.turned(height, width, orientation)

    def decode(progress: Progress) -> tuple[Image, Mask | None]:
        file.seek(0)
        if deep or samples > colours + 1:
            return _decode_deep(file, page, orientation, progress)
        with Pillow.open(file, formats=["TIFF"]) as opened:
            # Pillow has its own idea of which directories count: this is the one whose tags were read
            if opened.size not in ((width, height), (height, width)):
                raise ValueError("two sizes in one header")
            return pillow_formats.decode(opened, 1, progress)  # Pillow turns TIFF itself

    remarks = [INKS] if photometric == _CMYK else []
    return Source(metadata, upright[1], upright[0], samples > colours, decode, remarks)


def _decode_deep(file: BinaryIO, page: Directory, orientation: int, progress: Progress) -> tuple[Image, Mask | None]:
    """Pixels of more than 8 bit, of floats, or with channels that Pillow does not know."""
    photometric, kind = page.number(262, _BLACK_IS_ZERO), page.number(339, 1)
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK) or kind not in (1, 3):
        raise Unreadable("has colours of a kind that cannot be read")
    array = _array(file, page)
    colours = {_RGB: 3, _CMYK: 4}.get(photometric, 1)
    if array.shape[2] < colours:
        raise ValueError("channels are missing")
    array = array[..., : colours + 1]  # channels beyond the first extra one mean nothing to a photo
    if kind == 3:
        array = _checked_floats(array)
    top = 1 if kind == 3 else (1 << page.number(258, 1)) - 1
    if photometric == _CMYK:
        return _ink(array, page.bytes(_ICC), top, orientation, progress)

    def rows(first: int, stop: int) -> np.ndarray:
        band = array[first:stop]
        if photometric != _WHITE_IS_ZERO:
            return band
        return np.concatenate([np.array(top, band.dtype) - band[..., :1], band[..., 1:]], axis=2)

    return pixels.collect(rows, array.shape[:2], top, orientation, progress)


def _array(file: BinaryIO, page: Directory) -> np.ndarray:
    """The pixels of the first page as (H, W, channels)."""
    import tifffile  # here, since the window must show before these libraries are loaded

    height, width, samples = page.number(257), page.number(256), page.number(277, 1)
    if page.number(259, 1) not in _PLAIN_COMPRESSIONS:
        return _array_by_opencv(file, page)
    with tifffile.TiffFile(file) as opened:
        array = opened.pages.first.asarray(maxworkers=1)
    if page.number(284, 1) == 2 and samples > 1:
        array = np.moveaxis(array.reshape(samples, height, width), 0, 2)
    return array.reshape(height, width, samples)


def _array_by_opencv(file: BinaryIO, page: Directory) -> np.ndarray:
    """LZW and the like, for which tifffile would need another library."""
    import cv2

    file.seek(0)
    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        array = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ValueError("OpenCV refuses the pixels") from error
    finally:
        cv2.utils.logging.setLogLevel(before)
    samples = page.number(277, 1)
    sort = np.float32 if page.number(339, 1) == 3 else np.uint16 if page.number(258) > 8 else np.uint8
    if array is None or array.dtype != sort:  # pyright: ignore[reportUnnecessaryComparison] - the stub is wrong
        raise Unreadable("is compressed in a way that cannot be read; please save it with ZIP or without compression")
    array = array.reshape(*array.shape[:2], -1)
    if array.shape != (page.number(257), page.number(256), samples) or samples == 2:
        raise Unreadable("is compressed in a way that cannot be read; please save it with ZIP or without compression")
    return array[..., {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[samples]]


def _checked_floats(array: np.ndarray) -> np.ndarray:
    for first in range(0, array.shape[0], pixels.BAND):
        band = array[first : first + pixels.BAND]
        if not np.isfinite(band).all() or band.min() < 0 or band.max() > 1:
            raise Unreadable("holds floating-point numbers outside 0 to 1; please save it with 16 bits a channel")
    return array


def _ink(
    array: np.ndarray, icc: bytes | None, top: int, orientation: int, progress: Progress
) -> tuple[Image, Mask | None]:
    """CMYK as RGB: by the profile, in 8 bit since Pillow offers no more, or by mixing inks without one."""
    if icc:
        scaled = np.rint(array[..., :4] / np.float32(top) * 255).astype(np.uint8)
        picture = Pillow.fromarray(scaled, mode="CMYK")
        picture.info["icc_profile"] = icc
        return pillow_formats.decode(picture, orientation, progress)

    def rows(first: int, stop: int) -> np.ndarray:
        inks = array[first:stop].astype(np.float32) / np.float32(top)
        return np.concatenate([(1 - inks[..., :3]) * (1 - inks[..., 3:4]), inks[..., 4:]], axis=2)

    return pixels.collect(rows, array.shape[:2], 1, orientation, progress)


def write_tiff(file: BinaryIO, image: Image, alpha: Mask | None, metadata: Metadata, progress: Progress) -> None:
    """Writes a TIFF file of 8 or 16 bit: deflate with horizontal differences, all metadata, Exif directories too.

    Raises Cancelled, OSError.
    """
    height, width = image.shape[:2]
    channels = (1 if metadata.grey else 3) + (alpha is not None)
    rows = max(1, min(height, _STRIP // (width * channels * metadata.depth // 8)))
    file.write(b"II*\0\0\0\0\0")
    places, lengths = list[int](), list[int]()
    for band in pixels.bands(image, alpha, metadata.grey, metadata.depth, rows, progress):
        packed = zlib.compressobj(*pixels.PACKING)
        strip = packed.compress(_differences(band)) + packed.flush()
        places.append(file.tell())
        lengths.append(len(strip))
        file.write(strip + b"\0" * (len(strip) % 2))
    page = exif.for_tiff(metadata.exif)
    page.entries |= _tags(metadata, width, height, channels, alpha is not None)
    page.entries |= {273: entry(4, *places), 278: entry(4, rows), 279: entry(4, *lengths)}
    start = file.tell()
    file.write(directories.pack(page, start))
    file.seek(4)
    file.write(struct.pack("<I", start))


def _tags(metadata: Metadata, width: int, height: int, channels: int, alpha: bool) -> dict[int, Entry]:
    tags = {
        256: entry(4, width),
        257: entry(4, height),
        258: entry(3, *[metadata.depth] * channels),
        259: entry(3, 8),
        262: entry(3, _BLACK_IS_ZERO if metadata.grey else _RGB),
        274: entry(3, 1),
        277: entry(3, channels),
        284: entry(3, 1),
        317: entry(3, 2),
    }
    if alpha:
        tags[338] = entry(3, 2)  # not multiplied into the colours
    if metadata.dpi:
        tags |= exif.resolution_entries(metadata.dpi)
    if metadata.icc:
        tags[_ICC] = Entry(7, len(metadata.icc), metadata.icc)
    if metadata.xmp:
        tags[_XMP] = Entry(1, len(metadata.xmp), metadata.xmp)
    return tags


def _differences(band: np.ndarray) -> bytes:
    """Each row as differences to the pixel on the left (TIFF 6.0, section 14), little-endian."""
    result = band.copy()
    np.subtract(band[:, 1:], band[:, :-1], out=result[:, 1:])
    return result.astype(result.dtype.newbyteorder("<"), copy=False).tobytes()
