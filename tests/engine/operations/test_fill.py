"""What filling must reach: continued texture and edges, exact membranes, untouched known pixels."""

import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy import ndimage

from engine.errors import Cancelled, RestoreError
from engine.filling import grain
from engine.image import Image, Mask, frozen
from engine.operation import Step, apply
from engine.operations.fill import Fill
from engine.progress import Progress
from engine.training.metrics import psnr_inside

PHOTOS = Path(__file__).resolve().parents[3] / "../shared/data/test/mcmaster18"
METHODS = ["fsr", "telea", "navier-stokes", "harmonic"]


def scratches(height: int, width: int, widths: range, count: int, seed: int = 0) -> Mask:
    random, mask = np.random.default_rng(seed), np.zeros((height, width), np.uint8)
    for _ in range(count):
        y, x, turn = random.uniform(0, height), random.uniform(0, width), random.uniform(0, np.pi)
        length = random.uniform(0.3, 0.8) * width
        ends = [(round(x + side * length * np.cos(turn)), round(y + side * length * np.sin(turn))) for side in (0, 1)]
        cv2.line(mask, *ends, 1, int(random.choice(widths)))
    return frozen(mask.astype(np.float32))


def fill(image: Image, mask: Mask, **values: object) -> Image:
    return apply(Step(Fill(**values), mask), image)  # type: ignore[arg-type]


