"""What the damage detector must find, and what it must leave alone, by shape and by its net."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from engine import models
from engine.detectors.damage import Damage
from engine.image import LUMA, Box, Image, Mask, frozen
from engine.progress import Progress
from engine.training import damage_scene as scenes
from engine.training.damage import Layers, apply

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
    """By shape, if not told otherwise."""
    return Damage(**{"method": "classical"} | values).detect(image, Progress())  # type: ignore[arg-type]


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
    monkeypatch.setattr("engine.finding.by_shape._TILE", 100)
    assert precision_and_recall(find(image), truth)[1] > 0.85


def test_a_part_with_its_context_is_judged_as_in_the_whole_photo() -> None:
    picture = np.full((400, 500, 3), 0.4, np.float32)
    picture += np.random.default_rng(0).normal(0, 0.01, picture.shape).astype(np.float32)
    picture[100:300, 250:253] = 0.9
    image, box, detector = frozen(picture), Box(150, 250, 200, 300), Damage(method="classical")
    wide = box.grown(detector.context, image.shape)
    assert (wide.bottom - wide.top, wide.right - wide.left) < image.shape[:2]
    part = detector.detect(frozen(image[wide.slices]), Progress())
    inner = Box(box.top - wide.top, box.bottom - wide.top, box.left - wide.left, box.right - wide.left)
    whole = detector.detect(image, Progress())[box.slices]
    assert whole.any()
    assert (part[inner.slices] == whole).mean() > 0.99


Kept = Callable[[np.ndarray], np.ndarray]


class _Known:
    """A stand-in for the net's model: it says of each pixel what it is told."""

    def __init__(self, probabilities: np.ndarray) -> None:
        self._probabilities = probabilities

    def probabilities(self, image: Image, progress: Progress, kept: Kept = np.asarray) -> np.ndarray:
        progress(1.0)
        return kept(self._probabilities)


LINE, SPOT, TEAR = (slice(10, 13), slice(10, 150)), (slice(50, 54), slice(40, 44)), (slice(80, 89), slice(0, 60))
FAINT = (slice(30, 32), slice(10, 150))
USUAL = 3.0  # the log-odds that the manifest tells


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Image:
    """A colour picture with a light line, a dark spot and a light tear that the net in place is sure of, and a faint
    line."""
    picture, told = np.full((120, 160, 3), 0.4, np.float32), np.full((120, 160, 3), 0.01, np.float32)
    picture[..., 0] += np.linspace(0, 0.15, 160, dtype=np.float32)
    picture[..., 2] += np.linspace(0, 0.15, 120, dtype=np.float32)[:, None]
    things = [(0, LINE, 0.9, 0.99), (1, SPOT, 0.1, 0.99), (2, TEAR, 0.9, 0.99), (0, FAINT, 0.5, 0.3)]
    for kind, part, value, chance in things:
        picture[part], told[(*part, kind)] = value, chance
    monkeypatch.setattr(models, "manifest", lambda: {"damage-u32": {"scores": {"usual": USUAL}}})
    monkeypatch.setattr(models, "load", lambda _name: _Known(told))
    return frozen(picture)


def learned(image: Image, **values: object) -> set[str]:
    """Which of the four things are found."""
    found = Damage(**values).detect(image, Progress())  # type: ignore[arg-type]
    parts = {"line": LINE, "spot": SPOT, "tear": TEAR, "faint": FAINT}
    return {name for name, part in parts.items() if found[part].mean() > 0.5}


def test_the_net_is_asked_by_default(known: Image) -> None:
    assert learned(known) == {"line", "spot", "tear"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"kinds": "lines"}, {"line"}),
        ({"kinds": "spots"}, {"spot"}),
        ({"kinds": "tears"}, {"tear"}),
        ({"polarity": "dark"}, {"spot"}),
        ({"polarity": "light"}, {"line", "tear"}),
        ({"size": 2}, {"tear"}),  # which has no largest width
        ({"sensitivity": 0.8}, {"line", "spot", "tear", "faint"}),
        ({"sensitivity": 0.0}, set()),
    ],
)
def test_parameters_choose_among_what_the_net_finds(
    known: Image, values: dict[str, object], expected: set[str]
) -> None:
    assert learned(known, **values) == expected


def test_tears_that_are_larger_than_the_net_sees_are_found_on_a_smaller_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    class Near(_Known):
        """Sure of what is light where the photo is small, of nothing where it is large."""

        def probabilities(self, image: Image, progress: Progress, kept: Kept = np.asarray) -> np.ndarray:
            progress(1.0)
            sure = (image[..., :1] > 0.8) & (min(image.shape[:2]) < 200)
            return kept(np.where(sure, np.array([0, 0, 0.99]), 0.01).astype(np.float32))

    picture = np.full((601, 703, 3), 0.4, np.float32)
    picture[:300, :200] = 0.9
    monkeypatch.setattr(models, "manifest", lambda: {"damage-u32": {"scores": {"usual": USUAL}}})
    monkeypatch.setattr(models, "load", lambda _name: Near(picture))
    found = Damage().detect(frozen(picture), Progress())
    assert found[:290, :190].all() and not found[310:].any() and not found[:, 210:].any()
    assert not Damage(kinds="lines").detect(frozen(picture), Progress()).any()


