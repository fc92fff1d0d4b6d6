"""Grain that is made has the spectrum and the strength of the grain that was measured, synthetic and real."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from engine.filling import film, film_measure
from engine.image import LUMA
from engine.progress import Progress

TEST = Path(__file__).resolve().parents[3] / "../shared/data/test"
SMOOTH = {"c": (144, 48), "d": (160, 560), "f": (48, 0), "g": (368, 32)}  # in old_faded: pieces of nothing but grain
SIDE = 96


def put(image: np.ndarray, grain: film.Film, seed: int = 0) -> np.ndarray:
    return film.put(image, grain, slice(None), seed, Progress())


def flat(height: int, width: int, level: float = 0.5) -> np.ndarray:
    return np.full((height, width, 3), level, np.float32)


def spectrum(grain: np.ndarray, side: int) -> np.ndarray:
    """The mean power (H, W) in rings from 1/16 to 1/2 cycles/px, by windows of `side` px."""
    line = np.hanning(side + 1)[:-1]
    pieces = np.lib.stride_tricks.sliding_window_view(grain, (side, side))[:: side // 2, :: side // 2]
    pieces = pieces.reshape(-1, side, side) * np.outer(line, line)
    power = (np.abs(np.fft.fft2(pieces)) ** 2).mean(axis=0)
    ring = np.round(np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None]) * side).astype(int).ravel()
    return (np.bincount(ring, power.ravel()) / np.bincount(ring))[side // 16 : side // 2 + 1]


def decibels(made: np.ndarray, real: np.ndarray, side: int) -> float:
    """How far the spectra are apart in the ring where they are farthest."""
    return float(np.abs(10 * np.log10(spectrum(made, side) / spectrum(real, side))).max())


@pytest.mark.parametrize("size", [0.5, 1.5, 4.0, 6.0])
def test_known_grain_on_a_smooth_photo_is_measured_and_made_again(size: float) -> None:
    y, x = np.mgrid[:512, :512] / 512
    photo = np.stack([0.35 + 0.3 * x, 0.6 - 0.2 * y, 0.45 + 0.1 * x * y], axis=2).astype(np.float32)
    grainy = np.round(put(photo, film.plain(7 / 255, size, 0.3), seed=1) * 255) / 255  # as a file of 8 bits
    found = film_measure.measure(grainy)
    told = film.describe(found)
    assert told.sigma * 255 == pytest.approx(7, rel=0.04)
    assert told.size == pytest.approx(size, rel=0.04)
    assert told.colour == pytest.approx(0.3, abs=0.03)
    before, after = grainy - photo, put(photo, found, seed=2) - photo
    assert after.var() == pytest.approx(before.var(), rel=0.1)
    for axis in (LUMA, [1, -1, 0], [1, 1, -2]):
        assert decibels(after @ axis, before @ axis, 64) < (1 if size < 6 else 1.5)


def test_grain_as_different_in_the_channels_as_jpeg_makes_it_is_made_again() -> None:
    noise = np.random.default_rng(0).normal(0, 1, (256, 256, 3)).astype(np.float32)
    coarse = np.kron(noise[::2, ::2], np.ones((2, 2, 1), np.float32))
    grainy = flat(256, 256) + 0.02 * noise[..., :1] + 0.03 * coarse * np.array([0, 0.2, 1], np.float32)
    after = put(flat(256, 256), film_measure.measure(grainy)) - 0.5
    assert after.std(axis=(0, 1)) == pytest.approx((grainy - 0.5).std(axis=(0, 1)), rel=0.08)
    assert np.corrcoef(after.reshape(-1, 3).T) == pytest.approx(np.corrcoef((grainy - 0.5).reshape(-1, 3).T), abs=0.06)
    assert decibels(after[..., 2] - after[..., 0], grainy[..., 2] - grainy[..., 0], 32) < 1


@pytest.mark.skipif(not TEST.exists(), reason="the test photos are not beside this checkout")
@pytest.mark.parametrize("name", SMOOTH)
def test_the_grain_of_old_photos_is_made_again(name: str) -> None:
    with Pillow.open(TEST / "old_faded" / f"{name}.png") as file:
        photo = np.asarray(file.convert("RGB"), np.float32) / 255
    top, left = SMOOTH[name]
    piece = photo[top : top + SIDE, left : left + SIDE]
    before, grain = shadeless(piece), film_measure.measure(piece)
    base = (piece - before).astype(np.float32)
    made = [shadeless(put(base, grain, seed) - base) for seed in range(6)]
    real, power = spectrum(before @ LUMA, 32), np.mean([spectrum(one @ LUMA, 32) for one in made], axis=0)
    assert np.abs(10 * np.log10(power / real)).max() < 1
    share = np.arange(2, 17)  # rings have that many values
    assert power @ share == pytest.approx(real @ share, rel=0.1)  # the variance without light and shade


def shadeless(piece: np.ndarray) -> np.ndarray:
    """A piece (SIDE, SIDE, 3) less the surface of second degree that fits it best."""
    axis = np.linspace(-1, 1, SIDE)
    y, x = (one.ravel() for one in np.meshgrid(axis, axis, indexing="ij"))
    basis = np.linalg.qr(np.stack([np.ones_like(x), y, x, y * y, x * x, x * y], axis=1))[0]
    return (piece.reshape(-1, 3) - basis @ (basis.T @ piece.reshape(-1, 3))).reshape(piece.shape)


def test_texture_beside_smooth_places_is_not_taken_for_grain() -> None:
    photo = flat(256, 256)
    photo[:, 100:] += 0.15 * np.sin(np.arange(156) / 2)[None, :, None].astype(np.float32)
    photo[100:] += 0.1 * np.random.default_rng(0).standard_normal((156, 256, 1), np.float32)
    grainy = put(photo, film.plain(5 / 255, 1.5, 0))
    assert film.describe(film_measure.measure(grainy)).sigma * 255 == pytest.approx(5, rel=0.1)


def test_a_clean_photo_has_no_grain_and_a_tiny_one_tells_nothing() -> None:
    ramp = flat(128, 128) + np.linspace(-0.2, 0.2, 128, dtype=np.float32)[:, None, None]
    assert film_measure.measure(np.round(ramp * 255) / 255) == ()
    assert film_measure.measure(put(flat(31, 31), film.plain(0.05, 1, 0))) == ()


def test_a_margin_that_was_added_later_says_nothing() -> None:
    photo = flat(320, 320, 0.7)
    photo[32:288, 32:288] = put(flat(256, 256), film.plain(5 / 255, 1.5, 0))
    assert film.describe(film_measure.measure(photo)).sigma * 255 == pytest.approx(5, rel=0.1)


def test_there_is_as_much_grain_at_the_border_and_where_bands_meet() -> None:
    noise = np.stack([put(flat(300, 64), film.plain(0.04, 5, 0), seed)[..., 0] for seed in range(40)]) - 0.5
    rows = noise.std(axis=(0, 2))
    assert rows.min() > 0.85 * rows.mean() and rows.max() < 1.15 * rows.mean()
    step = np.abs(np.diff(noise, axis=1)).mean(axis=(0, 2))
    assert step.max() < 1.2 * step.mean()


def test_rows_do_not_depend_on_which_are_wanted() -> None:
    grain = film.plain(0.03, 2, 0.5)
    part = film.put(flat(500, 40), grain, slice(250, 270), 3, Progress())
    assert np.array_equal(part[250:270], put(flat(500, 40), grain, 3)[250:270])
    assert np.array_equal(part[:100], flat(500, 40)[:100])
