"""The learned denoiser reaches its target, cleans luma and colour apart, and keeps grain."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from engine.image import Image, frozen
from engine.operation import Step, apply
from engine.operations.denoise import Denoise
from engine.training import metrics

TEST = Path(__file__).resolve().parents[3] / "../shared/data/test"
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
needs_photos = pytest.mark.skipif(not TEST.exists(), reason="the test photos are not beside this checkout")


def _read(file: Path) -> Image:
    return frozen(np.asarray(Pillow.open(file).convert("RGB"), np.float32) / 255)


def _photos() -> list[Image]:
    return [_read(file) for file in sorted((TEST / "cbsd68").glob("*.png"))[:12:2]]


def _noisy(reference: Image, sigma: float) -> Image:
    return frozen(reference + np.random.default_rng(0).normal(0, sigma / 255, reference.shape).astype(np.float32))


@needs_photos
@pytest.mark.parametrize(("sigma", "gain"), [(15, 7.6), (25, 9.0), (50, 10.8)])
def test_gains_on_photos_clipped_as_files_are(sigma: int, gain: float) -> None:
    gains = []
    for reference in _photos():
        noisy = _noisy(reference, sigma)
        restored = apply(Step(Denoise(automatic=False, sigma=sigma)), noisy)
        gains.append(metrics.psnr(restored, reference) - metrics.psnr(noisy, reference))
    assert np.mean(gains) > gain


@needs_photos
def test_better_qualities_are_better() -> None:
    scores = []
    for reference in _photos()[:3]:
        noisy = _noisy(reference, 25)
        operations = [Denoise(automatic=False, sigma=25, quality=quality) for quality in ("fast", "standard", "best")]
        scores.append([metrics.psnr(apply(Step(operation), noisy), reference) for operation in operations])
    fast, standard, best = np.mean(scores, axis=0)
    assert standard > fast + 0.05
    assert best > standard + 0.05


def test_a_crop_that_begins_on_the_grid_gives_what_the_whole_gives() -> None:
    image = frozen(0.5 + np.random.default_rng(0).normal(0, 0.1, (420, 460, 3)))
    mask = np.zeros(image.shape[:2], np.float32)
    mask[200:230, 210:250] = 1
    for quality in ("fast", "standard", "best"):
        operation = Denoise(automatic=False, sigma=20, quality=quality)
        part, whole = apply(Step(operation, frozen(mask)), image), apply(Step(operation), image)
        assert np.abs(part - whole)[mask > 0].max() < 3 / 255  # bf16 rounds a little otherwise in another tile


@needs_photos
def test_measured_level_is_nearly_as_good_as_the_true_one() -> None:
    losses = []
    for reference in _photos():
        noisy = _noisy(reference, 25)
        told = apply(Step(Denoise(automatic=False, sigma=25)), noisy)
        measured = apply(Step(Denoise()), noisy)
        losses.append(metrics.psnr(told, reference) - metrics.psnr(measured, reference))
    assert np.mean(losses) < 0.2


@needs_photos
def test_gains_on_real_camera_noise() -> None:
    gains = []
    for file in sorted((TEST / "real_noise_nam" / "noisy").glob("*.png"))[::3]:
        noisy, reference = _read(file), _read(TEST / "real_noise_nam" / "gt" / file.name.replace("noise", "gt"))
        gains.append(metrics.psnr(apply(Step(Denoise()), noisy), reference) - metrics.psnr(noisy, reference))
    assert np.mean(gains) > 2
    assert min(gains) > 0


@needs_photos
def test_faint_noise_is_cleaned_and_clean_photos_are_left_alone() -> None:
    gains = []
    for reference in _photos()[:4]:
        noisy = _noisy(reference, 5)
        gains.append(metrics.psnr(apply(Step(Denoise()), noisy), reference) - metrics.psnr(noisy, reference))
        assert metrics.psnr(apply(Step(Denoise()), reference), reference) > 45
    assert np.mean(gains) > 2


def _flat_noise() -> Image:
    return frozen(0.5 + np.random.default_rng(0).normal(0, 0.08, (96, 128, 3)))


def _split(image: Image) -> tuple[float, float]:
    """Deviation of luma, and of what differs from it."""
    luma = image @ LUMA
    return float(luma.std()), float((image - luma[..., None]).std())


def test_luma_and_colour_are_cleaned_apart() -> None:
    noisy = _flat_noise()
    luma, colour = _split(noisy)
    only_colour = _split(apply(Step(Denoise(automatic=False, sigma=20, strength=0)), noisy))
    only_luma = _split(apply(Step(Denoise(automatic=False, sigma=20, colour=0)), noisy))
    assert only_colour[0] == pytest.approx(luma, rel=0.02) and only_colour[1] < 0.3 * colour
    assert only_luma[0] < 0.3 * luma and only_luma[1] == pytest.approx(colour, rel=0.02)


def test_kept_grain_is_luma_only_and_in_proportion() -> None:
    noisy = _flat_noise()
    clean, kept = (_split(apply(Step(Denoise(automatic=False, sigma=20, grain=grain)), noisy)) for grain in (0, 0.5))
    assert kept[0] == pytest.approx(0.5 * _split(noisy)[0], rel=0.2)
    assert kept[1] == pytest.approx(clean[1], rel=0.2)


def test_strength_and_colour_zero_give_the_input() -> None:
    noisy = _flat_noise()
    assert (apply(Step(Denoise(strength=0, colour=0)), noisy) == noisy).all()


def test_a_level_told_too_high_does_not_shift_the_brightness() -> None:
    """Nets without biases brighten what is less noisy than they are told."""
    image = frozen(0.5 + np.random.default_rng(0).normal(0, 0.01, (128, 128, 1)) + np.zeros(3))
    restored = apply(Step(Denoise(automatic=False, sigma=15)), image)
    assert np.abs((restored - image).mean(axis=(0, 1))).max() < 1.5 / 255


def test_noise_in_a_jpeg_is_told_as_coarser_and_none_is_not() -> None:
    image = _flat_noise()
    plain, jpeg = (Denoise().informed({"jpeg quality": one} if one else {}).settle(image) for one in (0, 80))
    assert jpeg.sigma == plain.sigma > 0 and jpeg.coarseness == pytest.approx(1.5 * plain.coarseness, rel=0.02)
    clean = frozen(np.full((64, 64, 3), 0.5, np.float32))
    settled = [Denoise(jpeg=one).settle(clean) for one in (0, 80)]
    assert settled[0].sigma == settled[1].sigma == 0 and settled[0].coarseness == settled[1].coarseness
