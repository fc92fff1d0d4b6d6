"""What filling must reach: continued texture and edges, grain and no step at the rim, untouched known pixels."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy import ndimage

from engine import files, models, params
from engine.errors import Cancelled, RestoreError
from engine.image import Image, Mask, frozen
from engine.operation import Step, apply
from engine.operations.fill import Fill
from engine.progress import Progress
from engine.training.metrics import psnr_inside
from tests.engine import corpus

PHOTOS = Path(__file__).resolve().parents[3] / "../shared/data/test/mcmaster18"
METHODS = list(next(one for one in params.describe(Fill) if one.name == "method").choices)
NET = "scratch-fill-u24"
needs_net = pytest.mark.skipif(not models.is_shipped(NET), reason="the weights of the net are not shipped")


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
    scores = {method: psnr_inside(fill(image, mask, method=method, regrain=0.0), image, mask) for method in METHODS}
    assert scores["fsr"] > max(scores["telea"], scores["navier-stokes"]) + 3
    assert scores["fsr"] > scores["harmonic"] + 3
    assert scores["fsr"] > 28


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the shared photos are not on this machine")
def test_frequencies_beat_telea_on_real_photos() -> None:
    gains: list[float] = []
    for seed, path in enumerate(sorted(PHOTOS.iterdir())[::4]):
        photo = frozen(cv2.imread(str(path))[150:310, 150:310, ::-1].astype(np.float32) / 255)
        mask = scratches(*photo.shape[:2], range(1, 8), 5, seed)
        results = [fill(photo, mask, method=method, regrain=0.0) for method in ("telea", "fsr")]
        telea, fsr = (psnr_inside(result, photo, mask) for result in results)
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
    most = {"telea": 1.0, "learned": 1.0, "auto": 1.0, "imagine": 0.5}  # nets, and what is drawn at random
    assert np.abs(result - ramp).max() < most.get(method, 0.25) / 255


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


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("coarseness", [0.0, 0.8])
def test_on_smooth_ground_the_fill_is_as_grainy_as_its_ring_and_has_no_seam(method: str, coarseness: float) -> None:
    pieces = 3 if method in ("exemplar", "imagine") else 1  # patches fit the rim now better, now worse
    grains, seams = np.mean([grain_and_seam(method, coarseness, seed) for seed in range(pieces)], axis=0)
    assert 0.8 <= grains <= 1.1
    assert 0.9 <= seams <= 1.2


def grain_and_seam(method: str, coarseness: float, seed: int) -> tuple[float, float]:
    """The variance of the grain in two holes by that around them, and the `seam_ratio`."""
    y, x = np.mgrid[:150, :190].astype(np.float32)
    ground = np.stack([0.4 + 0.2 * x / 190, 0.6 - 0.2 * y / 150, 0.5 + 0.1 * np.sin(x / 60)], axis=2)
    noise = np.random.default_rng(seed).standard_normal(ground.shape).astype(np.float32)
    noise = ndimage.gaussian_filter(noise, (coarseness, coarseness, 0)) if coarseness else noise
    image = frozen((ground + noise * (0.03 / noise.std())).astype(np.float32))
    hole = np.zeros((150, 190), np.uint8)
    cv2.circle(hole, (60, 70), 22, 1, -1)
    cv2.line(hole, (120, 10), (150, 140), 1, 5)
    rest = fill(image, frozen(hole.astype(np.float32)), method=method) - ground
    grain = rest - ndimage.gaussian_filter(rest, (1.5, 1.5, 0))
    ring = ndimage.binary_dilation(hole, iterations=24) & ~ndimage.binary_dilation(hole, iterations=3)
    return grain[hole > 0].var() / grain[ring].var(), seam_ratio(rest + ground, hole)


def seam_ratio(image: np.ndarray, hole: np.ndarray) -> float:
    """How much pixels change across the rim of the hole, divided by how much they do just outside."""
    across, outside, near = [], [], ndimage.binary_dilation(hole, iterations=8)
    for axis in (0, 1):
        change = np.abs(np.diff(image, axis=axis)).mean(axis=2)
        one, other = hole.take(range(hole.shape[axis] - 1), axis), hole.take(range(1, hole.shape[axis]), axis)
        across.append(change[one != other])
        outside.append(change[(one == 0) & (other == 0) & near.take(range(1, hole.shape[axis]), axis)])
    return float(np.concatenate(across).mean() / np.concatenate(outside).mean())


@pytest.mark.parametrize("method", ["fsr", "harmonic"])
def test_regrain_0_adds_no_grain_and_half_is_between(method: str) -> None:
    image = frozen(0.5 + 0.03 * np.random.default_rng(0).standard_normal((90, 90, 3)).astype(np.float32))
    mask = np.zeros((90, 90), np.float32)
    mask[25:65, 25:65] = 1
    none, half, full = (fill(image, frozen(mask), method=method, regrain=share) for share in (0.0, 0.5, 1.0))
    inside = [result[30:60, 30:60].std() for result in (none, half, full)]
    assert inside[0] + 0.005 < inside[1] < inside[2] - 0.005


def test_another_seed_gives_other_grain_only() -> None:
    image = frozen(0.5 + 0.03 * np.random.default_rng(0).standard_normal((60, 60, 3)).astype(np.float32))
    mask = scratches(60, 60, range(3, 6), 3)
    one, two, same = (fill(image, mask, seed=seed) for seed in (0, 1, 0))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, two)
    assert np.array_equal(*(fill(image, mask, regrain=0.0, seed=seed) for seed in (0, 1)))


@needs_net
def test_the_net_is_shown_little_around_scratches_and_leaves_wide_holes_to_patches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = frozen(np.tile(textured(100, 150), (6, 6, 1)))
    mask = np.zeros((600, 900), np.uint8)
    cv2.line(mask, (30, 40), (800, 560), 1, 3)
    narrow = frozen(mask.astype(np.float32))
    cv2.circle(mask, (700, 100), 30, 1, -1)
    shown: list[np.ndarray] = []
    net = models.load(NET)

    def ask(window: Image, unknown: Mask, **values: Progress) -> Image:
        shown.append(unknown)
        return net(window, unknown, **values)

    monkeypatch.setattr(models, "load", lambda _name: ask)
    result = fill(image, frozen(mask.astype(np.float32)), method="learned", regrain=0.0)
    assert sum(unknown.size for unknown in shown) < image.size / 3 / 2
    assert sum(unknown.sum() for unknown in shown) > 2000
    rest = (narrow > 0)[..., None]
    alone = fill(image, narrow, method="learned", regrain=0.0)
    assert np.abs(result - alone)[rest[..., 0]].max() < 1e-3
    wide = frozen((mask - narrow).clip(0, 1).astype(np.float32))
    assert np.abs(result - fill(frozen(alone.copy()), wide, method="exemplar"))[wide > 0].mean() < 0.02


@needs_net
def test_best_is_nearer_than_the_net_alone() -> None:
    scores: list[list[float]] = []
    for seed in range(6):
        image, mask = natural(seed), scratches(120, 140, range(1, 8), 5, seed)
        chosen = ({"quality": "fast"}, {"quality": "best"})
        scores.append([psnr_inside(fill(image, mask, regrain=0.0, **one), image, mask) for one in chosen])
    alone, best = np.mean(scores, axis=0)
    assert best > alone + 0.1


@needs_net
def test_scratches_that_leave_a_photo_of_any_size_are_filled_to_its_border() -> None:
    image, mask = natural(0), scratches(120, 140, range(1, 8), 5, 0)
    for rows in range(113, 121):  # the net's sides are multiples of 8
        photo, scratched = frozen(image[:rows].copy()), frozen(mask[:rows].copy())
        off = np.abs(fill(photo, scratched, method="learned", regrain=0.0) - photo)[-4:]
        assert off.max() < 0.1


def natural(seed: int) -> Image:
    """Smooth shapes with edges and some texture of all sizes, as photos have."""
    random = np.random.default_rng(seed)
    layers = [ndimage.gaussian_filter(random.standard_normal((120, 140)), width) for width in (1, 3, 9, 20)]
    plane = sum(layer / layer.std() * share for layer, share in zip(layers, (0.01, 0.03, 0.06, 0.1), strict=True))
    plane = 0.5 + plane + 0.15 * (layers[2] > 0)
    return frozen(np.stack([plane, 0.9 * plane, 0.8 * plane + 0.05], axis=2).astype(np.float32))


def test_automatic_takes_the_net_for_narrow_and_patches_for_wide_holes() -> None:
    image = frozen((textured(160, 220) + 0.02 * np.random.default_rng(0).standard_normal((160, 220, 3))).clip(0, 1))
    mask = np.zeros((160, 220), np.float32)
    mask[40:44, 30:200] = 1  # long, but narrow
    mask[90:130, 60:110] = 1
    masks = {"learned": mask.copy(), "exemplar": mask.copy()}
    masks["learned"][80:], masks["exemplar"][:80] = 0, 0
    result = fill(image, frozen(mask), regrain=0.0)
    narrow = fill(image, frozen(masks["learned"]), method="learned", regrain=0.0)
    assert np.abs(result - narrow)[40:44].max() < 1e-6
    alone = frozen(np.where(masks["learned"][..., None] > 0, narrow, image))
    both = [result, fill(alone, frozen(masks["exemplar"]), method="exemplar")]
    inside = [part[95:125, 65:105] for part in both]
    assert abs(inside[0].std() - inside[1].std()) < 0.02
    assert np.abs(inside[0] - fill(image, frozen(mask), method="fsr", regrain=0.0)[95:125, 65:105]).mean() > 0.01


KINDS = [(key, depth, grey) for key, one in files.FORMATS.items() for depth in one.depths for grey in {False, one.grey}]


@cache
def filled_once(method: str, image: bytes, mask: bytes) -> Image:
    """Of 32 x 36 px; several formats hold the same."""
    pixels = np.frombuffer(image, np.float32).reshape(32, 36, 3)
    return fill(frozen(pixels), frozen(np.frombuffer(mask, np.float32).reshape(32, 36)), method=method)


@pytest.mark.parametrize(("key", "depth", "grey"), KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_files_of_every_kind_keep_every_bit_outside_a_soft_mask(
    tmp_path: Path, method: str, key: str, depth: int, grey: bool
) -> None:
    """As they were read: of a lossy format after its losses, and written without any."""
    corpus.heic_or_skip(key)
    most = 2**depth - 1
    pixels = np.random.default_rng(0).integers(0, most + 1, (32, 36, 1 if grey else 3))
    image = frozen(np.broadcast_to(pixels, (32, 36, 3)).astype(np.float32) / np.float32(most))
    mask = np.zeros((32, 36), np.float32)
    mask[12:19, 14:21], mask[13:17, 15:20] = 0.4, 1
    soft, kind = frozen(np.round(mask * 255) / np.float32(255)), files.FORMATS[key]
    before = tmp_path / f"before{kind.suffixes[0]}"
    files.write(
        files.Photo(image, None, files.Metadata(key, depth, grey)), before, files.ExportSettings(key, depth, 100)
    )
    photo = files.read(before)
    after = tmp_path / f"after{kind.suffixes[0] if kind.lossless else '.png'}"
    filled = replace(photo, image=filled_once(method, photo.image.tobytes(), soft.tobytes()))
    files.write(filled, after, files.ExportSettings(files.format_of(after.suffix) or "", depth))
    again = files.read(after)
    assert photo.metadata.depth == again.metadata.depth == depth and photo.metadata.grey == again.metadata.grey
    assert np.array_equal(again.image[soft == 0], photo.image[soft == 0])
    if kind.lossless:
        assert again.metadata.grey == grey
        known = np.broadcast_to(pixels, (32, 36, 3))[soft == 0]
        assert np.array_equal(np.round(again.image[soft == 0] * most), known)
    assert (again.image[soft == 1] != photo.image[soft == 1]).any(axis=1).mean() > 0.9
