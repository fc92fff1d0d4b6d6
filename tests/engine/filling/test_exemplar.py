"""Copied patches go on with stripes, crossings and bricks, follow a guide, keep their grain, and are quick."""

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import Cancelled
from engine.filling import exemplar
from engine.progress import Progress

DATA = Path(__file__).resolve().parents[3] / "../shared/data/test/cbsd68"
TEXTURES = {  # photos with rock, sand, gravel, needles and leaves, and where, y and x
    "33039": (48, 168),
    "101085": (96, 168),
    "167083": (168, 24),
    "175032": (168, 24),
    "175043": (168, 312),
    "196073": (72, 312),
    "291000": (0, 336),
    "351093": (168, 144),
}
SIDE = 200
HOLE = (slice(70, 134), slice(66, 130))


def stripes() -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    return coloured(((x + y // 2) // 8) % 2)


def cross() -> np.ndarray:
    plane = np.zeros((SIDE, SIDE))
    plane[92:112] = plane[:, 88:108] = 1
    return coloured(plane)


def bricks() -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    wall = coloured((y % 16 < 3) | ((x + 16 * (y // 16 % 2)) % 32 < 3))
    return wall + 0.03 * np.random.default_rng(0).standard_normal(wall.shape).astype(np.float32)


def coloured(plane: np.ndarray) -> np.ndarray:
    bright, dark = np.array((0.8, 0.7, 0.6), np.float32), np.array((0.6, 0.3, 0.2), np.float32)
    return np.where(plane[..., None] > 0, bright, dark)


def hole(shape: tuple[int, ...] = (SIDE, SIDE), where: tuple[slice, slice] = HOLE) -> np.ndarray:
    unknown = np.zeros(shape[:2], bool)
    unknown[where] = True
    return unknown


def filled(
    image: np.ndarray,
    unknown: np.ndarray,
    seed: int = 0,
    progress: Progress | None = None,
    guide: np.ndarray | None = None,
    rotation: bool = False,
) -> np.ndarray:
    image = np.where(unknown[..., None], 0, image)
    return exemplar.fill(image, unknown, seed, progress or Progress(), guide, rotation)


def twice(turns: int) -> np.ndarray:
    """Something of 42 px in all colours on plain ground, and once more, turned so often by 90 degrees."""
    random = np.random.default_rng(4).random((7, 7, 3)).astype(np.float32)
    thing = cv2.resize(random, (42, 42), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    image = np.full((109, 120, 3), 0.5, np.float32)
    image[8:50, 8:50] = thing
    image[60:102, 70:112] = np.rot90(thing, turns)
    return image


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turned_patches_are_candidates_where_they_are_asked_for(turns: int) -> None:
    image = twice(turns)
    unknown = hole(image.shape[:2], (slice(70, 92), slice(81, 99)))
    plain, turned = (np.abs(filled(image, unknown, rotation=rotation) - image)[unknown] for rotation in (False, True))
    assert turned.mean() < 0.03
    assert turned.mean() < 0.3 * plain.mean()


@pytest.mark.parametrize("make", [bricks])
def test_structure_goes_on_with_turned_patches_too(make: Callable[[], np.ndarray]) -> None:
    image = make()
    result = filled(image, hole(), rotation=True)
    assert result.shape == image.shape and np.array_equal(result[~hole()], image[~hole()])
    assert np.abs(result - image)[HOLE].mean() < 0.06


@pytest.mark.parametrize("make", [stripes, cross, bricks])
def test_structure_goes_on_over_a_hole_of_64_px(make: Callable[[], np.ndarray]) -> None:
    image = make()
    start = time.process_time()
    result = filled(image, hole())
    assert time.process_time() - start < 2  # 0.3 s where nothing else runs
    assert np.abs(result - image)[HOLE].mean() < 0.05
    assert np.array_equal(result[~hole()], image[~hole()])


def test_texture_stays_as_sharp_as_it_is() -> None:
    image = np.random.default_rng(1).random((SIDE, SIDE, 3)).astype(np.float32)
    result = filled(image, hole())
    assert 0.9 < result[HOLE].std() / image.std() < 1.15


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared photos are not on this machine")
def test_natural_texture_has_as_much_grain_as_around_and_hardly_a_seam() -> None:
    unknown = hole((144, 144), (slice(48, 96), slice(48, 96)))
    judged: list[tuple[float, float]] = []
    for name, (y, x) in TEXTURES.items():
        photo = cv2.imread(str(DATA / f"{name}.png"))
        assert photo is not None
        result = filled(photo[y : y + 144, x : x + 144, ::-1] / np.float32(255), unknown)
        judged.append((grain_ratio(result, unknown), seam_ratio(result, unknown)))
    grain, seam = np.array(judged).T
    assert 0.8 <= grain.mean() <= 1.1
    assert 0.95 <= seam.mean() <= 1.15
    assert seam.max() < 1.4


def grain_ratio(image: np.ndarray, unknown: np.ndarray) -> float:
    """The variance of what a Gaussian of 1.5 px takes away, in the hole by that within 24 px of it."""
    rest = image - cv2.GaussianBlur(image, (0, 0), 1.5)
    near = cv2.dilate(unknown.astype(np.uint8), np.ones((49, 49))) > unknown
    return float(rest[unknown].var() / rest[near].var())


def seam_ratio(image: np.ndarray, unknown: np.ndarray) -> float:
    """The mean change across the rim of the hole by that within 8 px of it."""
    across, beside, near = [], [], cv2.dilate(unknown.astype(np.uint8), np.ones((17, 17))) > 0
    for axis in (0, 1):
        change = np.abs(np.diff(image, axis=axis)).mean(axis=2)
        one, other = (unknown.take(range(start, start + change.shape[axis]), axis) for start in (0, 1))
        across.append(change[one != other])
        beside.append(change[~one & ~other & near.take(range(1, image.shape[axis]), axis)])
    return float(np.concatenate(across).mean() / np.concatenate(beside).mean())


def corner(way: int) -> np.ndarray:
    """A stripe from above that turns left (-1) or right (1) in the middle, or both (0)."""
    y, x = np.mgrid[:SIDE, :SIDE]
    down = (np.abs(x - 100) < 7) & (y < 100)
    return coloured(down | ((np.abs(y - 100) < 7) & (way * (x - 100) > -7)))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("way", [-1, 1])
def test_the_fill_follows_its_guide_where_both_ways_would_fit(way: int, channels: int) -> None:
    image = corner(0) + 0.03 * np.random.default_rng(0).standard_normal((SIDE, SIDE, 3)).astype(np.float32)
    image = image[..., :channels]
    coarse = cv2.resize(corner(way), (25, 25), interpolation=cv2.INTER_AREA)
    guide = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    result = filled(image, hole(), guide=guide if channels == 3 else guide[..., :1])
    left, right = (float(result[95:106, columns].mean()) for columns in (slice(82, 91), slice(109, 118)))
    ground, stripe = float(image[20:60, 20:60].mean()), float(image[95:106, 20:60].mean())
    contrast = abs(stripe - ground)
    taken, other = (left, right) if way < 0 else (right, left)
    assert taken == pytest.approx(stripe, abs=0.35 * contrast)
    assert other == pytest.approx(ground, abs=0.35 * contrast)
    assert grain_ratio(result[:90, :90], hole()[:90, :90]) > 0.7  # the guide is vague, the fill is not


def test_a_guide_is_not_looked_at_where_the_picture_is_known() -> None:
    guide = np.full((SIDE, SIDE, 3), 0.5, np.float32)
    spoiled = np.where(hole()[..., None], guide, np.random.default_rng(0).random(guide.shape, np.float32))
    image = bricks()
    one, other = (filled(image, hole(), guide=some) for some in (guide, spoiled))
    assert np.array_equal(one, other)


def test_only_what_is_known_is_copied() -> None:
    y, x = np.mgrid[:SIDE, :SIDE]
    image = coloured((x // 4 + y // 4) % 2)
    result = filled(image, hole())
    colours = image.reshape(-1, 3)[:8]
    distance = np.abs(result[HOLE].reshape(-1, 1, 3) - colours).max(axis=2).min(axis=1)
    assert (distance < 0.02).mean() > 0.95


def test_a_step_in_brightness_at_the_rim_is_taken_away() -> None:
    ramp = np.broadcast_to(np.linspace(0.2, 0.8, SIDE, dtype=np.float32)[:, None, None], (SIDE, SIDE, 3)).copy()
    result = filled(ramp, hole())
    steps = np.abs(np.diff(result, axis=0))
    assert steps[69:134, 66:130].mean() < 2 * steps[:60].mean()
    assert np.abs(result - ramp)[HOLE].max() < 0.06


def test_a_seed_repeats_itself_and_others_differ() -> None:
    image = np.random.default_rng(2).random((100, 100, 3)).astype(np.float32) ** 3
    unknown = hole((100, 100), (slice(30, 70), slice(35, 70)))
    one, other, again = (filled(image, unknown, seed) for seed in (0, 1, 0))
    assert np.array_equal(one, again)
    assert np.abs(one - other)[unknown].mean() > 0.05


@pytest.mark.parametrize("shape", [(5, 40), (20, 20), (9, 9)])
def test_without_whole_patches_a_membrane_steps_in(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 1), 0.3, np.float32)
    unknown = np.ones(shape, bool)
    unknown[:2, :2] = False
    assert np.abs(filled(image, unknown) - 0.3).max() < 1e-4


def test_a_hole_at_the_corner_is_filled() -> None:
    image = stripes()
    corner = (slice(0, 30), slice(SIDE - 40, SIDE))
    assert np.abs(filled(image, hole(where=corner)) - image)[corner].mean() < 0.1


def test_it_reports_often_and_stops_when_told() -> None:
    told: list[tuple[float, float]] = []
    filled(bricks(), hole(), progress=Progress(lambda fraction: told.append((time.process_time(), fraction))))
    assert max(after[0] - before[0] for before, after in pairwise(told)) < 0.5
    fractions = [fraction for _time, fraction in told]
    assert fractions == sorted(fractions)

    def cancel(fraction: float) -> None:
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        filled(bricks(), hole(), progress=Progress(cancel))
