"""What the damage detector must find, and what it must leave alone."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.detectors.damage import Damage
from engine.image import Box, Image, Mask, frozen
from engine.progress import Progress

PHOTOS = Path(__file__).resolve().parents[3] / "../shared/data/test/cbsd68"


def scene(height: int = 200, width: int = 260) -> np.ndarray:
    """Shading, two soft shapes with edges, fine grain: nothing in it is damage."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    plane = 0.35 + 0.2 * x / width + 0.15 * ((y - 90) ** 2 + (x - 80) ** 2 < 50**2) - 0.15 * (x + y > 380)
    plane = cv2.GaussianBlur(plane.astype(np.float32), (0, 0), 1.0)
    image = np.stack([plane, 0.9 * plane, 0.8 * plane], axis=2)
    return (image + np.random.default_rng(0).normal(0, 0.008, image.shape)).astype(np.float32)


def damaged(value: float) -> tuple[Image, np.ndarray]:
    """The scene under scratches of 1-3 px, a hair and dust of this brightness, and where they are."""
    truth = np.zeros((200, 260), np.uint8)
    for thickness, (start, end) in enumerate([((20, 10), (60, 190)), ((130, 5), (120, 150)), ((240, 20), (160, 195))]):
        cv2.line(truth, start, end, 1, thickness + 1)
    cv2.ellipse(truth, (200, 60), (30, 18), 20, 0, 200, 1, 1)
    for y, x in np.random.default_rng(1).integers(10, 190, (12, 2)):
        cv2.circle(truth, (int(x), int(y)), 2, 1, -1)
    share = cv2.GaussianBlur(truth.astype(np.float32), (0, 0), 0.6)[..., None]
    return frozen(scene() * (1 - share) + value * share), truth


def find(image: Image, **values: object) -> Mask:
    return Damage(**values).detect(image, Progress())  # type: ignore[arg-type]


def near(mask: np.ndarray) -> np.ndarray:
    return cv2.dilate((mask > 0).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0


def precision_and_recall(found: Mask, truth: np.ndarray) -> tuple[float, float]:
    """Within 2 px."""
    return float(near(truth)[found > 0].mean()), float(near(found)[truth > 0].mean())


@pytest.mark.parametrize(("value", "polarity"), [(0.95, "light"), (0.02, "dark")])
def test_scratches_hairs_and_dust_are_found_by_default(value: float, polarity: str) -> None:
    image, truth = damaged(value)
    for choice in (polarity, "both"):
        precision, recall = precision_and_recall(find(image, polarity=choice), truth)
        assert precision > 0.9
        assert recall > 0.85


def test_polarity_chooses() -> None:
    image, truth = damaged(0.95)
    assert near(find(image, polarity="dark"))[truth > 0].mean() < 0.3


def test_nothing_is_found_where_there_is_nothing() -> None:
    assert (find(frozen(scene())) > 0).mean() < 0.002


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the shared photos are not on this machine")
def test_clean_photos_stay_nearly_clean() -> None:
    shares: list[float] = []
    for path in sorted(PHOTOS.iterdir())[::8]:
        photo = frozen(cv2.imread(str(path))[..., ::-1].astype(np.float32) / 255)
        shares.append(float((find(photo) > 0).mean()))
    assert np.mean(shares) < 0.005
    assert np.median(shares) < 0.004


def test_more_sensitive_finds_more() -> None:
    image, _truth = damaged(0.6)
    found = [find(image, sensitivity=sensitivity, grow=0) > 0 for sensitivity in (0.1, 0.5, 0.9)]
    assert not (found[0] & ~found[1]).any() and not (found[1] & ~found[2]).any()
    assert found[0].sum() < found[2].sum()


def test_wider_things_are_left_alone() -> None:
    image = scene()
    image[40:160, 100:125] = 0.95
    assert near(find(frozen(image), size=10))[60:140, 108:117].mean() < 0.05


def test_fainter_than_the_least_contrast_is_left_alone() -> None:
    image, truth = damaged(0.95)
    assert not find(image, contrast=0.5, polarity="dark").any()
    found = find(frozen(scene() + 0.08 * truth[..., None].astype(np.float32)), contrast=0.12)
    assert near(found)[truth > 0].mean() < 0.1


def test_grow_widens_the_mask() -> None:
    image, _truth = damaged(0.95)
    thin, wide = find(image, grow=0), find(image, grow=2)
    assert (wide[thin > 0] == 1).all()
    assert wide.sum() > 1.5 * thin.sum()


def test_a_scratch_across_tiles_is_found_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    image, truth = damaged(0.95)
    monkeypatch.setattr("engine.detectors.damage._TILE", 100)
    assert precision_and_recall(find(image), truth)[1] > 0.85


def test_a_part_with_its_context_is_judged_as_in_the_whole_photo() -> None:
    picture = np.full((400, 500, 3), 0.4, np.float32)
    picture += np.random.default_rng(0).normal(0, 0.01, picture.shape).astype(np.float32)
    picture[100:300, 250:253] = 0.9
    image, box, detector = frozen(picture), Box(150, 250, 200, 300), Damage()
    wide = box.grown(detector.context, image.shape)
    assert (wide.bottom - wide.top, wide.right - wide.left) < image.shape[:2]
    part = detector.detect(frozen(image[wide.slices]), Progress())
    inner = Box(box.top - wide.top, box.bottom - wide.top, box.left - wide.left, box.right - wide.left)
    whole = detector.detect(image, Progress())[box.slices]
    assert whole.any()
    assert (part[inner.slices] == whole).mean() > 0.99
