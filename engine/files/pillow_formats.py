"""The formats that Pillow reads and writes: JPEG, WebP, AVIF, BMP, GIF, and the pixels of 8-bit PNG and TIFF."""

import io
from contextlib import suppress
from typing import Any, BinaryIO

import numpy as np
from PIL import Image as Pillow

from engine.files import exif, jpeg, pixels
from engine.files.photo import INKS, Metadata, Source, Unreadable
from engine.image import Image, Mask, frozen
from engine.progress import Progress

Pillow.MAX_IMAGE_PIXELS = None  # `reading` checks the size of every file before its pixels are decoded

_NAMES = {"jpeg": "JPEG", "webp": "WEBP", "avif": "AVIF", "bmp": "BMP", "gif": "GIF"}
# The luminance table of ITU T.81, table K.1, summed: libjpeg scales it by the quality.
_SMALL = 4_000_000  # px; encoded in some 0.1 s
_STANDARD_SUM = 3689


def open_with_pillow(file: BinaryIO, kind: str) -> Source:
    """Header and metadata of a JPEG, WebP, AVIF, BMP or GIF file; the first picture of several.

    AVIF of 10 or 12 bit is read as 8, which is all that Pillow offers. Raises what Pillow raises, Unreadable.
    """
    opened = Pillow.open(file, formats=[_NAMES[kind]])
    block = exif.clean(opened.info.get("exif"))
    orientation = exif.orientation(block)
    icc = opened.info.get("icc_profile")
    if opened.mode == "CMYK":
        icc = srgb() if icc else None
    dpi = opened.info.get("dpi")
    metadata = Metadata(
        "png" if kind == "gif" else kind,
        grey=opened.mode in ("1", "L", "LA"),
        icc=icc,
        exif=exif.upright(block),
        xmp=exif.upright_xmp(opened.info.get("xmp")),
        dpi=(float(dpi[0]), float(dpi[1])) if dpi and min(dpi) > 0 else exif.resolution(block),
        quality=_quality(opened) if kind == "jpeg" else None,
    )
    height, width = pixels.turned(opened.height, opened.width, orientation)
    remarks = [INKS] if opened.mode == "CMYK" else []

    def decoded(progress: Progress) -> tuple[Image, Mask | None]:
        whole = opened if kind != "jpeg" else _load_jpeg(opened, file, progress)
        if whole is not opened:
            remarks.append("is damaged or incomplete; what could not be read of it is grey or blurred")
        return decode(whole, orientation, progress)

    return Source(metadata, width, height, has_alpha(opened), decoded, remarks)


def _load_jpeg(opened: Pillow.Image, file: BinaryIO, progress: Progress) -> Pillow.Image:
    """An opened JPEG with its pixels; another picture where only a part of them is left, as on failing disks.

    Raises what Pillow raises, Cancelled, and ValueError where there is no part to be seen.
    """
    try:
        opened.load()
    except OSError as error:
        if error.errno:  # the disk failed, not the file
            raise
    else:
        return opened
    file.seek(0)
    for data in jpeg.remains(file.read()):
        progress(0)
        part = Pillow.open(io.BytesIO(data), formats=["JPEG"])
        with suppress(OSError):  # the pixels before the place that cannot be read stay
            part.load()
        if part.size == opened.size and not part.tile and _shows_something(part):
            return part
    raise ValueError("nothing of the picture is left")


def _shows_something(picture: Pillow.Image) -> bool:
    return any(low != high for low, high in np.reshape(picture.getextrema(), (-1, 2)))


def has_alpha(opened: Pillow.Image) -> bool:
    """Whether `decode` will give an alpha."""
    return opened.mode in ("LA", "PA", "RGBA", "RGBa", "La") or "transparency" in opened.info


def decode(opened: Pillow.Image, orientation: int, progress: Progress) -> tuple[Image, Mask | None]:
    """The pixels of an opened 8-bit picture, CMYK and Lab as sRGB. Raises what Pillow raises, Unreadable, Cancelled."""
    opened.load()
    progress(0.5)
    plain = _plain(opened)

    def rows(first: int, stop: int) -> np.ndarray:
        band = np.asarray(plain.crop((0, first, plain.width, stop)))
        return band.reshape(*band.shape[:2], -1)

    return pixels.collect(rows, (plain.height, plain.width), 255, orientation, progress.part(0.5, 1))


