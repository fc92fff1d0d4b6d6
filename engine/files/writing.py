"""Writing photos: beside the target first, read again and checked, and only then under its name."""

import errno
import os
import secrets
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from engine.errors import RestoreError
from engine.files import exif, heic, pillow_formats, png, reading, tiff
from engine.files.photo import (
    EXISTING,
    FORMATS,
    ExportSettings,
    Metadata,
    Photo,
    Unreadable,
    fitting,
    format_of,
    quoted,
)
from engine.image import Mask, is_grey
from engine.progress import Progress


def write(photo: Photo, path: Path, settings: ExportSettings, progress: Progress | None = None) -> Path:
    """Writes the photo and returns the path really written, which differs where "number" finds the name taken.

    Alpha and depth go where the format has room for them. The file appears whole and checked, or not at all. Raises
    RestoreError (unfit settings, a file that exists, no room, no rights, a failed check) and Cancelled.
    """
    progress = progress or Progress()
    _check(photo, path, settings)
    alpha = photo.alpha if FORMATS[settings.format].alpha else None
    metadata = held(replace(photo, alpha=alpha), settings)

    def encode(file: BinaryIO) -> None:
        if settings.format == "png":
            png.write_png(file, photo.image, alpha, metadata, progress.part(0, 0.95))
        elif settings.format == "tiff":
            tiff.write_tiff(file, photo.image, alpha, metadata, progress.part(0, 0.95))
        elif settings.format == "heic":
            heic.write_heic(file, photo.image, alpha, metadata, settings.quality, progress.part(0, 0.95))
        else:
            pillow_formats.write_with_pillow(
                file, photo.image, alpha, metadata, settings.quality, progress.part(0, 0.95)
            )

    def check(temporary: Path) -> None:
        try:
            wrong = difference(temporary, metadata, photo.image.shape, alpha is not None)
        except RestoreError as error:
            raise RestoreError(f"{quoted(path)} was not written: it could not be read again.") from error
        if wrong:
            raise RestoreError(f"{quoted(path)} was not written: its {wrong} would not be what it should be.")

    return replaced(path, settings.existing, encode, check)


def write_mask(mask: Mask, path: Path) -> None:
    """Writes a mask as grey PNG of 8 bit, over an existing file. Raises RestoreError."""
    image = mask[..., None]
    replaced(path, "replace", lambda file: png.write_png(file, image, None, Metadata("png", grey=True), Progress()))


def held(photo: Photo, settings: ExportSettings) -> Metadata:
    """The metadata of the file that these settings make: what the photo has and the format can hold."""
    one, source = FORMATS[settings.format], photo.metadata
    height, width = photo.image.shape[:2]
    grey = source.grey and one.grey and (photo.alpha is None or one.grey_alpha) and is_grey(photo.image)
    # some formats have no number for anything else
    dpi = source.dpi if source.dpi and min(source.dpi) >= 1 and max(source.dpi) <= 65_535 else None
    block = exif.sized(source.exif, width, height) if settings.keep_metadata else None
    if one.dpi_step is None:
        block = exif.with_resolution(block, dpi)
    return Metadata(
        settings.format,
        depth=settings.depth,
        grey=grey,
        icc=fitting(source.icc, grey) if one.icc else None,
        exif=block if one.exif else None,
        xmp=source.xmp if one.xmp and settings.keep_metadata else None,
        dpi=dpi,
    )


def difference(path: Path, wanted: Metadata, shape: tuple[int, ...], alpha: bool) -> str:
    """In one word what of a written file is not as wanted, empty where all is. Raises RestoreError."""
    one = FORMATS[wanted.format]
    with reading.opened(path) as source:
        found = source.metadata
        wrong = {
            "format": found.format != wanted.format,
            "size": (source.height, source.width) != shape[:2],
            "bit depth": found.depth != wanted.depth,
            "number of channels": source.alpha != alpha or (one.grey and found.grey != wanted.grey),
            "colour profile": found.icc != wanted.icc,
            "Exif data": not exif.same(found.exif, wanted.exif),
            "XMP data": found.xmp != wanted.xmp,
            "resolution": not _near(found.dpi, wanted.dpi, one.dpi_step or 0.01),
        }
    return next((name for name, is_wrong in wrong.items() if is_wrong), "")


def _near(found: tuple[float, float] | None, wanted: tuple[float, float] | None, step: float) -> bool:
    if wanted is None:
        return True
    return found is not None and all(abs(a - b) <= step for a, b in zip(found, wanted, strict=True))


