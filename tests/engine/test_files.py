"""Photos come out of files as they went in, and files appear whole or not at all."""

import errno
import os
import stat
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from engine.errors import Cancelled, RestoreError
from engine.files import (
    FORMATS,
    ExportSettings,
    Metadata,
    Photo,
    defaults_for,
    exif,
    read,
    write,
    writing,
)
from engine.image import frozen
from engine.progress import Progress
from tests.engine import corpus

MATRIX = [
    (key, depth, grey, alpha, about)
    for key, one in FORMATS.items()
    for depth, grey, alpha, about in product(one.depths, (False, True), (False, True), (False, True))
]


@pytest.mark.parametrize(("key", "depth", "grey", "alpha", "about"), MATRIX)
def test_what_a_format_holds_comes_back(tmp_path, key, depth, grey, alpha, about):
    corpus.heic_or_skip(key)
    one = FORMATS[key]
    photo = corpus.photo(depth, grey, alpha, about=about)
    back = read(write(photo, tmp_path / f"photo{one.suffixes[0]}", ExportSettings(key, depth, 95)))
    keeps_alpha = alpha and one.alpha
    assert back.metadata.format == key
    assert back.metadata.depth == depth
    assert back.metadata.grey == (grey and one.grey and (not keeps_alpha or one.grey_alpha))
    assert (back.alpha is not None) == keeps_alpha
    if one.lossless:
        np.testing.assert_array_equal(back.image, photo.image)
        if keeps_alpha:
            np.testing.assert_array_equal(back.alpha, photo.alpha)
    else:
        assert np.abs(back.image - photo.image).mean() < 0.02
        assert back.alpha is None or np.abs(back.alpha - photo.alpha).mean() < 0.02
    if about:
        fits = one.icc and (not grey or back.metadata.grey)
        assert back.metadata.icc == (photo.metadata.icc if fits else None)
        assert back.metadata.xmp == (corpus.XMP if one.xmp else None)
        assert back.metadata.dpi == pytest.approx((300, 300), abs=0.02)
        assert bool(back.metadata.exif) == one.exif
    else:
        assert back.metadata.icc is back.metadata.xmp is None


@pytest.mark.parametrize("key", [key for key, one in FORMATS.items() if one.exif])
def test_exif_keeps_camera_dates_position_and_maker_note(tmp_path, key):
    corpus.heic_or_skip(key)
    photo = corpus.photo()
    path = write(photo, tmp_path / f"photo{FORMATS[key].suffixes[0]}", ExportSettings(key))
    found = exif.parsed(read(path).metadata.exif)
    assert found is not None
    below, place = found.children[0x8769], found.children[0x8825]
    assert found.bytes(271) == b"Camera!\0"
    assert below.bytes(0x9003) == b"1953:06:02 12:00:00\0"
    assert below.bytes(0x927C) == corpus.MAKER_NOTE
    assert (below.number(0xA002), below.number(0xA003)) == (53, 37)
    assert place.entries[2].numbers() == [51, 30, 0]


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.tif", "photo.webp", "photo.avif"])
def test_pillow_finds_the_metadata_where_other_programs_look(tmp_path, name):
    path = write(
        corpus.photo(), tmp_path / name, ExportSettings(defaults_for(Metadata("png"), Path(name).suffix).format)
    )
    with Image.open(path) as opened:
        opened.load()
        found = opened.getexif()
        assert found[271] == "Camera!"
        assert found.get_ifd(0x8769)[0x9003] == "1953:06:02 12:00:00"
        assert found.get_ifd(0x8825)[1] == "N"
        assert opened.info["icc_profile"] == corpus.SRGB
        xmp = opened.info.get("xmp", opened.info.get("XML:com.adobe.xmp"))
        assert (xmp.encode() if isinstance(xmp, str) else xmp) == corpus.XMP


