"""A mosaic shows the surroundings of small holes and puts what was filled back where it belongs."""

import numpy as np

from engine.filling import holes, mosaic
from engine.image import Box

SHAPE = (400, 600)


def specks() -> np.ndarray:
    unknown = np.zeros(SHAPE, bool)
    for y, x in np.random.default_rng(0).integers((0, 0), (395, 595), (40, 2)):
        unknown[y : y + 5, x : x + 4] = True
    return unknown


def test_every_hole_gets_what_was_filled() -> None:
    unknown, image = specks(), np.random.default_rng(1).random((*SHAPE, 3)).astype(np.float32)
    result, left = np.where(unknown[..., None], 0, image).astype(np.float32), unknown.copy()
    mosaics = list(mosaic.pack(holes.find(unknown, 16), 12, SHAPE))
    assert len(mosaics) < len(list(holes.find(unknown, 16)))
    for one in mosaics:
        truth, _blank = one.cut(image, np.zeros(SHAPE, bool))
        seen, unseen = one.cut(result, left)
        assert unseen[one.hole].all() and not seen[unseen].any()
        assert np.array_equal(seen[~unseen], truth[~unseen])
        one.put(result, left, truth[one.hole])
    assert not left.any()
    assert np.array_equal(result, image)


def test_the_surroundings_are_whole_and_what_lies_between_is_unknown() -> None:
    own = np.ones((6, 9), bool)
    places = [Box(50, 56, 40, 49), Box(200, 206, 300, 309)]
    (one,) = mosaic.pack([(box, own) for box in places], 10, SHAPE)
    image = np.zeros((*SHAPE, 1), np.float32)
    image[:, 300:] = 0.7
    values, blank = one.cut(image, np.zeros(SHAPE, bool))
    assert one.hole.shape == (26, 58) and one.hole.sum() == 2 * 54
    assert not blank.any() and np.array_equal(np.unique(values[:, 29:]), np.float32([0, 0.7]))


def test_holes_at_the_edge_of_the_picture_stay_alone() -> None:
    own = np.ones((4, 4), bool)
    places = [Box(0, 4, 50, 54), Box(100, 104, 100, 104), Box(200, 204, 596, 600), Box(150, 154, 100, 104)]
    shapes = sorted(one.hole.shape for one in mosaic.pack([(box, own) for box in places], 10, SHAPE))
    assert shapes == [(14, 24), (24, 14), (24, 48)]


def test_a_mosaic_does_not_grow_without_end() -> None:
    own = np.ones((100, 100), bool)
    places = [(Box(300, 400, 300, 400), own)] * 60
    sizes = [one.hole.size for one in mosaic.pack(places, 50, (1000, 1000))]
    assert len(sizes) > 1 and max(sizes) <= 1_050_000
    (large,) = mosaic.pack([(Box(100, 2000, 100, 2000), np.ones((1900, 1900), bool))], 50, (3000, 3000))
    assert large.hole.shape == (2000, 2000)