def textured(height: int = 120, width: int = 140) -> Image:
    """Crossing waves, an edge and a shading: what scratches cross in photos."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    wave = 0.5 + 0.12 * np.sin(0.9 * x + 0.3 * y) + 0.1 * np.sin(0.5 * y - 0.2 * x)
    wave = wave + 0.2 * (x + 0.5 * y > 110) + 0.1 * y / height
    return frozen(np.stack([wave, 0.9 * wave, 0.8 * wave + 0.05], axis=2).astype(np.float32))


def test_frequencies_continue_texture_better_than_marching() -> None:
    image, mask = textured(), scratches(120, 140, range(1, 8), 8)
    scores = {method: psnr_inside(fill(image, mask, method=method), image, mask) for method in METHODS}
    assert scores["fsr"] > max(scores["telea"], scores["navier-stokes"]) + 3
    assert scores["fsr"] > scores["harmonic"] + 3
    assert scores["fsr"] > 28


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the shared photos are not on this machine")
def test_frequencies_beat_telea_on_real_photos() -> None:
    gains: list[float] = []
    for seed, path in enumerate(sorted(PHOTOS.iterdir())[::4]):
        photo = frozen(cv2.imread(str(path))[150:310, 150:310, ::-1].astype(np.float32) / 255)
        mask = scratches(*photo.shape[:2], range(1, 8), 5, seed)
        telea, fsr = (psnr_inside(fill(photo, mask, method=method), photo, mask) for method in ("telea", "fsr"))
        gains.append(fsr - telea)
    assert np.mean(gains) >= 1.5


def test_an_edge_that_crosses_the_scratch_goes_on() -> None:
    image = np.full((60, 80, 3), 0.2, np.float32)
    image[30:] = 0.8
    mask = np.zeros((60, 80), np.float32)
    mask[:, 38:42] = 1
    result = fill(frozen(image.copy()), frozen(mask))
    assert np.abs(result - image)[np.r_[5:27, 33:55]].max() < 0.06
    assert (result[29, 38:42] < 0.5).all() and (result[30, 38:42] > 0.5).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_ramp_is_filled_smoothly_in_16_bits(method: str) -> None:
    ramp = np.repeat(np.repeat(np.linspace(0.4, 0.42, 64, dtype=np.float32)[None, :, None], 48, 0), 3, 2)
    mask = np.zeros((48, 64), np.float32)
    mask[20:26, 28:33] = 1
    result = fill(frozen(ramp.copy()), frozen(mask), method=method)
    assert np.abs(result - ramp).max() < (1 / 255 if method == "telea" else 0.25 / 255)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dark", [1.0, 0.02])
def test_what_lies_under_the_mask_is_not_looked_at(method: str, dark: float) -> None:
    image, mask = textured() * np.float32(dark), scratches(120, 140, range(1, 5), 4)
    spoiled = image.copy()
    spoiled[mask > 0] = np.random.default_rng(0).random((int(mask.sum()), 3))
    result = fill(frozen(spoiled), mask, method=method)
    assert np.array_equal(result, fill(frozen(image.copy()), mask, method=method))
    assert result.max() <= image.max() * 1.6


def test_soft_pixels_are_unknown_too() -> None:
    image, mask = textured().copy(), np.zeros((120, 140), np.float32)
    mask[50:60, 50:60], mask[52:58, 52:58] = 0.01, 1
    image[50:60, 50:60] = 1
    result = fill(frozen(image), frozen(mask))
    assert result[53:57, 53:57].max() < 0.95


@pytest.mark.parametrize("method", METHODS)
def test_with_nothing_known_it_says_so(method: str) -> None:
    with pytest.raises(RestoreError, match="nothing to fill from"):
        fill(textured(), frozen(np.ones((120, 140), np.float32)), method=method)
    with pytest.raises(RestoreError, match="selection"):
        fill(textured(), frozen(np.zeros((120, 140), np.float32)), method=method)


@pytest.mark.parametrize("method", METHODS)
def test_one_known_pixel_is_enough(method: str) -> None:
    mask = np.ones((40, 50), np.float32)
    mask[3, 4] = 0
    result = fill(frozen(np.full((40, 50, 3), 0.3, np.float32)), frozen(mask), method=method)
    assert np.abs(result - 0.3).max() < 0.02


def test_harmonic_is_exact_on_a_large_ragged_hole() -> None:
    random = np.random.default_rng(0)
    field = cv2.GaussianBlur(random.random((260, 260)).astype(np.float32), (0, 0), 6)
    mask = frozen((field > np.median(field)).astype(np.float32))
    image = frozen(random.random((260, 260, 3)).astype(np.float32))
    result = fill(image, mask, method="harmonic").astype(np.float64)
    assert mask.sum() > 4000  # beyond what is factorised directly
    padded = np.pad(result, ((1, 1), (1, 1), (0, 0)), mode="edge")
    laplacian = padded[2:, 1:-1] + padded[:-2, 1:-1] + padded[1:-1, 2:] + padded[1:-1, :-2] - 4 * result
    assert np.abs(laplacian[mask > 0]).max() < 1e-5


def test_harmonic_stays_within_its_rim() -> None:
    image, mask = textured(), np.zeros((120, 140), np.float32)
    mask[20:100, 20:110] = 1
    result = fill(image, frozen(mask), method="harmonic")
    rim = (ndimage.binary_dilation(mask) & (mask == 0))[..., None]
    inside = result[mask > 0]
    assert (inside.max(axis=0) <= np.where(rim, image, 0).max(axis=(0, 1)) + 1e-4).all()
    assert (inside.min(axis=0) >= np.where(rim, image, 1).min(axis=(0, 1)) - 1e-4).all()


@pytest.mark.parametrize("coarseness", [0.0, 0.8])
def test_grain_is_like_that_of_the_surroundings(coarseness: float) -> None:
    random = np.random.default_rng(1)
    noise = random.standard_normal((120, 160, 3)).astype(np.float32)
    noise = ndimage.gaussian_filter(noise, (coarseness, coarseness, 0)) if coarseness else noise
    image = frozen(0.5 + noise * (0.03 / noise.std()))
    mask = np.zeros((120, 160), np.float32)
    mask[40:80, 60:100] = 1
    for share, low, high in ((0.0, 0.0, 0.4), (1.0, 0.85, 1.15)):
        rest = fill(image, frozen(mask), grain=share)
        rest = rest - ndimage.gaussian_filter(rest, (1.5, 1.5, 0))
        assert low <= rest[43:77, 63:97].std() / rest[:35].std() <= high


def test_another_seed_gives_other_grain_only() -> None:
    image = frozen(0.5 + 0.03 * np.random.default_rng(0).standard_normal((60, 60, 3)).astype(np.float32))
    mask = scratches(60, 60, range(3, 6), 3)
    one, two, same = (fill(image, mask, grain=1.0, seed=seed) for seed in (0, 1, 0))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, two)
    assert np.array_equal(fill(image, mask, seed=0), fill(image, mask, seed=1))


def test_grain_for_scattered_scratches_needs_little_memory_and_reports() -> None:
    random = np.random.default_rng(0)
    image = (0.5 + 0.03 * random.standard_normal((1500, 1200, 3), np.float32)).clip(0, 1)
    unknown = np.zeros((1500, 1200), bool)
    unknown[:, ::100] = True
    said: list[float] = []
    tracemalloc.start()
    noise = grain.match(image, unknown, 0, Progress(said.append))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert noise.shape == (unknown.sum(), 3)
    assert noise.std() == pytest.approx(0.03, rel=0.1)
    assert peak < 3 * image.nbytes
    assert len(said) > 15


def test_grain_has_no_seam_where_bands_of_it_meet() -> None:
    image = 0.5 + 0.03 * np.random.default_rng(0).standard_normal((400, 300, 3)).astype(np.float32)
    image = ndimage.gaussian_filter(image, (1.0, 1.0, 0))
    unknown = np.zeros((400, 300), bool)
    unknown[30:370, 60:240] = True
    noise = grain.match(image, unknown, 0, Progress()).reshape(340, 180, 3)
    step = np.abs(np.diff(noise, axis=0)).mean(axis=(1, 2))
    assert step[120:136].max() < 1.25 * np.median(step)  # rows 128 and on are made in the second band


def test_a_large_hole_can_be_cancelled_on_the_way() -> None:
    mask = np.zeros((120, 140), np.float32)
    mask[20:100, 30:110] = 1
    said: list[float] = []

    def cancel(fraction: float) -> None:
        said.append(fraction)
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        apply(Step(Fill(), frozen(mask)), textured(), Progress(cancel))
    assert len(said) > 3 and said[-1] < 0.7
