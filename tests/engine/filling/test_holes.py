"""Holes are taken together where that is quicker, each pixel once, wherever the picture was cropped."""

import time

import cv2
import numpy as np

from engine.filling import holes


def specks(height: int, width: int, count: int) -> np.ndarray:
    random, mask = np.random.default_rng(0), np.zeros((height, width), np.uint8)
    for _ in range(count):
        start = random.integers((0, 0), (width, height))
        cv2.line(mask, start.tolist(), (start + random.integers(-30, 30, 2)).tolist(), 1, 2)
    return mask > 0


def test_every_pixel_is_in_one_part() -> None:
    unknown = specks(900, 1300, 60)
    unknown[:, 700] = True
    count = np.zeros(unknown.shape, int)
    for box, pixels in holes.find(unknown, 128):
        count[box.slices] += pixels
    assert np.array_equal(count, unknown.astype(int))


def test_near_holes_are_together_and_far_ones_apart() -> None:
    unknown = np.zeros((300, 900), bool)
    unknown[50:60, 60:70] = unknown[50:60, 80:90] = unknown[200:210, 800:810] = True
    parts = {(box.top, box.left, int(pixels.sum())) for box, pixels in holes.find(unknown, 16)}
    assert parts == {(50, 60, 200), (200, 800, 100)}
    assert len(list(holes.find(unknown, 1024))) == 1
    assert not list(holes.find(np.zeros((20, 30), bool), 16))


def test_parts_do_not_depend_on_where_the_picture_was_cropped() -> None:
    unknown = np.pad(specks(500, 700, 40), 60)
    whole = [(box.top - 37, box.left - 21, pixels) for box, pixels in holes.find(unknown, 128)]
    cropped = [(box.top, box.left, pixels) for box, pixels in holes.find(unknown[37:, 21:].copy(), 128)]
    assert [part[:2] for part in whole] == [part[:2] for part in cropped]
    assert all(np.array_equal(one[2], other[2]) for one, other in zip(whole, cropped, strict=True))


def test_long_scratches_do_not_make_many_large_windows() -> None:
    mask = np.zeros((3000, 4000), np.uint8)
    random = np.random.default_rng(0)
    for _ in range(60):
        cv2.line(mask, *random.integers((0, 0), (4000, 3000), (2, 2)).tolist(), 1, 2)
    start = time.process_time()
    parts = list(holes.find(mask > 0, 128))
    assert sum(pixels.size for _box, pixels in parts) < 4 * mask.size
    assert time.process_time() - start < 2


def test_split_parts_are_small_and_hold_every_pixel_once() -> None:
    unknown = specks(500, 700, 20)
    cv2.line(canvas := unknown.view(np.uint8), (20, 480), (680, 30), 1, 3)
    parts = list(holes.split(holes.find(canvas > 0, 128), 64))
    count = np.zeros(unknown.shape, int)
    for box, pixels in parts:
        assert max(pixels.shape) <= 64 and pixels[0].any() and pixels[:, -1].any()
        count[box.slices] += pixels
    assert np.array_equal(count, unknown.astype(int))
    assert sum(pixels.size for _box, pixels in parts) < unknown.size / 4


def test_scattered_specks_on_a_huge_scan_are_found_quickly() -> None:
    unknown = specks(5000, 8000, 400)
    start = time.process_time()
    assert sum(int(pixels.sum()) for _box, pixels in holes.find(unknown, 128)) == unknown.sum()
    assert not holes.wide(unknown, 20).any()
    assert time.process_time() - start < 1  # 0.15 s where nothing else runs


def test_width_is_that_of_the_widest_place() -> None:
    unknown = np.zeros((120, 200), bool)
    unknown[10:16, 5:190] = True  # long and narrow
    unknown[40:80, 40:80] = True
    unknown[60:64, 80:180] = True  # a scratch that leads to the wide one
    wide = holes.wide(unknown, 20)
    assert not wide[:30].any()
    assert np.array_equal(wide[30:], unknown[30:])
    assert not holes.wide(unknown, 50).any()
