"""Exif blocks: read and patched in place, because maker notes point at places and do not survive being moved."""

import struct
from fractions import Fraction

from engine.files import directories
from engine.files.directories import EXIF, GPS, Directory, Entry

PREFIX = b"Exif\0\0"
_WIDTH, _HEIGHT = 0xA002, 0xA003
_ORIENTATION, _ACROSS, _DOWN, _UNIT = 274, 282, 283, 296
_THUMBNAIL, _THUMBNAIL_LENGTH = 513, 514
# Text about the photo that TIFF files hold in their first directory; the other tags there are about the pixels.
_ABOUT = {269, 270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, *range(40091, 40096)}
_NOT_COMPARED = {_ORIENTATION, _ACROSS, _DOWN, _UNIT, _WIDTH, _HEIGHT}


def parsed(block: bytes | None) -> Directory | None:
    """The tags of an Exif block, None where there is none or it cannot be read."""
    if not block:
        return None
    try:
        return directories.parse(directories.reader(block))
    except ValueError:
        return None


def clean(block: bytes | None) -> bytes | None:
    """The block without JPEG's prefix, None where it is no Exif block."""
    block = bytes(block).removeprefix(PREFIX) if block else None
    return block if parsed(block) else None


def orientation(block: bytes | None) -> int:
    """1..8 as Exif numbers them; 1 (upright) where nothing sensible is said."""
    found = parsed(block)
    value = found.number(_ORIENTATION, 1) if found else 1
    return value if 1 <= value <= 8 else 1


def upright(block: bytes | None) -> bytes | None:
    """The block with orientation 1 and without its thumbnail, which would show the photo as it was."""
    found = parsed(block)
    if block is None or found is None:
        return None
    patched = bytearray(block)
    _set(patched, found.entries.get(_ORIENTATION), 1)
    if found.next:
        start, stop = _thumbnail(block, found)
        patched[start:stop] = b"" if stop == len(block) else bytes(stop - start)
        patched[found.next_place : found.next_place + 4] = bytes(4)
    return bytes(patched)


def upright_xmp(xmp: bytes | None) -> bytes | None:
    """The XMP packet with every mention of the orientation set to 1."""
    if not xmp or b"tiff:Orientation" not in xmp:
        return xmp or None
    for before, after in ((b'tiff:Orientation="', b'"'), (b"tiff:Orientation='", b"'"), (b"<tiff:Orientation>", b"<")):
        for digit in b"2345678":
            xmp = xmp.replace(before + bytes([digit]) + after, before + b"1" + after)
    return xmp


def sized(block: bytes | None, width: int, height: int) -> bytes | None:
    """The block with its tags of the photo's size, where it has them, telling this size in px."""
    found = parsed(block)
    below = found.children.get(EXIF) if found else None
    if block is None or below is None:
        return block
    patched = bytearray(block)
    for tag, value in ((_WIDTH, width), (_HEIGHT, height)):
        one = below.entries.get(tag)
        if one and one.kind == 3 and value > 65_535:
            continue
        _set(patched, one, value)
    return bytes(patched)


def resolution(block: bytes | None) -> tuple[float, float] | None:
    """DPI across and down, None where nothing is said."""
    found = parsed(block)
    return resolution_of(found) if found else None


def resolution_of(found: Directory) -> tuple[float, float] | None:
    """DPI across and down from the tags of a TIFF or Exif directory, None where it is not in inches or centimetres."""
    across = found.entries.get(_ACROSS)
    down = found.entries.get(_DOWN, across)
    scale = {2: 1.0, 3: 2.54}.get(found.number(_UNIT, 2))
    values = [*(across.numbers()[:1] if across else []), *(down.numbers()[:1] if down else [])]
    if scale is None or len(values) != 2 or not all(0 < value < 1e6 for value in values):
        return None
    return values[0] * scale, values[1] * scale


def with_resolution(block: bytes | None, dpi: tuple[float, float] | None) -> bytes | None:
    """The block telling these DPI, for formats that have no other place for them; made where there is none."""
    told = resolution(block)
    if dpi is None or (told and all(abs(a - b) < 0.01 for a, b in zip(told, dpi, strict=True))):
        return block
    found, new = parsed(block) or Directory(), resolution_entries(dpi)
    if block and all((one := found.entries.get(tag)) and one.kind == new[tag].kind for tag in new):
        patched = bytearray(block)
        for tag, value in new.items():
            one = found.entries[tag]
            patched[one.place : one.place + len(value.data)] = value.ordered(one.order)
        return bytes(patched)
    found.entries |= new
    return directories.block(found)


def resolution_entries(dpi: tuple[float, float]) -> dict[int, Entry]:
    """The TIFF tags that tell DPI."""
    across, down = (Fraction(value).limit_denominator(10_000) for value in dpi)
    return {
        _ACROSS: directories.entry(5, across.numerator, across.denominator),
        _DOWN: directories.entry(5, down.numerator, down.denominator),
        _UNIT: directories.entry(3, 2),
    }


def without_orientation(block: bytes | None) -> bytes | None:
    """The block without its orientation tag, which means upright too; everything else stays in its place."""
    found = parsed(block)
    one = found.entries.get(_ORIENTATION) if found else None
    if block is None or found is None or one is None or one.count > 2:
        return block
    row = one.place - 8
    count = struct.unpack_from(one.order + "H", block, found.start)[0] - 1
    patched = bytearray(block)
    struct.pack_into(one.order + "H", patched, found.start, count)
    end = found.next_place + 4
    patched[row:end] = patched[row + 12 : end] + bytes(12)
    return bytes(patched)


def from_tiff(found: Directory) -> bytes | None:
    """The Exif block of a TIFF file: what its first directory says about the photo rather than the pixels."""
    about = Directory({tag: one for tag, one in found.entries.items() if tag in _ABOUT}, dict(found.children))
    return directories.block(about) if about.entries or about.children else None


def for_tiff(block: bytes | None) -> Directory:
    """The tags of an Exif block that go into the first directory of a TIFF file, and the directories below it."""
    found = parsed(block) or Directory()
    about = {tag: one for tag, one in found.entries.items() if tag in _ABOUT}
    return Directory(about, {tag: child for tag, child in found.children.items() if tag in (EXIF, GPS)})


def same(one: bytes | None, other: bytes | None) -> bool:
    """Whether two blocks tell the same, of what TIFF files take over too and apart from resolution and size."""
    return _told(one) == _told(other)


def _told(block: bytes | None) -> dict[tuple[int, ...], tuple[int, bytes]]:
    found = parsed(block)
    if found is None:
        return {}
    kept = {tag: one for tag, one in found.entries.items() if tag in _ABOUT}
    return {
        path: (one.kind, one.ordered())
        for path, one in directories.walk(Directory(kept, found.children))
        if path[-1] not in _NOT_COMPARED
    }


def _set(block: bytearray, one: Entry | None, value: int) -> None:
    if one and one.count >= 1 and one.kind in (3, 4):
        struct.pack_into(one.order + ("H" if one.kind == 3 else "I"), block, one.place, value)


def _thumbnail(block: bytes, found: Directory) -> tuple[int, int]:
    """Where the picture that the second directory names starts and stops; (0, 0) where it lies among the tags."""
    try:
        second = directories.parse(directories.reader(block), found.next)
    except ValueError:
        return 0, 0
    start = second.number(_THUMBNAIL)
    stop = min(len(block), start + second.number(_THUMBNAIL_LENGTH))
    inside = any(start <= one.place < stop for _, one in directories.walk(found))
    return (0, 0) if inside or start < 8 or stop <= start else (start, stop)
