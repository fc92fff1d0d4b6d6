"""JPEG clean-up reaches its target, improves pass by pass, and knows the file's quality."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from engine import files
from engine.document import Document
from engine.image import Image, frozen
from engine.operation import Operation, Step, apply
from engine.operations.jpeg import Jpeg
from engine.progress import Progress
from engine.training import metrics

TEST = Path(__file__).resolve().parents[3] / "../shared/data/test"
needs_photos = pytest.mark.skipif(not TEST.exists(), reason="the test photos are not beside this checkout")


def _read(file: Path | io.BytesIO) -> Image:
    return frozen(np.asarray(Pillow.open(file).convert("RGB"), np.float32) / 255)


def _compressed(reference: Image, quality: int) -> Image:
    file = io.BytesIO()
    Pillow.fromarray(np.round(reference * 255).astype(np.uint8)).save(file, "jpeg", quality=quality)
    return _read(file)


def _references() -> list[Image]:
    return [_read(file) for file in sorted((TEST / "cbsd68").glob("*.png"))[:20:4]]


@needs_photos
@pytest.mark.parametrize(("quality", "gain"), [(10, 1.05), (20, 0.93), (30, 0.87)])
def test_gains_on_photos_and_each_pass_is_better(quality: int, gain: float) -> None:
    gains = []
    for reference in _references():
        image = _compressed(reference, quality)
        passes: list[Image] = []
        progress = Progress(keep=lambda offered, _by, passes=passes: passes.append(offered))
        passes.append(apply(Step(Jpeg(automatic=False, quality=quality, passes=6)), image, progress))
        gains.append([metrics.psnr(one, reference) - metrics.psnr(image, reference) for one in passes])
    mean = np.mean(gains, axis=0)
    assert len(mean) == 6 and mean[-1] > gain
    assert (np.diff(mean) > 0).all() and mean[5] > mean[1] + 0.02


@needs_photos
def test_not_knowing_the_quality_costs_little() -> None:
    losses = []
    for reference in _references()[:3]:
        image = _compressed(reference, 15)
        told, blind = (apply(Step(Jpeg(automatic=False, quality=quality)), image) for quality in (15, 0))
        losses.append(metrics.psnr(told, reference) - metrics.psnr(blind, reference))
    assert np.mean(losses) < 0.3


def test_the_quality_comes_from_the_tables_of_the_file(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3)).astype(np.uint8)
    Pillow.fromarray(pixels).save(tmp_path / "low.jpg", quality=23)
    photo = files.read(tmp_path / "low.jpg")
    step = Document(photo.image, facts=photo.metadata.facts()).then(Step(Jpeg())).steps[0]
    assert isinstance(step.operation, Jpeg)
    assert step.operation.quality == pytest.approx(23, abs=1) and not step.operation.automatic
    given = Document(photo.image, facts=photo.metadata.facts()).then(Step(Jpeg(automatic=False, quality=70))).steps[0]
    assert given.operation == Jpeg(automatic=False, quality=70)


def test_each_pass_is_offered_as_the_operation_with_so_many_passes() -> None:
    image = frozen(np.random.default_rng(0).random((40, 56, 3)))
    offers: list[tuple[Image, Operation]] = []
    apply(Step(Jpeg(passes=3)), image, Progress(keep=lambda *offer: offers.append(offer)))
    assert [by.passes for _, by in offers if isinstance(by, Jpeg)] == [1, 2]
    for offered, by in offers:
        assert np.array_equal(offered, apply(Step(by), image))


def test_passes_in_turned_views_are_seamless_over_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    image = frozen(np.random.default_rng(0).random((152, 200, 3)))
    whole = apply(Step(Jpeg(passes=4)), image)
    monkeypatch.setattr("engine.devices._SLOW_TILE", 128)
    assert np.abs(apply(Step(Jpeg(passes=4)), image) - whole).max() < 1e-2
