"""Photos of every kind are read upright and exactly, whatever layout their file has."""

import io
import threading

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from engine.errors import Cancelled, RestoreError
from engine.files import (
    ExportSettings,
    exif,
    read,
    read_draft,
    read_mask,
    write,
    write_mask,
)
from engine.image import frozen
from engine.progress import Progress
from tests.engine import corpus


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "tiff 16"])
def test_orientation_is_applied_and_reset(tmp_path, orientation, kind):
    picture = corpus.picture()
    path = tmp_path / "photo"
    about = Image.Exif()
    about[274] = orientation
    if kind == "tiff 16":
        array = np.asarray(picture).astype(np.uint16) * 257
        tifffile.imwrite(path, array, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
    elif kind == "TIFF":
        picture.save(path, kind, tiffinfo={274: orientation})
    else:
        options = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {"lossless": True}
        picture.save(path, kind, exif=about.tobytes(), **options)
    turns = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # numbers of Pillow's Transpose, an oracle of its own
    upright = picture.transpose(Image.Transpose(turns[orientation])) if orientation > 1 else picture
    photo = read(path)
    assert np.abs(photo.image - np.asarray(upright) / 255).max() < 0.04
    assert exif.orientation(photo.metadata.exif) == 1
    back = read(write(photo, tmp_path / "out.jpg", ExportSettings("jpeg")))
    assert back.image.shape == photo.image.shape


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_tiff_kinds_of_pillow(tmp_path, mode, compression):
    picture = corpus.picture(mode)
    picture.save(tmp_path / "a.tif", compression=compression)
    photo = read(tmp_path / "a.tif")
    wanted = np.asarray(picture.convert("RGB")) / 255
    assert photo.metadata.grey == (mode in ("1", "L", "LA"))
    assert np.abs(photo.image - wanted).max() < 0.005
    assert (photo.alpha is not None) == (mode in ("LA", "RGBA"))


@pytest.mark.parametrize(
    "facts",
    [
        {"tile": (16, 16)},
        {"rowsperstrip": 5, "compression": "zlib", "predictor": True},
        {"planarconfig": "separate"},
        {"byteorder": ">", "rowsperstrip": 3},
        {"bigtiff": True},
    ],
)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_tiff_layouts_of_tifffile(tmp_path, facts, kind):
    values = corpus.photo(16).image
    top = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[kind]
    array = (np.rint(values * top) if top > 1 else values).astype(kind)
    stored = np.moveaxis(array, 2, 0) if "planarconfig" in facts else array
    if "compression" in facts and kind is np.float32:
        facts = {**facts, "predictor": False}
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", metadata=None, **facts)
    photo = read(tmp_path / "a.tif")
    assert photo.metadata.depth == (8 if kind is np.uint8 else 16)
    np.testing.assert_array_equal(photo.image, (array / np.float32(top)).astype(np.float32))


def test_first_page_first_frame_white_is_zero_and_lzw_16(tmp_path):
    deep = np.rint(corpus.photo(16, grey=True).image[..., 0] * 65535).astype(np.uint16)
    tifffile.imwrite(tmp_path / "white.tif", deep, photometric="miniswhite")
    np.testing.assert_array_equal(
        read(tmp_path / "white.tif").image[..., 0], (65535 - deep) / np.float32(65535), strict=False
    )
    with tifffile.TiffWriter(tmp_path / "pages.tif") as pages:
        pages.write(deep, photometric="minisblack")
        pages.write(deep[:5, :5], photometric="minisblack")
    assert read(tmp_path / "pages.tif").image.shape == (37, 53, 3)
    for channels in (3, 4):
        (tmp_path / "lzw.tif").write_bytes(corpus.tiff16_lzw(channels))
        photo = read(tmp_path / "lzw.tif")
        np.testing.assert_array_equal(photo.image, corpus.photo(16).image)
        assert (photo.alpha is None) == (channels == 3)
    red, blue = Image.new("RGB", (9, 9), "red"), Image.new("RGB", (9, 9), "blue")
    for name in ("a.gif", "a.webp", "a.png"):
        red.save(tmp_path / name, save_all=True, append_images=[blue], lossless=True)
        assert read(tmp_path / name).image[4, 4].tolist() == [1, 0, 0]


def test_cmyk_becomes_rgb_through_its_profile(tmp_path):
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    ink.save(tmp_path / "plain.jpg", quality=95)
    ink.save(tmp_path / "plain.tif")
    tifffile.imwrite(tmp_path / "deep.tif", np.asarray(ink).astype(np.uint16) * 257, photometric="separated")
    for name in ("plain.jpg", "plain.tif", "deep.tif"):
        photo = read(tmp_path / name)
        assert photo.metadata.icc is None and not photo.metadata.grey
        assert "CMYK" in photo.notice and "RGB" in photo.notice
        np.testing.assert_allclose(photo.image[4, 4], (1, 0, 0), atol=0.03)
    ink.save(tmp_path / "bad profile.jpg", quality=95, icc_profile=b"not a profile" * 20)
    np.testing.assert_allclose(read(tmp_path / "bad profile.jpg").image[4, 4], (1, 0, 0), atol=0.03)


def test_transparent_colour_of_16_bit_png(tmp_path):
    path = write(corpus.photo(16), tmp_path / "a.png", ExportSettings("png", 16))
    data, colour = path.read_bytes(), np.rint(corpus.photo(16).image[9, 9] * 65535).astype(">u2").tobytes()
    at = data.index(b"IDAT") - 4
    path.write_bytes(data[:at] + corpus.png_chunk(b"tRNS", colour) + data[at:])
    photo = read(path)
    assert photo.alpha is not None and photo.alpha[9, 9] == 0 and photo.alpha.mean() > 0.9


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_the_content_decides_not_the_suffix(tmp_path, name):
    (tmp_path / name).write_bytes(corpus.encoded("webp"))
    assert read(tmp_path / name).metadata.format == "webp"


def test_draft_is_small_upright_and_like_the_photo(tmp_path):
    about = Image.Exif()
    about[274] = 6
    corpus.picture(size=(1600, 1200)).save(tmp_path / "a.jpg", exif=about.tobytes(), quality=95)
    draft, photo = read_draft(tmp_path / "a.jpg", 300), read(tmp_path / "a.jpg").image
    assert draft is not None and draft.shape == (400, 300, 3) and photo.shape == (1600, 1200, 3)
    assert np.abs(draft - photo[2::4, 2::4]).mean() < 0.01
    write(corpus.photo(), tmp_path / "a.png", ExportSettings("png"))
    assert read_draft(tmp_path / "a.png", 10) is None


def test_masks(tmp_path):
    mask = frozen(np.linspace(0, 1, 20 * 30, dtype=np.float32).reshape(20, 30))
    write_mask(mask, tmp_path / "mask.png")
    write_mask(mask, tmp_path / "mask.png")
    back = read_mask(tmp_path / "mask.png", (20, 30, 3))
    assert np.abs(back - mask).max() <= 0.5 / 255 + 1e-6 and not back.flags.writeable
    with Image.open(tmp_path / "mask.png") as opened:
        assert opened.mode == "L"
    Image.new("RGB", (30, 20), "white").save(tmp_path / "white.jpg")
    assert read_mask(tmp_path / "white.jpg", (20, 30)).min() > 0.99
    with pytest.raises(RestoreError, match="30 x 20 pixels, but the photo is 31 x 20"):
        read_mask(tmp_path / "mask.png", (20, 31))


def test_heic_of_10_bit_is_read_as_16(tmp_path):
    library = pytest.importorskip("pillow_heif", reason="the extra heic is not installed")
    levels = np.repeat(np.linspace(0, 65535, 64), 64 * 3).reshape(64, 64, 3).astype(np.uint16)
    out = io.BytesIO()
    library.encode("RGB;16", (64, 64), levels.tobytes(), out, quality=-1, chroma=444, matrix_coefficients=0)
    (tmp_path / "a.heic").write_bytes(out.getvalue())
    photo = read(tmp_path / "a.heic")
    assert photo.metadata.depth == 16
    assert np.abs(photo.image - levels / 65535).max() < 2 / 1023
    assert photo.image.max() > 0.998


def test_reading_in_several_threads_and_progress(tmp_path):
    path = write(corpus.photo(size=(600, 50)), tmp_path / "a.jpg", ExportSettings("jpeg"))
    shapes: list[tuple[int, ...]] = []
    threads = [threading.Thread(target=lambda: shapes.append(read(path).image.shape)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shapes == [(600, 50, 3)] * 4
    told: list[float] = []
    read(path, Progress(told.append))
    assert told == sorted(told) and told[-1] == 1

    def stop(_fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        read(path, Progress(stop))


def test_profile_of_another_kind_of_pixels_is_dropped(tmp_path):
    corpus.picture().save(tmp_path / "a.jpg", icc_profile=corpus.grey_profile())
    assert read(tmp_path / "a.jpg").metadata.icc is None
    ImageCms.ImageCmsProfile(io.BytesIO(corpus.grey_profile()))


def test_lab_becomes_rgb(tmp_path):
    picture = corpus.picture()
    lab = ImageCms.profileToProfile(
        picture, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    lab.save(tmp_path / "a.tif")
    assert np.abs(read(tmp_path / "a.tif").image - np.asarray(picture) / 255).mean() < 0.02


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_channels_beyond_alpha_are_left_out(tmp_path, kind):
    array = np.random.default_rng(5).integers(0, 255, (20, 30, 6)).astype(kind)
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="rgb", extrasamples=[2, 0, 0], metadata=None)
    photo = read(tmp_path / "a.tif")
    top = np.float32(np.iinfo(kind).max)
    np.testing.assert_array_equal(photo.image, array[..., :3] / top)
    np.testing.assert_array_equal(photo.alpha, array[..., 3] / top)