def test_what_is_all_torn_is_not_torn(known: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    told = np.full((120, 160, 3), 0.01, np.float32)
    told[(*LINE, 0)], told[30:, :, 2] = 0.99, 0.99
    monkeypatch.setattr(models, "load", lambda _name: _Known(told))
    assert learned(known) == {"line"}


def test_careful_takes_what_the_net_is_very_sure_of(known: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    assert learned(known, method="careful", sensitivity=1.0) == set()
    assert learned(known, method="careful", kinds="tears") == {"tear"}  # of which it does not become more careful
    told = np.full((120, 160, 3), 0.01, np.float32)
    told[(*LINE, 0)], told[(*SPOT, 1)], told[(*FAINT, 0)] = SURE, 1, 0.99
    monkeypatch.setattr(models, "load", lambda _name: _Known(told))
    assert learned(known, method="careful") == {"spot"}
    assert learned(known, method="careful", sensitivity=1.0) == {"line", "spot"}
    assert learned(known, method="careful", sensitivity=1.0, kinds="lines") == {"line"}
    assert learned(known, method="careful", sensitivity=1.0, kinds="spots") == {"spot"}


def test_careful_leaves_crowds_of_spots(known: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """As leaves before the sky are, or flowers in a meadow."""
    told = np.full((120, 160, 3), 0.01, np.float32)
    told[20, 30, 1] = told[60:120:5, 80:160:5, 1] = told[61:120:5, 80:160:5, 1] = 1
    monkeypatch.setattr(models, "load", lambda _name: _Known(told))
    found = Damage(method="careful").detect(known, Progress())
    assert found[20, 30] == 1 and not found[40:].any()
    everything = Damage(sensitivity=0.3).detect(known, Progress())
    assert everything[20, 30] == 1 and everything[60:120:5, 80:160:5].all()


SURE, USUALLY = 0.9999, 0.8  # chances found at low sensitivity, and only at a higher one


def _careful(told: np.ndarray, image: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """What the careful method, at a low sensitivity, makes of lines that the net tells (H, W, 3) of a photo."""
    monkeypatch.setattr(models, "manifest", lambda: {"damage-u32": {"scores": {"usual": USUAL}}})
    monkeypatch.setattr(models, "load", lambda _name: _Known(told))
    return Damage(method="careful", kinds="lines", sensitivity=0.3, grow=0).detect(frozen(image), Progress())


def _cracked(tint: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """A print with cracks that meet in a net, of which the shape knows nothing, and where they are."""
    light = np.random.default_rng(0).uniform(0.3, 0.5, (15, 20, 3)).astype(np.float32)
    coloured = cv2.resize(light, (160, 120))
    image = coloured if tint == (0, 0, 0) else (coloured @ LUMA)[..., None] * np.array(tint, np.float32)
    where = np.zeros((120, 160), bool)
    where[::12] = where[:, ::12] = True
    image[where] += 0.4
    return image, where


SEPIA, COLOUR = (1, 0.8, 0.6), (0, 0, 0)
DUST = (slice(5, None, 24), slice(6, None, 24), 1)  # specks of it


@pytest.mark.parametrize("tint", [SEPIA, COLOUR])
def test_careful_trusts_the_net_on_worn_prints(
    tint: tuple[float, float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines all over a photo may be what it shows, if there is no dust here and there as well."""
    image, where = _cracked(tint)
    told = np.full((120, 160, 3), 0.01, np.float32)
    told[where, 0], told[5:8, 6:9, 1] = SURE, SURE
    assert _careful(told, image, monkeypatch).mean() < 0.03
    told[DUST] = SURE
    assert (_careful(told, image, monkeypatch) == where).all()


def test_lines_in_one_place_are_no_wear(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ropes and fences are: of a print all parts are worn."""
    image, where = _cracked(SEPIA)
    told = np.full((120, 160, 3), 0.01, np.float32)
    where[50:] = where[:, 80:] = False
    told[where, 0], told[DUST] = SURE, SURE
    assert _careful(told, image, monkeypatch).mean() < 0.03


def test_a_print_is_not_worn_where_the_net_is_hardly_sure_or_lines_hardly_stand_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image, where = _cracked(SEPIA)
    told = np.full((120, 160, 3), 0.01, np.float32)
    told[where, 0], told[DUST] = USUALLY, SURE
    assert _careful(told, image, monkeypatch).mean() < 0.03
    told[where, 0] = SURE
    image = image.copy()
    image[where] -= 0.39
    assert _careful(told, image, monkeypatch).mean() < 0.03


def test_careful_is_bold_on_worn_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    image, where = _cracked(SEPIA)
    told = np.full((120, 160, 3), 0.01, np.float32)
    told[where, 0], told[DUST] = SURE, SURE
    told[66, 30:40, 0] = 0.98  # which it is not sure of at all
    found = _careful(told, image, monkeypatch)
    assert (found[66, 30:40] == 1).all() and (found[where] == 1).all()


def test_grow_widens_what_the_net_finds(known: Image) -> None:
    thin, wide = (Damage(grow=grow).detect(known, Progress()) for grow in (0, 2))
    assert thin[LINE].all() and thin[14, 80] == 0 and wide[14, 80] == 1


def test_without_the_weights_the_shape_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    image, _truth = damaged(0.95)
    by_shape = Damage(method="classical").detect(image, Progress())
    monkeypatch.setattr(models, "manifest", lambda: {})
    for method in ("learned", "careful"):
        assert by_shape.any() and (Damage(method=method).detect(image, Progress()) == by_shape).all()


class TestNet:
    """What the net reaches; only its own weights can tell."""

    @pytest.mark.parametrize("value", [0.95, 0.02])
    def test_thin_scratches_hairs_and_dust_are_found(self, value: float) -> None:
        """Bars that are even and wide may be things: wires, poles."""
        image, truth = damaged(value)
        bars = cv2.morphologyEx(truth.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        thin = (truth > 0) & (cv2.dilate(bars, np.ones((5, 5), np.uint8)) == 0)
        found = Damage(sensitivity=0.6).detect(image, Progress())
        precision, _ = precision_and_recall(found, truth)
        assert precision > 0.85 and found[thin].mean() > 0.7

    def test_on_a_large_scan_as_much_is_found(self) -> None:
        """Its scratches are many px wide, more than the net has seen, and more than the largest width of the scan."""
        planes = torch.from_numpy(np.stack([scenes.scene({}, 256, seed, torn=0) for seed in (1, 2)]))
        planes[:, 8] = 0  # no decoys
        picture = torch.from_numpy(scene(256, 256)).permute(2, 0, 1)
        detector = Damage(sensitivity=0.6, size=6, kinds="lines")
        for layers in planes:
            image = apply(picture[None], Layers(layers[None]))[0].permute(1, 2, 0).contiguous().numpy().clip(0, 1)
            found = detector.detect(frozen(image), Progress())
            large = cv2.resize(image, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC).clip(0, 1)
            again = cv2.resize(detector.detect(frozen(large), Progress()), (256, 256), interpolation=cv2.INTER_AREA)
            core = cv2.erode(found, np.ones((2, 2))) > 0  # on the large one the rim is thinner
            assert core.mean() > 0.02
            assert (again > 0.5)[core].mean() > 0.7 and near(found)[again > 0.5].mean() > 0.8

    @pytest.mark.skipif(not PHOTOS.is_dir(), reason="the shared photos are not on this machine")
    def test_hardly_anything_is_found_on_clean_photos(self) -> None:
        shares = [
            (Damage(grow=0).detect(frozen(cv2.imread(str(path))[..., ::-1] / np.float32(255)), Progress()) > 0).mean()
            for path in sorted(PHOTOS.iterdir())[::8]
        ]
        assert np.mean(shares) < 0.003

    def test_nothing_is_found_where_there_is_nothing(self) -> None:
        assert (Damage().detect(frozen(scene()), Progress()) > 0).mean() < 0.002

    @pytest.mark.skipif(not PHOTOS.is_dir(), reason="the shared photos are not on this machine")
    def test_careful_leaves_clean_photos_alone(self) -> None:
        shares: list[float] = []
        for path in sorted(PHOTOS.iterdir())[::14]:
            photo = frozen(cv2.imread(str(path))[..., ::-1].astype(np.float32) / 255)
            shares.append(float((Damage(method="careful", sensitivity=0.3).detect(photo, Progress()) > 0).mean()))
        assert np.mean(shares) < 0.0005 and max(shares) < 0.001

    @pytest.mark.skipif(not PHOTOS.is_dir(), reason="the shared photos are not on this machine")
    def test_torn_pieces_are_found(self) -> None:
        """Corners and edges that are gone, wedges from the border: some are paper before paper, most can be seen."""
        found, gone = 0.0, 0.0
        false: list[float] = []
        for number, path in enumerate(sorted(PHOTOS.iterdir())[::4]):
            photo = torch.from_numpy(cv2.imread(str(path))[:256, :256, ::-1] / np.float32(255)).permute(2, 0, 1)[None]
            layers = Layers(torch.from_numpy(scenes.scene({}, 256, 9_000_000 + number, torn=1.0))[None])
            torn = layers.labels[0, 2, :, : photo.shape[3]].numpy() > 0.5
            picture = (
                apply(photo, Layers(layers.planes[..., : photo.shape[3]]))[0].permute(1, 2, 0).contiguous().numpy()
            )
            mask = Damage(kinds="tears", grow=0).detect(frozen(picture), Progress()) > 0
            found, gone = found + float(mask[torn].sum()), gone + float(torn.sum())
            false.append(float(mask[~near(torn)].sum()))
        assert found > 0.4 * gone > 1000
        assert sum(false) < 0.3 * found and sum(one > 20 for one in false) <= 1  # white sky at a border
