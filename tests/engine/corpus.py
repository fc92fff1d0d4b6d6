"""Photo files for the tests, sound, odd and broken; all are made here, none is stored."""

import io
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, TiffImagePlugin

from engine.files import directories
from engine.files.directories import EXIF, GPS, Directory, Entry, entry
from engine.files.photo import Metadata, Photo
from engine.image import frozen

XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="1" tiff:Make="Grandma"/></rdf:RDF></x:xmpmeta>'
    b'<?xpacket end="w"?>'
)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
MAKER_NOTE = bytes(range(200))


def heic_or_skip(kind: str) -> None:
    """Skips a test of HEIC where the library for it is not installed."""
    if kind == "heic":
        pytest.importorskip("pillow_heif", reason="the extra heic is not installed")


def grey_profile() -> bytes:
    """A small ICC profile of a grey scanner with gamma 2.2."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    first = 128 + 4 + 2 * 12
    tags = struct.pack(">I", 2) + struct.pack(">4sII", b"wtpt", first, 20)
    tags += struct.pack(">4sII", b"kTRC", first + 20, len(curve))
    head = struct.pack(">I4sI4s4s4s", first + 20 + len(curve), b"lcms", 0x02100000, b"scnr", b"GRAY", b"XYZ ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp")
    return head.ljust(68, b"\0") + white[8:] + bytes(128 - 80) + tags + white + curve


def exif_block(orientation: int = 1, thumbnail: bool = False, order: str = "<") -> bytes:
    """An Exif block with camera, dates, position, size, maker note, and a thumbnail if wished."""
    main = Directory(
        {
            271: Entry(2, 8, b"Camera!\0"),
            274: entry(3, orientation),
            282: entry(5, 300, 1),
            283: entry(5, 300, 1),
            296: entry(3, 2),
            306: Entry(2, 20, b"1953:06:02 12:00:00\0"),
        }
    )
    main.children[EXIF] = Directory(
        {
            0x829A: entry(5, 1, 125),
            0x9003: Entry(2, 20, b"1953:06:02 12:00:00\0"),
            0x927C: Entry(7, len(MAKER_NOTE), MAKER_NOTE),
            0xA002: entry(4, 4000),
            0xA003: entry(4, 3000),
        }
    )
    main.children[GPS] = Directory({1: Entry(2, 2, b"N\0"), 2: entry(5, 51, 1, 30, 1, 0, 1)})
    block = directories.block(main)
    if thumbnail:
        picture = io.BytesIO()
        Image.new("RGB", (16, 12), "red").save(picture, "JPEG")
        start = len(block) + 2 + 2 * 12 + 4
        second = struct.pack("<H", 2) + struct.pack("<HHII", 513, 4, 1, start)
        second += struct.pack("<HHII", 514, 4, 1, len(picture.getvalue())) + bytes(4)
        found = directories.parse(directories.reader(block))
        linked = bytearray(block)
        struct.pack_into("<I", linked, found.next_place, len(block))
        block = bytes(linked) + second + picture.getvalue()
    return block if order == "<" else big_endian(main)


def big_endian(main: Directory) -> bytes:
    """A directory without children as Exif block in the order of Motorola's processors, written by Pillow."""
    made = Image.Exif()
    made.endian = ">"
    made[271], made[274], made[282] = "Camera!", int.from_bytes(main.entries[274].data, "little"), Fraction(300)
    return made.tobytes()


def photo(
    depth: int = 8,
    grey: bool = False,
    alpha: bool = False,
    size: tuple[int, int] = (37, 53),
    about: bool = True,
    format: str = "png",  # noqa: A002 - as the field of Metadata
) -> Photo:
    """A photo with a gradient and every kind of noise, its values those of `depth` bits; with all metadata or none."""
    random = np.random.default_rng(7)
    height, width = size
    top = 255 if depth == 8 else 65535
    ramp = np.linspace(0, 0.9, width)[None, :, None] + np.zeros((height, 1, 1 if grey else 3))
    levels = np.rint((ramp + random.uniform(0, 0.1, ramp.shape)) * top)
    levels[0, 0], levels[-1, -1] = 0, top
    image = np.broadcast_to((levels / top).astype(np.float32), (height, width, 3)).copy()
    plane = (np.rint(np.linspace(0, top, height * width)) / top).astype(np.float32).reshape(height, width)
    metadata = Metadata(format, depth, grey)
    if about:
        icc = grey_profile() if grey else SRGB
        metadata = Metadata(format, depth, grey, icc, exif_block(), XMP, (300.0, 300.0))
    return Photo(frozen(image), frozen(plane) if alpha else None, metadata)


def picture(mode: str = "RGB", size: tuple[int, int] = (53, 37)) -> Image.Image:
    """A smooth picture with Pillow."""
    width, height = size
    y, x = np.mgrid[:height, :width]
    planes = np.stack([255 * x / width, 255 * y / height, 128 + 0 * x, 255 - 100 * x / width], axis=2)
    return Image.fromarray(planes[..., :3].astype(np.uint8)).convert(mode)


