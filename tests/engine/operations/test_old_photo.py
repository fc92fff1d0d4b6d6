"""Old photos: told nothing it gains on camera noise and JPEG, and fading is undone and only that."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from scipy import ndimage

from engine import files
from engine.document import Document
from engine.image import Image, frozen
from engine.operation import Step, apply
from engine.operations.denoise import Denoise
from engine.operations.jpeg import Jpeg
from engine.operations.old_photo import OldPhoto
from engine.progress import Progress
from engine.training import metrics

TEST = Path(__file__).resolve().parents[3] / "../shared/data/test"
needs_photos = pytest.mark.skipif(not TEST.exists(), reason="the test photos are not beside this checkout")


def _read(file: Path | io.BytesIO) -> Image:
    return frozen(np.asarray(Pillow.open(file).convert("RGB"), np.float32) / 255)


def _gain(image: Image, reference: Image) -> float:
    return metrics.psnr(apply(Step(OldPhoto()), image), reference) - metrics.psnr(image, reference)


@needs_photos
def test_gains_on_real_camera_noise_and_is_never_worse() -> None:
    folder = TEST / "real_noise_nam"
    files = sorted((folder / "noisy").glob("*.png"))[::4]
    gains = [_gain(_read(file), _read(folder / "gt" / file.name.replace("noise", "gt"))) for file in files]
    assert np.mean(gains) > 2.5
    assert min(gains) > 0


@needs_photos
def test_gains_on_strong_jpeg_and_more_where_the_file_tells_its_quality(tmp_path: Path) -> None:
    gains: list[list[float]] = []
    for path in sorted((TEST / "cbsd68").glob("*.png"))[:20:4]:
        reference = _read(path)
        Pillow.fromarray(np.round(reference * 255).astype(np.uint8)).save(tmp_path / "a.jpg", "jpeg", quality=10)
        photo = files.read(tmp_path / "a.jpg")
        told = Document(photo.image, facts=photo.metadata.facts()).then(Step(OldPhoto())).render()
        before = metrics.psnr(photo.image, reference)
        gains.append([_gain(photo.image, reference), metrics.psnr(told, reference) - before])
    untold, told_mean = np.mean(gains, axis=0)
    assert 0.8 < untold < told_mean


@needs_photos
def test_gains_on_grain_that_was_saved_as_jpeg(tmp_path: Path) -> None:
    """More than the denoiser, which knows no JPEG, and than the deblocker, which knows no grain."""
    gains: list[list[float]] = []
    for number, path in enumerate(sorted((TEST / "cbsd68").glob("*.png"))[:24:8]):
        reference = _read(path)
        grain = np.random.default_rng(number).normal(0, 1, reference.shape)
        grain = ndimage.gaussian_filter(grain, (0.7, 0.7, 0))
        grainy = np.clip(reference + 15 / 255 * grain / grain.std(), 0, 1)
        Pillow.fromarray(np.round(grainy * 255).astype(np.uint8)).save(tmp_path / "a.jpg", "jpeg", quality=90)
        photo = files.read(tmp_path / "a.jpg")
        document = Document(photo.image, facts=photo.metadata.facts())
        cleaned = [document.then(Step(one)).render() for one in (OldPhoto(), Denoise(), Jpeg())]
        gains.append([metrics.psnr(one, reference) - metrics.psnr(photo.image, reference) for one in cleaned])
    own, denoised, deblocked = np.mean(gains, axis=0)
    assert own > max(denoised, deblocked) + 0.2


@needs_photos
def test_good_photos_stay_nearly_as_they_are() -> None:
    scores = [
        metrics.psnr(apply(Step(OldPhoto()), photo), photo)
        for photo in (_read(path) for path in sorted((TEST / "cbsd68").glob("*.png"))[:40:8])
    ]
    assert np.mean(scores) > 45 and min(scores) > 40


def test_pieces_of_a_huge_photo_meet_without_a_seam() -> None:
    """Where two pieces of a wide photo meet it comes out as if it were in the middle of a smaller one."""
    y, x = np.mgrid[:64, :3200].astype(np.float32)
    plane = 0.5 + 0.2 * np.sin(x / 23) * np.cos(y / 9) + np.random.default_rng(0).normal(0, 0.05, (64, 3200))
    image = frozen(np.repeat(plane[..., None], 3, axis=2))
    operation = OldPhoto(quality=75).settle(image)
    whole = operation.run(image, None, Progress())
    part = operation.run(frozen(image[:, 1344:1856]), None, Progress())  # cut at 1600
    assert np.abs(whole[:, 1536:1664] - image[:, 1536:1664]).mean() > 0.01
    assert np.abs(whole[:, 1536:1664] - part[:, 192:320]).max() < 0.01


def _faded() -> tuple[Image, Image]:
    """A picture that uses the whole range, and as the light has left it."""
    y, x = np.mgrid[:96, :128].astype(np.float32)
    fresh = np.stack((x / 127, y / 95, 0.5 + 0.5 * np.sin((x + y) / 17)), axis=2)
    low, high = np.array([0.2, 0.1, 0.05], np.float32), np.array([0.95, 0.8, 0.6], np.float32)
    return frozen(fresh), frozen(low + fresh * (high - low))


def test_fading_is_undone_as_far_as_is_wanted() -> None:
    fresh, faded = _faded()
    off = [np.abs(apply(Step(OldPhoto(amount=0, fading=share)), faded) - fresh).mean() for share in (0, 0.5, 1)]
    assert off[0] > 0.1
    assert off[1] == pytest.approx(off[0] / 2, rel=0.1)
    assert off[2] < 0.02


def test_fading_on_a_selection_is_that_of_the_whole_photo() -> None:
    _, faded = _faded()
    mask = np.zeros(faded.shape[:2], np.float32)
    mask[10:20, 10:20] = 1  # dark here: read alone it would be stretched much more
    operation = OldPhoto(amount=0, fading=1)
    part, whole = apply(Step(operation, frozen(mask)), faded), apply(Step(operation), faded)
    assert np.allclose(part[mask > 0], whole[mask > 0], atol=1e-3)


def test_amount_and_fading_zero_give_the_input() -> None:
    _, faded = _faded()
    assert (apply(Step(OldPhoto(amount=0)), faded) == faded).all()