def _check(photo: Photo, path: Path, settings: ExportSettings) -> None:
    one = FORMATS.get(settings.format)
    if one is None:
        raise RestoreError(f"“{settings.format}” is not a format that Photomend writes.")
    if settings.depth not in one.depths:
        raise RestoreError(f"{one.name} files have {one.depths[-1]} bits a channel at most, not {settings.depth}.")
    if not 1 <= settings.quality <= 100:
        raise RestoreError(f"Quality must be between 1 and 100, not {settings.quality}.")
    if settings.existing not in EXISTING:
        raise RestoreError(f"“{settings.existing}” must be one of {', '.join(EXISTING)}.")
    if format_of(path.suffix) not in (None, settings.format):
        raise RestoreError(f"{quoted(path)} does not end in {one.suffixes[0]}, as {one.name} files do.")
    height, width = photo.image.shape[:2]
    if max(height, width) > one.side_limit:
        raise RestoreError(f"{one.name} files are at most {one.side_limit} pixels wide and high.")
    blocks = (photo.metadata.exif, photo.metadata.xmp) if settings.keep_metadata else ()
    if one.block_limit and any(len(block) > one.block_limit for block in blocks if block):
        raise RestoreError(f"The photo has more metadata than a {one.name} file can hold; PNG and TIFF can.")


def replaced(
    path: Path, existing: str, encode: Callable[[BinaryIO], None], check: Callable[[Path], None] | None = None
) -> Path:
    """Puts what `encode` writes under the name `path`, all of it or nothing; `check` sees it before. Returns the path.

    A link stays a link, and a replaced file passes on its permissions. Raises RestoreError and what the two raise.
    """
    name = quoted(path)
    with _told(name, path.parent):
        target = path.resolve() if existing == "replace" else path
        if not target.parent.is_dir():
            raise RestoreError(f"The folder {quoted(path.parent)} for {name} does not exist.")
        mode = _existing_mode(target, name, existing)
        temporary = target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}.part")
        try:
            with temporary.open("xb") as file:
                encode(file)
                file.flush()
                os.fsync(file.fileno())
            if check:
                check(temporary)
            if mode is not None:
                temporary.chmod(stat.S_IMODE(mode))
            target = _renamed(temporary, target, existing)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(target.parent)
    return path if existing == "replace" else target


def _existing_mode(target: Path, name: str, existing: str) -> int | None:
    """The permissions of the file that will be replaced, None where none is. Raises RestoreError where none may be."""
    if not target.exists():
        return None
    mode = target.stat().st_mode
    if stat.S_ISDIR(mode):
        raise RestoreError(f"{name} is a folder; please choose another name.")
    if not stat.S_ISREG(mode):
        raise RestoreError(f"{name} is not an ordinary file; please choose another name.")
    if existing == "refuse":
        raise RestoreError(f"{name} exists already.")
    if existing == "number":
        return None
    if not os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise RestoreError(f"{name} is write-protected.")
    return mode


def _renamed(temporary: Path, target: Path, existing: str) -> Path:
    """Gives the file its name; a name that must be free is taken first, so that no other program gets between."""
    if existing == "replace":
        temporary.replace(target)
        return target
    for candidate in _names(target):
        try:
            candidate.open("xb").close()
        except FileExistsError:
            if existing == "refuse":
                raise RestoreError(f"{quoted(target)} exists already.") from None
            continue
        try:
            temporary.replace(candidate)
        except OSError:
            candidate.unlink(missing_ok=True)
            raise
        return candidate
    raise RestoreError(f"There are too many files named like {quoted(target)}.")


def _names(target: Path) -> Iterator[Path]:
    yield target
    for number in range(2, 10_000):
        yield target.with_name(f"{target.stem} ({number}){target.suffix}")


def _sync_folder(folder: Path) -> None:
    """Makes the new name last through a power cut, where the system can do that."""
    with suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _told(name: str, folder: Path) -> Generator[None]:
    """Turns what goes wrong while writing into a sentence."""
    try:
        yield
    except Unreadable as error:
        raise RestoreError(f"{name} was not written: HEIC {error}.") from None
    except MemoryError:
        raise RestoreError(f"There is not enough memory to write {name}.") from None
    except PermissionError:
        raise RestoreError(f"There is no permission to write {name} into the folder {quoted(folder)}.") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RestoreError(f"There is no room left on the disk for {name}.") from error
        reason = os.strerror(error.errno) if error.errno else "its encoder failed"
        raise RestoreError(f"{name} cannot be written: {reason}.") from error
    except (ValueError, RuntimeError) as error:  # what encoders say of pictures they cannot take
        raise RestoreError(f"{name} cannot be written: its encoder failed.") from error
