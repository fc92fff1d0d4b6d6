"""JPEG files marker by marker: what is left of one that is cut or damaged, in a form that every decoder takes."""

import re
from collections.abc import Iterator

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_BARE = {0x01, _START, *range(0xD0, 0xD8)}  # markers without a length after them
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_AFTER_PIXELS = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")  # restart markers and stuffed zeros belong to the pixels
_TRIES = 16  # decoding is all that tells whether a piece is sound


def remains(data: bytes) -> Iterator[bytes]:
    """What may be left of a JPEG file, each a file that ends as it should, the most first; nothing without pixels.

    The first is all of it, which decoders refuse where it ends inside a header; then what comes before such a header,
    then less and less scans: those of a progressive file refine the picture, so that fewer still show all of it.
    """
    scans, end = _structure(data)
    stops = dict.fromkeys([len(data), end, *reversed(scans[1:])])
    for stop in list(stops)[:_TRIES] if scans else []:
        yield data[:stop] + bytes((0xFF, _END))


def _structure(data: bytes) -> tuple[list[int], int]:
    """Where the headers of scans begin, and where the last segment that is whole ends, pixels included."""
    scans: list[int] = []
    end, found = 0, _MARKER.search(data)
    while found and found[1][0] != _END:
        kind, start, end = found[1][0], found.start(), found.end()
        if kind not in _BARE:
            length = int.from_bytes(data[end : end + 2], "big")
            if length < 2 or end + length > len(data):
                return scans, start
            end += length
        if kind != _SCAN:
            found = _MARKER.search(data, end)
            continue
        scans.append(start)
        found = _AFTER_PIXELS.search(data, end)
        end = found.start() if found else len(data)
    return scans, found.start() if found else end