def _plain(opened: Pillow.Image) -> Pillow.Image:
    """The picture in one of the modes L, LA, RGB, RGBA."""
    mode = opened.mode
    if mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in opened.info:
        return opened
    if mode == "1":
        return opened.convert("L")
    if mode == "L":
        return opened.convert("LA")
    if mode in ("RGB", "PA") or (mode == "P" and "transparency" in opened.info):
        return opened.convert("RGBA")
    if mode in ("P", "RGBX", "YCbCr"):
        return opened.convert("RGB")
    if mode in ("CMYK", "LAB"):
        return _managed(opened)
    raise Unreadable(f"has pixels of a kind ({mode}) that cannot be read")


def _managed(opened: Pillow.Image) -> Pillow.Image:
    """CMYK or Lab as RGB, through the colour profile where there is one."""
    from PIL import ImageCms  # here, since few photos need it

    profile: Any = opened.info.get("icc_profile")
    try:
        if opened.mode == "LAB":
            source = ImageCms.createProfile("LAB")
        elif profile:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        else:
            return opened.convert("RGB")
        done = ImageCms.profileToProfile(opened, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # no profile at all, or none for these colours
        done = opened.convert("RGB") if opened.mode == "CMYK" else None
    if done is None:
        raise Unreadable("has colours that cannot be converted to RGB")
    return done


def srgb() -> bytes:
    """The profile that CMYK photos with a profile have once they are converted."""
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def draft(file: BinaryIO, size: int) -> Image | None:
    """A JPEG file reduced while decoding to at least `size` px on its longer side where it has them, upright."""
    opened = Pillow.open(file, formats=["JPEG"])
    if opened.mode not in ("L", "RGB"):
        return None
    orientation = exif.orientation(exif.clean(opened.info.get("exif")))
    longer = max(opened.size)
    opened.draft(None, (max(1, opened.width * size // longer), max(1, opened.height * size // longer)))
    image, _ = decode(opened, orientation, Progress())
    return frozen(image)


def write_with_pillow(
    file: BinaryIO, image: Image, alpha: Mask | None, metadata: Metadata, quality: int, progress: Progress
) -> None:
    """Writes JPEG or AVIF (4:4:4), WebP (lossless at quality 100) or BMP. Raises OSError, ValueError, Cancelled."""
    array = pixels.all_integers(image, alpha, metadata.grey, 8, progress.part(0, 0.5))
    facts: dict[str, Any] = {"icc_profile": metadata.icc, "xmp": metadata.xmp, "exif": metadata.exif or b""}
    if metadata.format == "jpeg":
        # optimising takes the whole file in one call, which stops every other thread: a big photo would freeze a window
        small = array.shape[0] * array.shape[1] <= _SMALL
        facts |= {"quality": quality, "subsampling": 0, "optimize": small}
        facts["exif"] = exif.PREFIX + metadata.exif if metadata.exif else b""
    elif metadata.format == "webp":
        facts |= {"quality": quality, "lossless": quality == 100, "exact": True}
    elif metadata.format == "avif":
        # Pillow takes the orientation out of the block, and moves the maker notes when it does
        facts |= {"quality": quality, "subsampling": "4:4:4", "exif": exif.without_orientation(metadata.exif) or b""}
        facts["speed"] = 8  # of 0..10: as small and as near as 6 in a third of the time
    else:
        facts = {}
    if metadata.dpi:
        facts["dpi"] = metadata.dpi
    packed = io.BytesIO()  # not the file itself: Pillow would hide that the disk is full
    Pillow.fromarray(array.squeeze(2) if array.shape[2] == 1 else array).save(
        packed, _NAMES[metadata.format], **{name: value for name, value in facts.items() if value is not None}
    )
    progress(0.9)
    file.write(packed.getbuffer())


def _quality(opened: Pillow.Image) -> int | None:
    """The quality that libjpeg's scale of the standard table comes nearest to, 1..100; None without a table."""
    tables: Any = getattr(opened, "quantization", None)
    if not tables or 0 not in tables:
        return None
    percent = 100 * sum(tables[0]) / _STANDARD_SUM
    return int(min(100, max(1, round(100 - percent / 2 if percent <= 100 else 5000 / percent))))