def encoded(kind: str) -> bytes:
    """A small sound file of a format, with metadata where it can hold some: what fuzzing starts from."""
    out = io.BytesIO()
    block = b"Exif\0\0" + exif_block(thumbnail=True)
    if kind in ("jpeg", "webp", "avif"):
        picture().save(out, kind.upper(), exif=block, icc_profile=SRGB, xmp=XMP, quality=90)
    elif kind == "progressive":
        picture().save(out, "JPEG", progressive=True)
    elif kind == "png":
        picture("RGBA").save(out, "PNG", icc_profile=SRGB, exif=block[6:])
    elif kind in ("png palette", "gif"):
        picture("P").save(out, kind.split(" ")[0].upper())
    elif kind == "bmp":
        picture().save(out, "BMP")
    elif kind == "tiff lzw":
        picture().save(out, "TIFF", compression="tiff_lzw")
    elif kind == "tiff jpeg":
        picture().save(out, "TIFF", compression="jpeg")
    elif kind == "tiff 16 lzw":
        out.write(tiff16_lzw())
    elif kind == "tiff tiles":
        deep = photo(16).image
        tifffile.imwrite(out, (deep * 65535).astype(np.uint16), tile=(16, 16), compression="zlib", photometric="rgb")
    elif kind == "heic":
        import pillow_heif

        pillow_heif.from_pillow(picture()).save(out, quality=80)
    else:
        raise KeyError(kind)
    return out.getvalue()


def tiff16_lzw(channels: int = 3) -> bytes:
    """A 16-bit TIFF file with LZW, as Photoshop writes them and neither Pillow nor tifffile reads them."""
    import cv2

    deep = np.rint(photo(16).image * 65535).astype(np.uint16)
    deep = deep if channels == 3 else np.dstack([deep, deep[..., :1]])
    return cv2.imencode(".tif", deep[..., [2, 1, 0, 3][:channels]], [cv2.IMWRITE_TIFF_COMPRESSION, 5])[1].tobytes()


def png_chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def checked(data: bytes) -> bytes:
    """A PNG file with the right checksum for each of its chunks, however broken they are."""
    result, at = data[:8], 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if at + 12 + length > len(data):
            break
        result += png_chunk(data[at + 4 : at + 8], data[at + 8 : at + 8 + length])
        at += 12 + length
    return result + data[at:]


def huge_png(width: int, height: int) -> bytes:
    """A tiny PNG file whose header promises any size."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b"")


def huge_tiff(width: int, height: int) -> bytes:
    """A tiny TIFF file whose header promises any size."""
    page = Directory({256: entry(4, width), 257: entry(4, height), 258: entry(3, 16), 262: entry(3, 1)})
    page.entries |= {259: entry(3, 1), 273: entry(4, 8), 277: entry(3, 1), 278: entry(4, height), 279: entry(4, 100)}
    return directories.block(page)


def huge_bmp(width: int, height: int) -> bytes:
    """A tiny BMP file whose header promises any size."""
    return (
        b"BM" + struct.pack("<IHHI", 1000, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)
    )


def make_broken(folder: Path) -> dict[str, str]:
    """Files that cannot be opened, and a word that the sentence about each must contain."""
    jpeg, png = encoded("jpeg"), encoded("png")
    files = {
        "empty.jpg": (b"", "empty"),
        "text.jpg": (b"This is a letter, not a photo.\n" * 20, "not a photo"),
        "zeros.png": (bytes(5000), "not a photo"),
        "headers only.jpg": (jpeg[: jpeg.rindex(b"\xff\xda") + 10], "damaged"),
        "head only.jpg": (jpeg[:20], "damaged"),
        "cut.png": (png[: len(png) // 2], "damaged"),
        "bad checksum.png": (png[:-30] + bytes([png[-30] ^ 1]) + png[-29:], "damaged"),
        "signature only.png": (png[:8], "damaged"),
        "cut.tif": (encoded("tiff tiles")[:300], "damaged"),
        "cut lzw.tif": (encoded("tiff lzw")[:200], "damaged"),
        "cut.webp": (encoded("webp")[:200], "damaged"),
        "cut.avif": (encoded("avif")[:-200], "damaged"),
        "cut.bmp": (encoded("bmp")[:1000], "damaged"),
        "huge.png": (huge_png(2_000_000, 2_000_000), "megapixels"),
        "no width.png": (huge_png(0, 5), "damaged"),
        "huge.tif": (huge_tiff(4_000_000_000, 4_000_000_000), "megapixels"),
        "promising.tif": (huge_tiff(10_000, 10_000), "damaged"),
        "huge.bmp": (huge_bmp(100_000, 100_000), "megapixels"),
        "promising.png": (huge_png(10_000, 10_000), "damaged"),
        "floats.tif": (_tiff(np.full((9, 9, 3), 7, np.float32), photometric="rgb"), "floating-point"),
        "nan.tif": (_tiff(np.full((9, 9, 3), np.nan, np.float32), photometric="rgb"), "floating-point"),
        "raw.dng": (_raw(), "camera raw"),
    }
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    (folder / "folder.jpg").mkdir()
    return {name: word for name, (_, word) in files.items()} | {"folder.jpg": "folder", "missing.jpg": "not found"}


def _tiff(array: np.ndarray, **facts: object) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, array, metadata=None, **facts)  # pyright: ignore[reportArgumentType]
    return out.getvalue()


def _raw() -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[50706] = b"\1\4\0\0"
    out = io.BytesIO()
    picture().save(out, "TIFF", tiffinfo=tags)
    return out.getvalue()
