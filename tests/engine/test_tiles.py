"""Running over a big image piece by piece."""

import cv2
import numpy as np
import pytest

from engine.errors import Cancelled
from engine.image import frozen
from engine.progress import Progress
from engine.tiles import run_tiled, split


@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (65, 129), (7, 1000), (300, 200)])
@pytest.mark.parametrize("tile", [16, 64])
def test_tiles_cover_every_pixel_once_and_are_no_larger_than_told(shape: tuple[int, int], tile: int) -> None:
    count = np.zeros(shape, int)
    for box in split(shape, tile):
        assert not box.empty
        assert box.bottom - box.top <= tile and box.right - box.left <= tile
        count[box.slices] += 1
    assert (count == 1).all()


def test_tiled_equals_whole_within_the_overlap() -> None:
    image = frozen(np.random.default_rng(0).random((150, 210, 3)).astype(np.float32))

    def blur(crop: np.ndarray, _box: object) -> np.ndarray:
        return cv2.blur(crop, (9, 9))

    tiled = run_tiled(image, blur, 40, 4, Progress())
    assert np.allclose(tiled, blur(image, None), atol=1e-6)
    assert tiled.flags.writeable
    assert not np.allclose(run_tiled(image, blur, 40, 2, Progress()), blur(image, None), atol=1e-3)


def test_the_box_says_where_the_crop_lies() -> None:
    y, x = np.mgrid[:90, :130].astype(np.float32) / 200
    image = frozen(np.stack([y, x, y], axis=2))

    def paint(crop: np.ndarray, box) -> np.ndarray:
        assert crop.shape[:2] == (box.bottom - box.top, box.right - box.left)
        assert np.array_equal(crop, image[box.slices])
        return crop

    assert np.array_equal(run_tiled(image, paint, 32, 8, Progress()), image)


def test_reports_and_stops_between_tiles() -> None:
    image = frozen(np.zeros((64, 64, 3), np.float32))
    ran: list[object] = []

    def stop(fraction: float) -> None:
        if fraction >= 0.5:
            raise Cancelled

    def keep(crop: np.ndarray, box: object) -> np.ndarray:
        ran.append(box)
        return crop

    with pytest.raises(Cancelled):
        run_tiled(image, keep, 32, 4, Progress(stop))
    assert len(ran) == 2
