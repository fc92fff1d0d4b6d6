"""Directories of tags, as TIFF files and Exif blocks hold them: parsed leniently, changed, packed again."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

EXIF, GPS, INTEROP = 0x8769, 0x8825, 0xA005  # tags whose value is where another directory lies
_CHILDREN = (EXIF, GPS, INTEROP)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_ENTRY_LIMIT = 4096
_BYTE_LIMIT = 64 << 20  # of one value

Number = int | float
Reader = Callable[[int, int], bytes]  # offset, length -> bytes, fewer where the data end


@dataclass(frozen=True)
class Entry:
    """The value of a tag. `data` is in the byte order of the source; `place` is where it lies there."""

    kind: int
    count: int
    data: bytes
    order: str = "<"
    place: int = 0

    def numbers(self) -> list[Number]:
        """The values as numbers, rationals divided (0 for x/0); none for text."""
        if self.kind in (5, 10):
            halves = struct.unpack(f"{self.order}{2 * self.count}{'I' if self.kind == 5 else 'i'}", self.data)
            return [a / b if b else 0 for a, b in zip(halves[::2], halves[1::2], strict=True)]
        code = _CODES.get(self.kind)
        return list(struct.unpack(f"{self.order}{self.count}{code}", self.data)) if code else []

    def ordered(self, order: str = "<") -> bytes:
        """The data in another byte order, "<" or ">"."""
        unit = 4 if self.kind in (5, 10) else _SIZES[self.kind]
        if self.order == order or unit == 1:
            return self.data
        return b"".join(self.data[at : at + unit][::-1] for at in range(0, len(self.data), unit))


@dataclass
class Directory:
    """Tags and their values, and the directories below."""

    entries: dict[int, Entry] = field(default_factory=dict[int, Entry])
    children: dict[int, "Directory"] = field(default_factory=dict[int, "Directory"])
    start: int = 0  # where it lies in the source
    next: int = 0  # where the directory after it lies, 0: nowhere
    next_place: int = 0  # where that number lies

    def number(self, tag: int, default: int = 0) -> int:
        """The first value of a tag as int."""
        entry = self.entries.get(tag)
        values = entry.numbers() if entry else []
        return int(values[0]) if values else default

    def numbers(self, tag: int) -> list[int]:
        """All values of a tag as int, empty where it is missing."""
        entry = self.entries.get(tag)
        return [int(value) for value in entry.numbers()] if entry else []

    def bytes(self, tag: int) -> bytes | None:
        """The raw value of a tag, None where it is missing or empty."""
        entry = self.entries.get(tag)
        return (entry.data or None) if entry else None


def reader(block: bytes) -> Reader:
    """Reads from a block in memory."""
    return lambda offset, length: block[offset : offset + length]


def parse(read: Reader, at: int | None = None) -> Directory:
    """The first directory of a TIFF structure (classic or BigTIFF), or the one `at` an offset, with those below.

    Entries that make no sense are left out. Raises ValueError where there is no directory at all.
    """
    head = read(0, 16)
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        raise ValueError("no TIFF structure")
    version = struct.unpack(f"{order}H", head[2:4])[0]
    if version not in (42, 43) or (version == 43 and len(head) < 16):
        raise ValueError("no TIFF structure")
    start = struct.unpack(f"{order}Q", head[8:16])[0] if version == 43 else struct.unpack(f"{order}I", head[4:8])[0]
    found = _directory(read, start if at is None else at, order, version == 43, depth=0)
    if not found.entries and not found.children:
        raise ValueError("an empty directory")
    return found


def _directory(read: Reader, start: int, order: str, big: bool, depth: int) -> Directory:
    found = Directory(start=start)
    head, step, link = ("Q", 20, "Q") if big else ("H", 12, "I")
    width = struct.calcsize(head)
    raw = read(start, width)
    if len(raw) < width:
        return found
    count = min(_ENTRY_LIMIT, struct.unpack(order + head, raw)[0])
    table = read(start + width, count * step)
    for at in range(0, len(table) - step + 1, step):
        tag, entry = _entry(read, table[at : at + step], start + width + at, order, big)
        if entry is None:
            continue
        values = entry.numbers() if tag in _CHILDREN and entry.kind in (4, 13, 18) else []
        if values and depth < 2:
            found.children[tag] = _directory(read, int(values[0]), order, big, depth + 1)
        elif tag not in _CHILDREN:
            found.entries.setdefault(tag, entry)
    found.next_place = start + width + count * step
    raw = read(found.next_place, struct.calcsize(link))
    found.next = struct.unpack(order + link, raw)[0] if len(raw) == struct.calcsize(link) else 0
    return found


def _entry(read: Reader, row: bytes, place: int, order: str, big: bool) -> tuple[int, Entry | None]:
    tag, kind, count = struct.unpack(order + ("HHQ" if big else "HHI"), row[: 12 if big else 8])
    head = 12 if big else 8
    room = len(row) - head
    length = _SIZES.get(kind, 0) * count
    if not 0 < length <= _BYTE_LIMIT:
        return tag, None
    if length <= room:
        return tag, Entry(kind, count, row[head : head + length], order, place + head)
    offset = struct.unpack(order + ("Q" if big else "I"), row[head:])[0]
    data = read(offset, length)
    return tag, Entry(kind, count, data, order, offset) if len(data) == length else None


def pack(directory: Directory, start: int) -> bytes:
    """The directory and all below as little-endian bytes to lie at `start`; what it names by offset is not moved."""
    tags = sorted({*directory.entries, *directory.children})
    table, values = struct.pack("<H", len(tags)), b""
    values_start = start + 2 + 12 * len(tags) + 4
    for tag in tags:
        child = directory.children.get(tag)
        place = values_start + len(values)
        if child is not None:
            table += struct.pack("<HHII", tag, 4, 1, place)
            values += pack(child, place)
        else:
            entry = directory.entries[tag]
            data = entry.ordered()
            table += struct.pack("<HHI", tag, entry.kind, entry.count)
            table += data.ljust(4, b"\0") if len(data) <= 4 else struct.pack("<I", place)
            values += data if len(data) > 4 else b""
        values += b"\0" * (len(values) % 2)
    return table + b"\0\0\0\0" + values


def block(directory: Directory) -> bytes:
    """The directory as a TIFF structure of its own, as Exif blocks are."""
    return b"II*\0" + struct.pack("<I", 8) + pack(directory, 8)


def entry(kind: int, *values: Number) -> Entry:
    """A little-endian entry from numbers; a rational is given as numerator, denominator."""
    code = {5: "I", 10: "i"}.get(kind) or _CODES[kind]
    count = len(values) // 2 if kind in (5, 10) else len(values)
    return Entry(kind, count, struct.pack(f"<{len(values)}{code}", *values))


def walk(directory: Directory, above: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Entry]]:
    """Each entry with the path of tags that leads to it."""
    for tag, one in directory.entries.items():
        yield (*above, tag), one
    for tag, child in directory.children.items():
        yield from walk(child, (*above, tag))