@pytest.mark.parametrize(("depth", "channels"), list(product((8, 16), (1, 2, 3, 4))))
def test_other_programs_read_our_png_and_tiff(tmp_path, depth, channels):
    photo = corpus.photo(depth, grey=channels < 3, alpha=channels in (2, 4), size=(600, 400))  # several strips
    top = 255 if depth == 8 else 65535
    wanted = np.dstack([photo.image, *([photo.alpha] if photo.alpha is not None else [])])
    wanted = np.rint(wanted * top).astype(np.uint16)[
        ..., ([0] if channels < 3 else [0, 1, 2]) + [3] * (channels % 2 == 0)
    ]
    tiff = write(photo, tmp_path / "a.tif", ExportSettings("tiff", depth))
    np.testing.assert_array_equal(tifffile.imread(tiff).reshape(wanted.shape), wanted)
    png = write(photo, tmp_path / "a.png", ExportSettings("png", depth))
    if depth == 8 or channels == 1:
        with Image.open(png) as opened:
            np.testing.assert_array_equal(np.asarray(opened).reshape(wanted.shape), wanted)


@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_every_16_bit_value_survives(tmp_path, name):
    levels = (np.arange(65536) / 65535).astype(np.float32).reshape(256, 256)
    photo = Photo(frozen(np.dstack([levels, levels.T, levels[::-1]])), frozen(levels.copy()), Metadata("png", 16))
    key = defaults_for(photo.metadata, Path(name).suffix).format
    back = read(write(photo, tmp_path / name, ExportSettings(key, 16)))
    np.testing.assert_array_equal(back.image, photo.image)
    np.testing.assert_array_equal(back.alpha, photo.alpha)


def test_thumbnail_and_xmp_orientation_do_not_tell_of_the_old_picture(tmp_path):
    block = corpus.exif_block(orientation=6, thumbnail=True)
    assert b"\xff\xd8\xff" in block
    upright = exif.upright(block)
    assert upright is not None and b"\xff\xd8\xff" not in upright
    with_note = exif.parsed(upright)
    assert with_note is not None and with_note.children[0x8769].bytes(0x927C) == corpus.MAKER_NOTE
    assert b'Orientation="1"' in (exif.upright_xmp(b'<x tiff:Orientation="6"/>') or b"")


def test_big_endian_exif_is_patched_in_its_own_order():
    block = exif.clean(corpus.exif_block(orientation=8, order=">"))
    assert block is not None and block.startswith(b"MM")
    assert exif.orientation(block) == 8
    assert exif.orientation(exif.upright(block)) == 1
    assert exif.resolution(block) == (300, 300)


def test_existing_files(tmp_path):
    photo, path = corpus.photo(), tmp_path / "photo.png"
    settings = ExportSettings("png")
    assert write(photo, path, settings) == path
    before = path.read_bytes()
    with pytest.raises(RestoreError, match="exists already"):
        write(photo, path, settings)
    assert write(photo, path, replace(settings, existing="number")) == tmp_path / "photo (2).png"
    assert write(photo, path, replace(settings, existing="number")) == tmp_path / "photo (3).png"
    assert path.read_bytes() == before
    path.chmod(0o640)
    assert write(corpus.photo(about=False), path, replace(settings, existing="replace")) == path
    assert path.read_bytes() != before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(one.name for one in tmp_path.iterdir()) == ["photo (2).png", "photo (3).png", "photo.png"]


def test_a_link_stays_a_link(tmp_path):
    real, link = tmp_path / "real.png", tmp_path / "link.png"
    write(corpus.photo(), real, ExportSettings("png"))
    link.symlink_to(real)
    before = real.read_bytes()
    write(corpus.photo(about=False), link, ExportSettings("png", existing="replace"))
    assert link.is_symlink() and real.read_bytes() != before


