"""The screen copy: true colours, true averages, updates that equal a new build, and the box where images differ."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageCms

from app.display import Display, Level, changed_box
from engine.errors import Cancelled
from engine.image import Box, Image, frozen
from engine.progress import Progress


def photo(height: int = 700, width: int = 1101, seed: int = 0) -> Image:
    return frozen(np.random.default_rng(seed).random((height, width, 3), np.float32))


def pixels(level: Level) -> np.ndarray:
    last = level.bands[-1]
    return level.part(Box(0, last.bottom, 0, last.pixels.shape[1]))


def test_the_picture_shows_the_pixels_as_they_are() -> None:
    image = photo(20, 31)
    display = Display.build(image, None)
    picture = display.levels[0].bands[0].picture
    assert (picture.width(), picture.height()) == (31, 20) == (display.size.width(), display.size.height())
    for y, x in ((0, 0), (19, 30), (7, 11)):
        colour = picture.pixelColor(x, y)
        assert [colour.red(), colour.green(), colour.blue()] == np.rint(image[y, x] * 255).astype(int).tolist()


def test_each_level_averages_the_one_before_down_to_512() -> None:
    display = Display.build(photo(1500, 2301), None)
    assert [pixels(level).shape[:2] for level in display.levels] == [(1500, 2301), (750, 1151), (375, 576), (188, 288)]
    fine, coarse = pixels(display.levels[0]).astype(float), pixels(display.levels[1])
    assert np.abs(fine[100:102, 200:202].mean(axis=(0, 1)) - coarse[50, 100]).max() <= 0.51
    assert np.abs(fine[100:102, 2300:].mean(axis=(0, 1)) - coarse[50, 1150]).max() <= 0.51


@pytest.mark.parametrize("box", [Box(0, 1, 0, 1), Box(33, 170, 501, 1101), Box(699, 700, 0, 1101), Box(5, 6, 7, 8)])
def test_updated_equals_a_new_build_and_leaves_the_old_one_alone(box: Box) -> None:
    image = photo()
    old = Display.build(image, None)
    before = [pixels(level) for level in old.levels]
    other = image.copy()
    other[box.slices] = 1 - other[box.slices]
    new, whole = old.updated(frozen(other), box), Display.build(frozen(other), None)
    assert all(np.array_equal(pixels(a), pixels(b)) for a, b in zip(new.levels, whole.levels, strict=True))
    assert all(np.array_equal(pixels(a), b) for a, b in zip(old.levels, before, strict=True))
    assert changed_box(image, other) == box


def test_level_for_gives_the_coarsest_that_is_not_coarser_than_the_screen() -> None:
    display = Display.build(photo(1500, 2301), None)
    assert [display.level_for(zoom) for zoom in (8, 1, 0.51, 0.5, 0.3, 0.25, 0.01)] == [0, 0, 0, 1, 1, 2, 3]


def swapped_profile() -> bytes:
    """A profile whose red is the blue of sRGB and the other way round."""
    raw = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    where = {bytes(raw[at : at + 4]): at for at in range(132, 132 + 12 * int.from_bytes(raw[128:132], "big"), 12)}
    red, blue = where[b"rXYZ"], where[b"bXYZ"]
    raw[red + 4 : red + 12], raw[blue + 4 : blue + 12] = raw[blue + 4 : blue + 12], raw[red + 4 : red + 12]
    description = where[b"desc"]
    start = int.from_bytes(raw[description + 4 : description + 8], "big")
    length = int.from_bytes(raw[description + 8 : description + 12], "big")
    raw[start : start + length] = raw[start : start + length].replace(
        "sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be")
    )
    return bytes(raw)


def test_the_profile_decides_the_colours() -> None:
    image = photo(40, 50)
    plain, swapped = Display.build(image, None), Display.build(image, swapped_profile())
    a, b = pixels(plain.levels[0])[..., :3].astype(int), pixels(swapped.levels[0])[..., :3].astype(int)
    assert np.abs(a[..., ::-1] - b).max() <= 3  # red and blue have changed places
    other = image.copy()
    other[3:9, 4:8] = 0.25
    assert np.array_equal(
        pixels(swapped.updated(frozen(other), Box(3, 9, 4, 8)).levels[0]),
        pixels(Display.build(frozen(other), swapped_profile()).levels[0]),
    )


@pytest.mark.parametrize("icc", [b"", b"nonsense", b"\0" * 4000, swapped_profile()[:300]])
def test_a_broken_profile_means_srgb(icc: bytes) -> None:
    image = photo(20, 30)
    assert np.array_equal(pixels(Display.build(image, icc).levels[0]), pixels(Display.build(image, None).levels[0]))


def test_the_srgb_profile_changes_nothing() -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = photo(20, 30)
    assert np.array_equal(pixels(Display.build(image, icc).levels[0]), pixels(Display.build(image, None).levels[0]))


def test_an_embedded_lab_or_cmyk_profile_is_left_alone() -> None:
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    stream = io.BytesIO()
    Pillow.new("RGB", (4, 4)).save(stream, "PNG", icc_profile=icc)
    image = photo(20, 30)
    assert np.array_equal(pixels(Display.build(image, icc).levels[0]), pixels(Display.build(image, None).levels[0]))


def test_cancelling_stops_the_build() -> None:
    def stop(_fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        Display.build(photo(), None, Progress(stop))


def test_changed_box_of_equal_images_is_empty_and_of_others_the_smallest() -> None:
    image = photo(900, 1300)
    assert changed_box(image, image).empty and changed_box(image, image.copy()).empty
    rng = np.random.default_rng(1)
    for _ in range(20):
        other = image.copy()
        spots = [(int(rng.integers(900)), int(rng.integers(1300))) for _ in range(int(rng.integers(1, 4)))]
        for y, x in spots:
            other[y, x, rng.integers(3)] += 0.25
        ys, xs = zip(*spots, strict=True)
        assert changed_box(image, other) == Box(min(ys), max(ys) + 1, min(xs), max(xs) + 1)
    assert changed_box(image, 1 - image) == Box(0, 900, 0, 1300)
