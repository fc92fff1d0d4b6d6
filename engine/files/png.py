"""PNG files chunk by chunk: Pillow would show 16 bit as 8 and keep less of the metadata."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from PIL import Image as Pillow

from engine.files import exif, pillow_formats, pixels
from engine.files.photo import Metadata, Source
from engine.image import Image, Mask
from engine.progress import Progress

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_XMP = b"XML:com.adobe.xmp"
_TEXT_LIMIT = 64 << 20  # bytes that a compressed chunk of metadata may grow to
_BLOCK = 1 << 20  # bytes in one IDAT chunk


def open_png(file: BinaryIO) -> Source:
    """Header and metadata of a PNG file; the first picture of an animated one. Raises ValueError, struct.error."""
    chunks = _chunks(file)
    picture, about, header = bytearray(SIGNATURE), dict[bytes, bytes](), b""
    for name, data in chunks:
        if name in _PIXELS:
            picture += _chunk(name, data)
            header = data if name == b"IHDR" else header
        elif name == b"iTXt" and not data.startswith(_XMP):
            continue
        else:
            about.setdefault(name, data)
    width, height, depth, colour = struct.unpack(">IIBB", header[:10])
    block = exif.clean(about.get(b"eXIf"))
    orientation = exif.orientation(block)
    metadata = Metadata(
        "png",
        depth=16 if depth == 16 else 8,
        grey=colour in (0, 4),
        icc=_profile(about.get(b"iCCP")),
        exif=exif.upright(block),
        xmp=exif.upright_xmp(_text(about.get(b"iTXt"))),
        dpi=_resolution(about.get(b"pHYs")) or exif.resolution(block),
    )
    upright = pixels.turned(height, width, orientation)
    transparent = bool(colour & 4) or b"tRNS" in bytes(picture[: picture.index(b"IDAT")])

    def decode(progress: Progress) -> tuple[Image, Mask | None]:
        if depth == 16:
            return _decode16(picture, metadata.grey, (height, width), orientation, progress)
        with Pillow.open(io.BytesIO(bytes(picture)), formats=["PNG"]) as opened:
            return pillow_formats.decode(opened, orientation, progress)

    return Source(metadata, upright[1], upright[0], transparent, decode)


def _decode16(
    picture: bytearray, grey: bool, size: tuple[int, int], orientation: int, progress: Progress
) -> tuple[Image, Mask | None]:
    import cv2  # here, since the window must show before OpenCV is loaded

    try:
        array = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ValueError("OpenCV refuses the pixels") from error
    if array is None or array.dtype != np.uint16:  # pyright: ignore[reportUnnecessaryComparison] - the stub is wrong
        raise ValueError("OpenCV refuses the pixels")
    array = array.reshape(*array.shape[:2], -1)
    # OpenCV gives blue, green, red, alpha, and grey with alpha as four channels
    order = {1: [0], 3: [2, 1, 0], 4: [2, 3] if grey else [2, 1, 0, 3]}[array.shape[2]]
    return pixels.collect(lambda first, stop: array[first:stop][..., order], size, 65535, orientation, progress)


def write_png(file: BinaryIO, image: Image, alpha: Mask | None, metadata: Metadata, progress: Progress) -> None:
    """Writes a PNG file of 8 or 16 bit with all metadata. Raises Cancelled, OSError."""
    height, width = image.shape[:2]
    colour = (0 if metadata.grey else 2) + (0 if alpha is None else 4)
    file.write(SIGNATURE + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, metadata.depth, colour, 0, 0, 0)))
    file.write(b"".join(_chunk(name, data) for name, data in _about(metadata)))
    packed, waiting = zlib.compressobj(*pixels.PACKING), bytearray()
    above: np.ndarray | None = None
    for band in pixels.bands(image, alpha, metadata.grey, metadata.depth, 64, progress):
        rows = band.astype(band.dtype.newbyteorder(">")).view(np.uint8).reshape(len(band), -1)
        waiting += packed.compress(_filtered(rows, above, band.shape[2], metadata.depth))
        above = rows[-1:]
        if len(waiting) >= _BLOCK:
            file.write(_chunk(b"IDAT", bytes(waiting)))
            waiting.clear()
    file.write(_chunk(b"IDAT", bytes(waiting) + packed.flush()) + _chunk(b"IEND", b""))


def _filtered(rows: np.ndarray, above: np.ndarray | None, channels: int, depth: int) -> bytes:
    """Rows with their filter in front: "sub" for 16 bit, "Paeth" for 8 (PNG specification, section 9)."""
    step = channels * depth // 8
    result, left = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8), np.zeros_like(rows)
    left[:, step:] = rows[:, :-step]
    if depth == 16:  # the low bytes are noise to any filter, so the quick one does
        result[:, 0] = 1
        np.subtract(rows, left, out=result[:, 1:])
        return result.tobytes()
    up, corner = np.concatenate([np.zeros_like(rows[:1]) if above is None else above, rows[:-1]]), np.zeros_like(rows)
    corner[:, step:] = up[:, :-step]
    a, b, c = left.astype(np.int16), up.astype(np.int16), corner.astype(np.int16)
    to_left, to_up, to_corner = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    nearest = np.where((to_left <= to_up) & (to_left <= to_corner), left, np.where(to_up <= to_corner, up, corner))
    result[:, 0] = 4
    np.subtract(rows, nearest, out=result[:, 1:])
    return result.tobytes()


def _about(metadata: Metadata) -> Iterator[tuple[bytes, bytes]]:
    if metadata.icc:
        yield b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc)
    if metadata.dpi:
        across, down = (round(value / 0.0254) for value in metadata.dpi)
        yield b"pHYs", struct.pack(">IIB", across, down, 1)
    if metadata.exif:
        yield b"eXIf", metadata.exif
    if metadata.xmp:
        yield b"iTXt", _XMP + b"\0\0\0\0\0" + metadata.xmp


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of the file. Raises ValueError where one is cut or its checksum is wrong."""
    size = file.seek(0, io.SEEK_END)
    file.seek(len(SIGNATURE))
    name = b""
    while name != b"IEND":
        length, name = struct.unpack(">I4s", file.read(8))
        if length > size:
            raise ValueError("a chunk is cut")
        data, checksum = file.read(length), file.read(4)
        if struct.pack(">I", zlib.crc32(data, zlib.crc32(name))) != checksum:
            raise ValueError("a chunk is damaged")
        yield name, data


def _inflated(data: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(data, _TEXT_LIMIT) or None
    except zlib.error:
        return None


def _profile(data: bytes | None) -> bytes | None:
    return _inflated(data.partition(b"\0")[2][1:]) if data else None


def _text(data: bytes | None) -> bytes | None:
    """The text of an iTXt chunk: keyword, compressed or not, language, translated keyword, text."""
    if not data:
        return None
    rest = data.partition(b"\0")[2]
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    return (_inflated(text) if rest[:1] == b"\1" else text) or None


def _resolution(data: bytes | None) -> tuple[float, float] | None:
    if not data or len(data) != 9:
        return None
    across, down, unit = struct.unpack(">IIB", data)
    return (across * 0.0254, down * 0.0254) if unit == 1 and across and down else None