def test_nothing_is_half_written(tmp_path, monkeypatch):
    path = tmp_path / "photo.tif"
    write(corpus.photo(), path, ExportSettings("tiff"))
    before = path.read_bytes()
    settings = ExportSettings("tiff", existing="replace")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    def stop(_fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        write(corpus.photo(), path, settings, Progress(stop))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(RestoreError, match="no room left"):
            write(corpus.photo(), path, settings)
    with monkeypatch.context() as patched:
        patched.setattr(exif, "for_tiff", lambda _block: exif.Directory())
        with pytest.raises(RestoreError, match="Exif"):
            write(corpus.photo(), path, settings)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["photo.tif"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("key", [key for key in FORMATS if key != "heic"])
def test_a_full_disk_gives_a_sentence(tmp_path, monkeypatch, key):
    real = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, mode="r": real(Path("/dev/full"), "wb") if "x" in mode else real(self, mode)
    )
    with pytest.raises(RestoreError, match="no room left"):
        write(corpus.photo(size=(200, 300)), tmp_path / f"a{FORMATS[key].suffixes[0]}", ExportSettings(key))


def test_settings_that_do_not_fit_are_refused(tmp_path):
    photo = corpus.photo()
    for name, settings, word in (
        ("a.jpg", ExportSettings("jpeg", 16), "bits"),
        ("a.jpg", ExportSettings("png"), "end in .png"),
        ("a.xyz", ExportSettings("xyz"), "not a format"),
        ("a.jpg", ExportSettings("jpeg", quality=0), "Quality"),
        ("no/such/a.jpg", ExportSettings("jpeg"), "does not exist"),
    ):
        with pytest.raises(RestoreError, match=word):
            write(photo, tmp_path / name, settings)
    big = replace(photo.metadata, xmp=b"x" * 70_000)
    with pytest.raises(RestoreError, match="more metadata"):
        write(replace(photo, metadata=big), tmp_path / "a.jpg", ExportSettings("jpeg"))
    assert read(write(replace(photo, metadata=big), tmp_path / "a.png", ExportSettings("png"))).metadata.xmp == big.xmp
    wide = corpus.photo(size=(1, 16_400), about=False)
    with pytest.raises(RestoreError, match="16383"):
        write(wide, tmp_path / "a.webp", ExportSettings("webp"))


def test_without_metadata_the_profile_stays(tmp_path):
    path = write(corpus.photo(), tmp_path / "a.jpg", ExportSettings("jpeg", keep_metadata=False))
    found = read(path).metadata
    assert found.exif is None and found.xmp is None
    assert found.icc == corpus.SRGB and found.dpi == (300, 300)


def test_defaults_lose_the_least(tmp_path):
    deep = Metadata("tiff", 16)
    assert defaults_for(deep, ".PNG").depth == 16
    assert defaults_for(deep, ".jpg") == ExportSettings("jpeg", 8, 95)
    assert defaults_for(deep, "").format == "tiff"
    for quality in (30, 75, 88, 97):
        corpus.picture().save(tmp_path / "a.jpg", quality=quality)
        assert defaults_for(read(tmp_path / "a.jpg").metadata, ".jpg").quality == pytest.approx(quality, abs=1)


def test_grey_that_was_coloured_becomes_rgb(tmp_path):
    photo = replace(corpus.photo(), metadata=corpus.photo(grey=True).metadata)
    back = read(write(photo, tmp_path / "a.png", ExportSettings("png")))
    assert not back.metadata.grey and back.metadata.icc is None
    np.testing.assert_array_equal(back.image, photo.image)


def test_the_same_name_taken_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    monkeypatch.setattr(writing, "_existing_mode", lambda *_: path.write_bytes(b"mine") and None)
    with pytest.raises(RestoreError, match="exists already"):
        write(corpus.photo(), path, ExportSettings("png"))
    assert path.read_bytes() == b"mine"


@pytest.mark.parametrize("key", FORMATS)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (257, 1)])
def test_tiny_photos(tmp_path, key, size):
    corpus.heic_or_skip(key)
    photo = corpus.photo(size=size)
    assert read(write(photo, tmp_path / "a", ExportSettings(key))).image.shape == (*size, 3)


def test_resolution_that_a_format_has_no_number_for_is_left_out(tmp_path):
    photo = corpus.photo(about=False)
    for dpi in ((1e5, 1e5), (0.01, 0.01)):
        odd = replace(photo, metadata=replace(photo.metadata, dpi=dpi))
        assert read(write(odd, tmp_path / "a.jpg", ExportSettings("jpeg", existing="replace"))).metadata.dpi is None
