"""A file that is no photo, or a broken one, gives one sentence and nothing else."""

import errno
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFile

from engine.errors import RestoreError
from engine.files import (
    ExportSettings,
    Metadata,
    defaults_for,
    exif,
    read,
    read_draft,
    reading,
    write,
)
from tests.engine import corpus


def sentence(path: Path) -> str:
    """What the user is told about a file that cannot be read."""
    with pytest.raises(RestoreError) as raised:
        read(path)
    text = str(raised.value)
    assert text.endswith(".") and "\n" not in text and len(text) < 250
    assert path.name in text
    return text


def test_broken_files_give_one_sentence(tmp_path, capfd):
    for name, word in corpus.make_broken(tmp_path).items():
        assert word in sentence(tmp_path / name), name
        assert read_draft(tmp_path / name, 100) is None
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "ordinary" in sentence(tmp_path / "pipe.jpg")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("progressive", [False, True])
def test_what_is_left_of_a_cut_jpeg_is_opened_and_the_rest_is_grey_or_blurred(tmp_path, progressive):
    corpus.picture().resize((400, 300)).save(tmp_path / "whole.jpg", quality=95, progressive=progressive)
    data = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[: len(data) // 2])
    whole, cut = read(tmp_path / "whole.jpg"), read(tmp_path / "cut.jpg")
    assert not whole.notice
    assert "“cut.jpg”" in cut.notice and "incomplete" in cut.notice
    np.testing.assert_allclose(cut.image[:32], whole.image[:32], atol=0.3 if progressive else 0)
    assert np.abs(cut.image - whole.image).max() > 0.02
    assert not read(tmp_path / "whole.jpg").notice


def opens(path: Path, data: bytes) -> bool:
    """Whether cut data opens, with the notice, rather than being refused in a sentence."""
    path.write_bytes(data)
    try:
        return "incomplete" in read(path).notice
    except RestoreError:
        return False


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_anywhere_opens_with_the_notice_once_there_are_pixels(tmp_path, mode, progressive):
    path = tmp_path / "cut.jpg"
    corpus.picture(mode).save(path, quality=95, progressive=progressive)
    data = path.read_bytes()
    first = next(stop for stop in range(1, len(data)) if opens(path, data[:stop]))
    assert first < data.index(b"\xff\xda") + 30
    for stop in range(first, len(data)):
        assert opens(path, data[:stop]), stop


def test_a_progressive_jpeg_cut_in_a_later_header_keeps_every_scan_before(tmp_path):
    path = tmp_path / "cut.jpg"
    corpus.picture().save(path, quality=95, progressive=True)
    data = path.read_bytes()
    last = data.rindex(b"\xff\xda")
    path.write_bytes(data[:last])
    before = read(path).image
    for more in (1, 2, 3, 6):
        path.write_bytes(data[: last + more])
        assert np.array_equal(read(path).image, before)
    path.write_bytes(data[: last + 4] + b"\xff" * 9 + data[last + 13 :])  # a header that no decoder takes
    assert np.array_equal(read(path).image, before)


def test_while_a_cut_jpeg_is_read_no_other_thread_takes_a_cut_file_for_whole(tmp_path, monkeypatch):
    (tmp_path / "cut.jpg").write_bytes(corpus.encoded("jpeg")[:-300])
    (tmp_path / "cut.bmp").write_bytes(corpus.encoded("bmp")[:1000])
    load = ImageFile.ImageFile.load
    refused = []

    def slow(picture):
        if picture.format == "JPEG":
            with ThreadPoolExecutor(1) as beside:
                refused.append(isinstance(beside.submit(read, tmp_path / "cut.bmp").exception(), RestoreError))
        return load(picture)

    monkeypatch.setattr(ImageFile.ImageFile, "load", slow)
    assert "incomplete" in read(tmp_path / "cut.jpg").notice
    assert len(refused) > 1 and all(refused)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows keeps rights elsewhere")
def test_no_rights():
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "locked.jpg").write_bytes(corpus.encoded("jpeg"))
        (folder / "locked.jpg").chmod(0)
        folder.chmod(0o555)
        try:
            if user == 0:
                os.seteuid(65534)  # root may read and write everything, nobody may not
            assert "permission" in sentence(folder / "locked.jpg")
            with pytest.raises(RestoreError, match="permission"):
                write(corpus.photo(), folder / "new.png", ExportSettings("png"))
            with pytest.raises(RestoreError, match="write-protected"):
                write(corpus.photo(), folder / "locked.jpg", ExportSettings("jpeg", existing="replace"))
        finally:
            os.seteuid(user)
            folder.chmod(0o755)


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
    corpus.heic_or_skip(kind)
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
    # libtiff inside Pillow and libpng inside OpenCV talk to the console and cannot be told not to
    if kind not in ("tiff lzw", "tiff jpeg", "ours png 16"):
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
        key = defaults_for(photo.metadata, Path(name).suffix).format
        path = write(photo, tmp_path / name, ExportSettings(key, existing="replace"))
        assert read(path).image.shape == photo.image.shape


def test_without_the_heic_library_one_sentence_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    assert "pip install pillow-heif" in sentence(tmp_path / "a.heic")
    with pytest.raises(RestoreError, match="pip install pillow-heif"):
        write(corpus.photo(), tmp_path / "b.heic", ExportSettings("heic"))


def test_the_limit_is_told_before_decoding(tmp_path, monkeypatch):
    path = write(corpus.photo(), tmp_path / "a.png", ExportSettings("png"))
    monkeypatch.setattr(reading, "PIXEL_LIMIT", 1000)
    assert "53 x 37" in sentence(path)
