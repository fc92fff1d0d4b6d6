"""Grain that is made has the spectrum and the strength of the grain that was measured, synthetic and real."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from engine.filling import film, film_measure
from engine.image import LUMA
from engine.progress import Progress
from tests.benchmarks import graining
from tests.benchmarks.denoising import read

TEST = Path(__file__).resolve().parents[3] / "../shared/data/test"


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


@pytest.mark.parametrize("size", [0.5, 1.5, 4.0, 6.0, 8.0])
def test_known_grain_on_a_smooth_photo_is_measured_and_made_again(size: float) -> None:
    y, x = np.mgrid[:512, :512] / 512
    photo = np.stack([0.35 + 0.3 * x, 0.6 - 0.2 * y, 0.45 + 0.1 * x * y], axis=2).astype(np.float32)
    grainy = np.round(put(photo, film.plain(7 / 255, size, 0.3), seed=1) * 255) / 255  # as a file of 8 bits
    found = film_measure.measure(grainy)
    told = film.describe(found)
    assert told.sigma * 255 == pytest.approx(7, rel=0.07)
    assert told.size == pytest.approx(size, rel=0.04)
    assert told.colour == pytest.approx(0.3, abs=0.03)
    before, after = grainy - photo, put(photo, found, seed=2) - photo
    assert after.var() == pytest.approx(before.var(), rel=0.1)
    for axis in (LUMA, [1, -1, 0], [1, 1, -2]):
        assert decibels(after @ axis, before @ axis, 64) < (0.75 if size < 8 else 1.5)


def test_grain_as_different_in_the_channels_as_jpeg_makes_it_is_made_again() -> None:
    noise = np.random.default_rng(0).normal(0, 1, (256, 256, 3)).astype(np.float32)
    coarse = np.kron(noise[::2, ::2], np.ones((2, 2, 1), np.float32))
    grainy = flat(256, 256) + 0.02 * noise[..., :1] + 0.03 * coarse * np.array([0, 0.2, 1], np.float32)
    after = put(flat(256, 256), film_measure.measure(grainy)) - 0.5
    assert after.std(axis=(0, 1)) == pytest.approx((grainy - 0.5).std(axis=(0, 1)), rel=0.08)
    assert np.corrcoef(after.reshape(-1, 3).T) == pytest.approx(np.corrcoef((grainy - 0.5).reshape(-1, 3).T), abs=0.06)
    assert decibels(after[..., 2] - after[..., 0], grainy[..., 2] - grainy[..., 0], 32) < 1


def test_grain_that_is_strongest_in_shadows_is_made_again() -> None:
    photo = np.broadcast_to(np.linspace(0.15, 0.85, 512, dtype=np.float32)[None, :, None], (384, 512, 3))
    noise = np.random.default_rng(0).normal(0, 1, photo.shape).astype(np.float32)
    grainy = np.round((photo + (0.04 - 0.03 * photo) * noise) * 255) / 255
    after = put(photo, film_measure.measure(grainy)) - photo
    for part in np.array_split(np.arange(512), 6):
        assert after[:, part].std() == pytest.approx((grainy - photo)[:, part].std(), rel=0.1)


def test_waves_of_light_and_shade_are_not_taken_for_grain() -> None:
    waves = np.random.default_rng(0).normal(0, 1, (400, 400)).astype(np.float32)
    waves = ndimage.gaussian_filter(waves, 7, mode="wrap")
    waves *= np.linspace(-2, 2, 400).clip(0)  # as in a sky with clouds on one side
    photo = flat(400, 400) + (0.02 * waves / waves.std())[..., None].astype(np.float32)
    grainy = put(photo, film.plain(5 / 255, 1.5, 0.3), seed=1)
    before, after = grainy - photo, put(photo, film_measure.measure(grainy), seed=2) - photo
    assert after.var() == pytest.approx(before.var(), rel=0.1)
    assert decibels(after @ LUMA, before @ LUMA, 32) < 1


@pytest.mark.skipif(not TEST.exists(), reason="the test photos are not beside this checkout")
@pytest.mark.parametrize("name", ["f", "g"])
def test_the_grain_of_smooth_crops_of_old_photos_is_made_again(name: str) -> None:
    crops = graining.old_crops(read(TEST / "old_faded" / f"{name}.png"))
    assert len(crops) >= 6
    found = [graining.compare(crop, film_measure.measure(crop.seen)) for crop in crops]
    assert np.mean([np.abs(one.decibels).max() < 1 for one in found]) > 0.8
    assert np.median([one.variance for one in found]) == pytest.approx(1, abs=0.1)


@pytest.mark.skipif(not TEST.exists(), reason="the test photos are not beside this checkout")
def test_the_noise_of_a_camera_is_as_strong_again_on_the_whole_photo() -> None:
    noisy, clean = (read(TEST / "real_noise_nam" / name) for name in ("noisy/05_noise.png", "gt/05_gt.png"))
    before, after = noisy - clean, put(clean, film_measure.measure(noisy)) - clean
    for low in np.arange(0.1, 0.9, 0.1):
        part = (clean @ LUMA >= low) & (clean @ LUMA < low + 0.1)
        if part.sum() > 10_000:
            assert after[part].std() == pytest.approx(before[part].std(), rel=0.25)
    smooth = graining.camera_crops(noisy, clean)
    spectra = graining.pooled([graining.compare(crop, film_measure.measure(noisy)) for crop in smooth])
    assert np.abs(spectra.decibels).mean() < 1
    assert spectra.variance == pytest.approx(1, abs=0.1)


def test_texture_beside_smooth_places_is_not_taken_for_grain() -> None:
    photo = flat(256, 256)
    photo[:, 100:] += 0.15 * np.sin(np.arange(156) / 2)[None, :, None].astype(np.float32)
    photo[100:] += 0.1 * np.random.default_rng(0).standard_normal((156, 256, 1), np.float32)
    grainy = put(photo, film.plain(5 / 255, 1.5, 0))
    assert film.describe(film_measure.measure(grainy)).sigma * 255 == pytest.approx(5, rel=0.1)


def test_a_clean_photo_has_no_grain_and_a_tiny_one_tells_nothing() -> None:
    ramp = flat(128, 128) + np.linspace(-0.2, 0.2, 128, dtype=np.float32)[:, None, None]
    assert film_measure.measure(np.round(ramp * 255) / 255) == film.NONE
    assert film_measure.measure(put(flat(31, 31), film.plain(0.05, 1, 0))) == film.NONE


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
