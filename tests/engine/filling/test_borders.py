"""Borders between copies move to where these look alike, and keep to what patches show."""

import numpy as np
import pytest

from engine.errors import Cancelled
from engine.filling import borders, patches
from engine.filling.patches import Scene
from engine.progress import Progress

SIDE = 96
HOLE = (slice(40, 60), slice(40, 60))


def scene_of(image: np.ndarray, where: tuple[slice, slice] = HOLE) -> Scene:
    hole = np.zeros((SIDE, SIDE), bool)
    hole[where] = True
    return patches.look(image.copy(), hole)


def grid() -> np.ndarray:
    """A random tile of 16 px, again and again: what lies 32 px above or to the left fits without a seam."""
    tile = np.random.default_rng(0).random((16, 16, 3)).astype(np.float32)
    return np.tile(tile, (6, 6, 1))


def sources(scene: Scene, away: np.ndarray) -> np.ndarray:
    """The patches so far `away` (n, 2), px, from the targets of `scene`, or near them where these may not be copied."""
    y, x = np.stack(np.divmod(scene.targets, SIDE)) + away.T
    place = y.clip(0, SIDE - 1) * SIDE + x.clip(0, SIDE - 1)
    usable = np.flatnonzero(scene.usable)
    return np.where(scene.usable[place], place, usable[np.searchsorted(usable, place).clip(0, len(usable) - 1)])


def test_what_fits_spreads_over_what_does_not() -> None:
    image = grid()
    scene = scene_of(image)
    y, _x = np.divmod(scene.targets, SIDE)
    away = np.where((y < 50)[:, None], (-32, 0), (0, -32))  # both fit
    spoiled = np.random.default_rng(1).random(len(away)) < 0.4
    away[spoiled] = np.random.default_rng(2).integers(-20, 21, (int(spoiled.sum()), 2))
    source = sources(scene, away)
    kept = source[scene.index[np.flatnonzero(scene.hole)]]
    before, after = (
        np.abs(scene.flat[origin] - image[HOLE].reshape(-1, 3)).mean()
        for origin in (kept, borders.move(scene, source, 3, Progress()))
    )
    assert before > 0.1
    assert after < 0.2 * before


def test_copies_that_fit_stay() -> None:
    scene = scene_of(grid())
    source = sources(scene, np.broadcast_to((0, -32), (len(scene.targets), 2)))
    origin = borders.move(scene, source, 3, Progress())
    assert np.array_equal(scene.flat[origin], grid()[HOLE].reshape(-1, 3))


@pytest.mark.parametrize("where", [HOLE, (slice(0, 20), slice(76, SIDE)), (slice(72, SIDE), slice(0, SIDE))])
def test_only_what_is_known_is_copied(where: tuple[slice, slice]) -> None:
    scene = scene_of(np.random.default_rng(3).random((SIDE, SIDE, 3)).astype(np.float32), where)
    source = np.random.default_rng(4).choice(np.flatnonzero(scene.usable), len(scene.targets))
    origin = borders.move(scene, source, 3, Progress())
    assert ((origin >= 0) & (origin < SIDE**2)).all()
    assert not scene.hole.ravel()[origin].any()
    assert np.array_equal(origin, borders.move(scene, source, 3, Progress()))


def test_it_stops_when_told() -> None:
    scene = scene_of(grid())

    def cancel(fraction: float) -> None:
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        borders.move(scene, scene.targets * 0 + np.flatnonzero(scene.usable)[0], 3, Progress(cancel))
