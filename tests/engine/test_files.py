"""Photos come out of files as they went in, and a file that is no photo gives one sentence."""

import errno
import io
import os
import stat
import threading
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from engine.errors import Cancelled, RestoreError
from engine.files import (
    FORMATS,
    ExportSettings,
    Metadata,
    Photo,
    defaults_for,
    exif,
    read,
    read_draft,
    read_mask,
    reading,
    write,
    write_mask,
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


def heic_or_skip(key: str) -> None:
    if key == "heic":
        pytest.importorskip("pillow_heif", reason="the extra heic is not installed")


def sentence(path: Path) -> str:
    """What the user is told about a file that cannot be read."""
    with pytest.raises(RestoreError) as raised:
        read(path)
    text = str(raised.value)
    assert text.endswith(".") and "\n" not in text and len(text) < 250
    assert path.name in text
    return text


@pytest.mark.parametrize(("key", "depth", "grey", "alpha", "about"), MATRIX)
def test_what_a_format_holds_comes_back(tmp_path, key, depth, grey, alpha, about):
    heic_or_skip(key)
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
    heic_or_skip(key)
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
        corpus.photo(), tmp_path / name, ExportSettings(defaults_for(Metadata("png"), path_suffix(name)).format)
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


def path_suffix(name: str) -> str:
    return Path(name).suffix


@pytest.mark.parametrize(("depth", "channels"), list(product((8, 16), (1, 2, 3, 4))))
def test_other_programs_read_our_png_and_tiff(tmp_path, depth, channels):
    photo = corpus.photo(depth, grey=channels < 3, alpha=channels in (2, 4), size=(150, 41))
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
    key = defaults_for(photo.metadata, path_suffix(name)).format
    back = read(write(photo, tmp_path / name, ExportSettings(key, 16)))
    np.testing.assert_array_equal(back.image, photo.image)
    np.testing.assert_array_equal(back.alpha, photo.alpha)


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


def test_broken_files_give_one_sentence(tmp_path, capfd):
    for name, word in corpus.make_broken(tmp_path).items():
        assert word in sentence(tmp_path / name), name
        assert read_draft(tmp_path / name, 100) is None or name == "cut.jpg"
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "ordinary" in sentence(tmp_path / "pipe.jpg")
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_no_rights(tmp_path):
    (tmp_path / "locked.jpg").write_bytes(corpus.encoded("jpeg"))
    (tmp_path / "locked.jpg").chmod(0)
    assert "permission" in sentence(tmp_path / "locked.jpg")
    tmp_path.chmod(0o500)
    with pytest.raises(RestoreError, match="permission"):
        write(corpus.photo(), tmp_path / "new.png", ExportSettings("png"))
    tmp_path.chmod(0o700)


def refused(*_: object, **__: object) -> None:
    raise PermissionError(errno.EACCES, "no")


def test_rights_that_the_system_refuses_give_a_sentence(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    write(corpus.photo(), path, ExportSettings("png"))
    monkeypatch.setattr(Path, "open", refused)
    assert "permission" in sentence(path)
    with pytest.raises(RestoreError, match="permission"):
        write(corpus.photo(), tmp_path / "b.png", ExportSettings("png"))


FUZZED = [
    *("jpeg", "progressive", "png", "png palette", "gif", "bmp", "webp", "avif", "heic"),
    *("tiff lzw", "tiff jpeg", "tiff 16 lzw", "tiff tiles", "ours png 16", "ours tiff 16"),
]


def fuzz(folder: Path, kind: str, rounds: int, seed: int) -> None:
    """Reads a file cut and flipped at many places: a photo or a RestoreError, nothing else."""
    heic_or_skip(kind)
    if kind.startswith("ours"):
        suffix = "." + kind.split()[1]
        key = defaults_for(Metadata("png"), suffix).format
        data = write(corpus.photo(16, alpha=True), folder / f"ours{suffix}", ExportSettings(key, 16)).read_bytes()
    else:
        data = corpus.encoded(kind)
    random = np.random.default_rng(seed)
    path = folder / "fuzzed"
    for _ in range(rounds):
        broken = bytearray(data)
        # headers are where the harm is done, so most changes fall near the two ends
        scale = random.choice([64, 512, len(data)])
        for _ in range(random.integers(0, 5)):
            at = int(random.integers(0, min(scale, len(data))))
            broken[at if random.random() < 0.6 else -1 - at] = random.choice(
                [0, 1, 127, 128, 255, random.integers(256)]
            )
        if random.random() < 0.3:
            del broken[int(random.integers(0, len(broken))) :]
        # right checksums half of the time, so that damage gets past the first check
        path.write_bytes(corpus.checked(bytes(broken)) if "png" in kind and random.random() < 0.5 else broken)
        with suppress(RestoreError):
            photo = read(path)
            assert photo.image.ndim == 3 and np.isfinite(photo.image).all() and photo.image.dtype == np.float32
        read_draft(path, 8)


@pytest.mark.parametrize("kind", FUZZED)
def test_no_damage_escapes_as_anything_but_a_sentence(tmp_path, kind, capfd):
    fuzz(tmp_path, kind, rounds=60, seed=1)
    if kind not in ("tiff lzw", "tiff jpeg"):  # libtiff inside Pillow talks to the console and cannot be told not to
        assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_broken_metadata_does_not_keep_a_photo_from_opening(tmp_path, name):
    random = np.random.default_rng(3)
    block = corpus.exif_block(thumbnail=True)
    for _ in range(60):
        broken = bytearray(block)
        for at in random.integers(0, len(block), 6):
            broken[at] = random.integers(256)
        photo = replace(corpus.photo(), metadata=Metadata("png", exif=exif.upright(exif.clean(bytes(broken)))))
        key = defaults_for(photo.metadata, path_suffix(name)).format
        path = write(photo, tmp_path / name, ExportSettings(key, existing="replace"))
        assert read(path).image.shape == photo.image.shape


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


def test_without_the_heic_library_one_sentence_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    assert "pip install pillow-heif" in sentence(tmp_path / "a.heic")
    with pytest.raises(RestoreError, match="pip install pillow-heif"):
        write(corpus.photo(), tmp_path / "b.heic", ExportSettings("heic"))


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


def test_the_same_name_taken_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    monkeypatch.setattr(writing, "_existing_mode", lambda *_: path.write_bytes(b"mine") and None)
    with pytest.raises(RestoreError, match="exists already"):
        write(corpus.photo(), path, ExportSettings("png"))
    assert path.read_bytes() == b"mine"


def test_the_limit_is_told_before_decoding(tmp_path, monkeypatch):
    path = write(corpus.photo(), tmp_path / "a.png", ExportSettings("png"))
    monkeypatch.setattr(reading, "PIXEL_LIMIT", 1000)
    assert "53 x 37" in sentence(path)


def test_profile_of_another_kind_of_pixels_is_dropped(tmp_path):
    corpus.picture().save(tmp_path / "a.jpg", icc_profile=corpus.grey_profile())
    assert read(tmp_path / "a.jpg").metadata.icc is None
    ImageCms.ImageCmsProfile(io.BytesIO(corpus.grey_profile()))
