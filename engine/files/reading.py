"""Reading photos: the content decides what a file is, and whatever is wrong with it is told in one sentence."""

import logging
import os
import stat
import struct
import warnings
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from engine.errors import RestoreError
from engine.files import heic, pillow_formats, png, tiff
from engine.files.photo import PIXEL_LIMIT, Photo, Source, Unreadable, fitting, quoted
from engine.image import LUMA, Image, Mask, frozen
from engine.progress import Progress

# What Pillow, tifffile, pillow-heif and struct raise, or may raise, on files whose bytes are wrong.
BROKEN = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError),
    *(AttributeError, AssertionError, struct.error, zlib.error),
)

for _name in ("PIL", "tifffile"):  # they log what is wrong with a file; the user reads it in our sentence instead
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


def read(path: Path, progress: Progress | None = None) -> Photo:
    """The photo in a file: upright, with its metadata; the first picture of an animation or of several pages.

    Raises RestoreError with a sentence for whatever is wrong with the file, and Cancelled.
    """
    progress = progress or Progress()
    with opened(path) as source:
        image, alpha = source.decode(progress)
        if image.shape[:2] != (source.height, source.width):
            raise ValueError("another size than the header says")
        notice = " ".join(f"{quoted(path)} {remark}." for remark in source.remarks)
        return Photo(image, alpha, source.metadata, notice)


def read_draft(path: Path, size: int) -> Image | None:
    """A quick small version of a JPEG, upright, at least `size` px on its longer side unless the photo is smaller.

    None for other formats, and for files that `read` will complain about.
    """
    try:
        with _quiet(), path.open("rb") as file:
            if kind_of(file.read(64)) != "jpeg":
                return None
            file.seek(0)
            source = pillow_formats.open_with_pillow(file, "jpeg")
            if source.pixels > PIXEL_LIMIT:
                return None
            file.seek(0)
            return pillow_formats.draft(file, max(1, size))
    except (*BROKEN, Unreadable, MemoryError):
        return None


def read_mask(path: Path, shape: tuple[int, ...]) -> Mask:
    """The luminance of a picture, times its alpha, as mask of `shape` (H, W, ...).

    Raises RestoreError where it has another size or cannot be read.
    """
    photo = read(path)
    if photo.image.shape[:2] != tuple(shape[:2]):
        here, there = (f"{one[1]} x {one[0]}" for one in (photo.image.shape, shape))
        raise RestoreError(f"The mask in {quoted(path)} is {here} pixels, but the photo is {there}.")
    mask = photo.image[..., 0].copy() if photo.metadata.grey else photo.image @ LUMA
    return frozen(mask if photo.alpha is None else mask * photo.alpha)


@contextmanager
def opened(path: Path) -> Generator[Source]:
    """The header of a photo, its file open as long as the block lasts. Raises RestoreError, also for what decoding
    inside the block raises on broken files."""
    name = quoted(path)
    try:
        _check_file(path)
        with _quiet(), path.open("rb") as file:
            source = _open(file)
            if source.pixels > PIXEL_LIMIT:
                raise Unreadable(
                    f"has {source.width} x {source.height} pixels; Photomend opens photos of up to"
                    f" {PIXEL_LIMIT // 1_000_000} megapixels"
                )
            if not source.pixels:
                raise ValueError("no pixels")
            yield replace(
                source, metadata=replace(source.metadata, icc=fitting(source.metadata.icc, source.metadata.grey))
            )
    except Unreadable as error:
        raise RestoreError(f"{name} {error}.") from None
    except FileNotFoundError:
        raise RestoreError(f"{name} was not found.") from None
    except PermissionError:
        raise RestoreError(f"There is no permission to read {name}.") from None
    except MemoryError:
        raise RestoreError(f"There is not enough memory to open {name}.") from None
    except BROKEN as error:
        if isinstance(error, OSError) and error.errno:
            raise RestoreError(f"{name} cannot be read: {os.strerror(error.errno)}.") from error
        raise RestoreError(f"{name} is damaged or incomplete and cannot be read.") from error


def kind_of(head: bytes) -> str | None:
    """The format that the first 64 bytes of a file tell, as in FORMATS or "gif"; None for no photo."""
    if head[4:8] == b"ftyp":
        brands = {head[at : at + 4] for at in range(8, min(len(head), int.from_bytes(head[:4], "big")), 4)}
        if brands & {b"avif", b"avis"}:
            return "avif"
        return "heic" if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"} else None
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    starts = {
        b"\xff\xd8\xff": "jpeg",
        png.SIGNATURE: "png",
        **dict.fromkeys((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), "tiff"),
        b"BM": "bmp",
        **dict.fromkeys((b"GIF87a", b"GIF89a"), "gif"),
    }
    return next((kind for start, kind in starts.items() if head.startswith(start)), None)


def _check_file(path: Path) -> None:
    """Raises Unreadable for what cannot be a photo, and what the system says about the path."""
    try:
        facts = path.stat()
    except (NotADirectoryError, ValueError):  # a name with a zero character in it
        raise FileNotFoundError from None
    if stat.S_ISDIR(facts.st_mode):
        raise Unreadable("is a folder, not a photo")
    if not stat.S_ISREG(facts.st_mode):
        raise Unreadable("is not an ordinary file")
    if not facts.st_size:
        raise Unreadable("is empty")


def _open(file: BinaryIO) -> Source:
    kind = kind_of(file.read(64))
    file.seek(0)
    if kind == "png":
        return png.open_png(file)
    if kind == "tiff":
        return tiff.open_tiff(file)
    if kind == "heic":
        return heic.open_heic(file)
    if kind is None:
        raise Unreadable(
            "is not a photo in a format that Photomend reads (JPEG, PNG, TIFF, WebP, AVIF, HEIC, BMP, GIF)"
        )
    return pillow_formats.open_with_pillow(file, kind)


@contextmanager
def _quiet() -> Generator[None]:
    """Without the warnings of Pillow, which repeat what the user is told or concern only metadata."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
