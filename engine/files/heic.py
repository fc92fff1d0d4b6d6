"""HEIC photos, with the optional library pillow-heif."""

from typing import Any, BinaryIO

import numpy as np

from engine.files import exif, pixels
from engine.files.photo import Metadata, Source, Unreadable
from engine.image import Image, Mask
from engine.progress import Progress

MISSING = "needs the HEIC extra, which is not installed; please run: pip install pillow-heif"


def library() -> Any:
    """The module pillow_heif. Raises Unreadable where it is not installed."""
    try:
        import pillow_heif  # optional: its wheels contain an encoder under the GPL
    except ImportError:
        raise Unreadable(MISSING) from None
    return pillow_heif


def open_heic(file: BinaryIO) -> Source:
    """Header and metadata of the primary picture; 10 and 12 bit are read as 16. Raises Unreadable, ValueError, ..."""
    opened = library().open_heif(file, convert_hdr_to_8bit=False)
    info, mode = opened.info, str(opened.mode)
    block = exif.clean(info.get("exif"))  # libheif has turned the pixels already, whatever Exif says
    grey = mode.startswith(("L", "I;"))
    depth = int(info.get("bit_depth", 8)) if mode.endswith(("16", "16L", "16B")) else 8
    metadata = Metadata(
        "heic",
        depth=16 if depth > 8 else 8,
        grey=grey,
        icc=info.get("icc_profile"),
        exif=exif.upright(block),
        xmp=exif.upright_xmp(info.get("xmp")),
        dpi=exif.resolution(block),
    )
    width, height = opened.size

    def decode(progress: Progress) -> tuple[Image, Mask | None]:
        array = np.asarray(opened)
        array = array.reshape(height, width, -1)
        # the library moves 10 bits to the top of 16
        shift = 16 - depth if array.dtype == np.uint16 else 0
        return pixels.collect(
            lambda first, stop: array[first:stop] >> shift, (height, width), (1 << depth) - 1, 1, progress
        )

    return Source(metadata, width, height, bool(opened.has_alpha), decode)


def write_heic(
    file: BinaryIO, image: Image, alpha: Mask | None, metadata: Metadata, quality: int, progress: Progress
) -> None:
    """Writes a HEIC file of 8 bit, 4:4:4. Raises Unreadable, OSError, ValueError, RuntimeError, Cancelled."""
    array = pixels.all_integers(image, alpha, metadata.grey, 8, progress.part(0, 0.5))
    facts: dict[str, Any] = {"icc_profile": metadata.icc, "exif": metadata.exif, "xmp": metadata.xmp}
    library().encode(
        {1: "L", 3: "RGB", 4: "RGBA"}[array.shape[2]],
        (array.shape[1], array.shape[0]),
        array.tobytes(),
        file,
        quality=quality,
        chroma=444,
        **{name: value for name, value in facts.items() if value},
    )
    progress(0.9)
