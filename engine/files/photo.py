"""What a photo file is to the engine: pixels, alpha, metadata, and the table of what each format can hold."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.image import Image, Mask
from engine.progress import Progress

PIXEL_LIMIT = 300_000_000  # a float32 image of that size takes 3.6 GB


@dataclass(frozen=True)
class Metadata:
    """What a file says about its pixels. The Exif block has orientation 1, since the pixels are upright."""

    format: str  # a key of FORMATS
    depth: int = 8  # bits a channel: 8 or 16
    grey: bool = False  # the file has one colour channel
    icc: bytes | None = None
    exif: bytes | None = None  # a TIFF structure, without the prefix that JPEG puts before it
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None  # across, down
    quality: int | None = None  # 1..100, estimated, of a JPEG

    def facts(self) -> dict[str, float]:
        """What operations may want to know of the file, for `Document.facts`."""
        return {} if self.quality is None else {"jpeg quality": self.quality}


@dataclass(frozen=True, eq=False)
class Photo:
    """An upright image, its alpha (1 = opaque) where the file has one, and its metadata.

    `notice` is a sentence about what its file had that the image has not, empty where nothing is to be said.
    """

    image: Image
    alpha: Mask | None
    metadata: Metadata
    notice: str = ""


@dataclass(frozen=True)
class ExportSettings:
    """How a photo is written. Without `keep_metadata` Exif and XMP stay away; the colour profile and DPI never do."""

    format: str
    depth: int = 8
    quality: int = 95  # 1..100; means nothing for PNG, TIFF and BMP; 100 is lossless for WebP
    keep_metadata: bool = True
    existing: str = "refuse"  # "refuse", "replace" or "number"


@dataclass(frozen=True)
class Format:
    """What a file format can hold."""

    name: str
    suffixes: tuple[str, ...]  # the first is the usual one
    depths: tuple[int, ...] = (8,)
    lossless: bool = False
    alpha: bool = True
    grey: bool = True
    grey_alpha: bool = False  # one colour channel and alpha
    icc: bool = True
    exif: bool = True
    xmp: bool = True
    block_limit: int | None = None  # bytes of Exif or XMP
    dpi_step: float | None = None  # DPI are rounded by at most this; None: kept only inside Exif
    side_limit: int = 1_000_000  # px


FORMATS: dict[str, Format] = {
    "jpeg": Format(
        "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), alpha=False, block_limit=65_500, dpi_step=0.51, side_limit=65_500
    ),
    "png": Format("PNG", (".png",), (8, 16), lossless=True, grey_alpha=True, dpi_step=0.02),
    "tiff": Format("TIFF", (".tif", ".tiff"), (8, 16), lossless=True, grey_alpha=True, dpi_step=0.001),
    "webp": Format("WebP", (".webp",), grey=False, side_limit=16_383),
    "avif": Format("AVIF", (".avif",), grey=False, side_limit=65_535),
    "heic": Format("HEIC", (".heic", ".heif", ".hif"), side_limit=65_535),
    "bmp": Format("BMP", (".bmp", ".dib"), lossless=True, alpha=False, icc=False, exif=False, xmp=False, dpi_step=0.02),
}
SUFFIXES_READ: tuple[str, ...] = (*(suffix for one in FORMATS.values() for suffix in one.suffixes), ".gif")
EXISTING = ("refuse", "replace", "number")


def format_of(suffix: str) -> str | None:
    """The key of FORMATS for a suffix such as ".JPG", None for one that is not written."""
    return next((key for key, one in FORMATS.items() if suffix.lower() in one.suffixes), None)


def fitting(icc: bytes | None, grey: bool) -> bytes | None:
    """The profile where it is one and describes pixels of this kind, else None."""
    spaces = (b"GRAY", b"RGB ") if grey else (b"RGB ",)
    return icc if icc and len(icc) >= 128 and icc[36:40] == b"acsp" and icc[16:20] in spaces else None


def defaults_for(metadata: Metadata, suffix: str) -> ExportSettings:
    """Settings for a file with this suffix that lose the least; an unknown suffix means the format of the source."""
    key = format_of(suffix) or metadata.format
    depth = metadata.depth if metadata.depth in FORMATS[key].depths else 8
    quality = metadata.quality if key == "jpeg" and metadata.quality else 95
    return ExportSettings(key, depth, quality)


@dataclass(frozen=True)
class Source:
    """A file whose header is read and whose pixels are not yet. `decode` may be called while the file is open.

    `remarks` say what the user should know of it, each going on after the name of the file; decoding may add to them.
    """

    metadata: Metadata
    width: int  # px, upright
    height: int
    alpha: bool
    decode: Callable[[Progress], tuple[Image, Mask | None]]
    remarks: list[str] = field(default_factory=list)

    @property
    def pixels(self) -> int:
        return self.width * self.height


INKS = "was in CMYK, printing inks; it is opened, and exported, in RGB"


class Unreadable(Exception):  # noqa: N818 - it becomes a RestoreError where the name of the file is known
    """A file is sound but of a kind that is not read; the text goes on after the name of the file."""


def quoted(path: Path) -> str:
    """The name of a file as messages show it."""
    return f"“{path.name or path}”"
