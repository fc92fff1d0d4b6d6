"""Removing streaks: damage goes, clean photos stay, later passes are better, and the mask says where."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from engine import models
from engine.detectors.streak_mask import StreakMask
from engine.image import Image, Mask, frozen
from engine.operation import Operation, Step, apply
from engine.operations.streaks import Streaks
from engine.progress import Progress
from engine.training import damage, metrics
from engine.training.recipes.streaks import held_scene

TEST = Path(__file__).resolve().parents[3] / "../shared/data/test"
pytestmark = pytest.mark.skipif(not models.is_shipped("streaks-lstm"), reason="its weights are not good enough yet")
needs_photos = pytest.mark.skipif(not TEST.exists(), reason="the test photos are not beside this checkout")


def _photos(count: int) -> list[Image]:
    found = sorted((TEST / "mcmaster18").glob("*.png"))[: 3 * count : 3]
    return [frozen(np.asarray(Pillow.open(file).convert("RGB"), np.float32)[:320, :320] / 255) for file in found]


def _damaged(photo: Image, seed: int) -> tuple[Image, Image, Mask]:
    """A scene of the simulator that training never saw: the photo damaged, undamaged, and where damage is seen."""
    film = damage.read_film(TEST.parent / "train" / "damage")
    layers = held_scene(film, photo.shape[0], 100 + seed)
    reference = torch.from_numpy(photo.copy()).permute(2, 0, 1)[None]
    reference = layers.decorate(reference, torch.Generator().manual_seed(seed))
    damaged = damage.apply(reference, layers)
    labels, counts = damage.visible(reference, damaged, layers)
    pictures = [frozen(one[0].permute(1, 2, 0).clamp(0, 1).numpy().copy()) for one in (damaged, reference)]
    return pictures[0], pictures[1], frozen((labels.any(1) & counts[:, 0])[0].float().numpy())


@needs_photos
def test_damage_goes_and_further_passes_do_no_harm() -> None:
    gains = []
    for seed, photo in enumerate(_photos(4)):
        damaged, reference, _ = _damaged(photo, seed)
        passes: list[Image] = []
        progress = Progress(keep=lambda offered, _by, passes=passes: passes.append(offered))
        passes.append(apply(Step(Streaks()), damaged, progress))
        gains.append([metrics.psnr(one, reference) - metrics.psnr(damaged, reference) for one in passes])
    mean = np.mean(gains, axis=0)
    assert mean[-1] > 2
    assert mean[-1] > mean[0] - 0.1


@needs_photos
def test_clean_photos_stay() -> None:
    assert np.mean([metrics.psnr(apply(Step(Streaks()), photo), photo) for photo in _photos(5)]) > 42


@needs_photos
def test_the_mask_covers_damage_and_little_else() -> None:
    hits, kept = [], []
    for seed, photo in enumerate(_photos(4)):
        damaged, _, mask = _damaged(photo, seed)
        found = StreakMask().detect(damaged, Progress()) > 0
        around = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        hits.append(found[mask > 0].mean())
        kept.append(found[~around].mean())
    assert np.mean(hits) > 0.3
    assert np.mean(kept) < 0.05


def test_a_more_sensitive_mask_holds_the_less_sensitive_one() -> None:
    image = np.full((64, 64, 3), 0.4) + np.random.default_rng(0).normal(0, 0.01, (64, 64, 3))
    image[:, 30:32] = 0.95
    image[20:22] = 0.55
    low, high = (StreakMask(sensitivity=one, grow=0).detect(frozen(image), Progress()) for one in (0.2, 0.9))
    assert (high >= low).all() and high.sum() > 0


def test_each_pass_is_offered_as_the_operation_with_so_many_passes() -> None:
    image = frozen(np.random.default_rng(0).random((40, 56, 3)))
    offers: list[tuple[Image, Operation]] = []
    apply(Step(Streaks(passes=3, amount=0.5)), image, Progress(keep=lambda *offer: offers.append(offer)))
    assert [by.passes for _, by in offers if isinstance(by, Streaks)] == [1, 2]
    for offered, by in offers:
        assert np.array_equal(offered, apply(Step(by), image))


@needs_photos
def test_the_mask_at_its_default_is_what_a_pass_changes() -> None:
    damaged, _, _ = _damaged(_photos(1)[0], 0)
    changed = (apply(Step(Streaks(passes=1)), damaged) != damaged).any(2)
    mask = StreakMask(passes=1, grow=0).detect(damaged, Progress()) > 0
    assert mask.sum() > 100
    assert (mask & changed).sum() > 0.9 * (mask | changed).sum()
    bolder = StreakMask(passes=1, grow=0, sensitivity=0.3).detect(damaged, Progress()) > 0
    assert (bolder & changed).sum() < 0.9 * (bolder | changed).sum()
