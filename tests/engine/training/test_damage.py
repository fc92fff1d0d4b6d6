"""The damage simulator: seeded scenes within their budget, labels that are true, decoys that are not labelled."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from engine.training import damage, decoys
from engine.training.damage import Bank, Layers, read_film
from engine.training.damage_coats import STAIN
from engine.training.damage_film import split
from engine.training.damage_scene import MOST, scene

ROOT = Path(__file__).resolve().parents[3]
RENDERED = ROOT.parent / "shared" / "data" / "train" / "damage"
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def scenes() -> np.ndarray:
    """A hundred scenes without rendered film. uint8 (100, 10, 128, 128)"""
    return np.stack([scene({}, 128, seed) for seed in range(100)])


def _reference(count: int, size: int, seed: int = 0) -> torch.Tensor:
    low = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(low, (size, size), mode="bicubic").clamp(0.1, 0.9)


def test_scenes_are_seeded_and_vary() -> None:
    assert np.array_equal(scene({}, 96, 5), scene({}, 96, 5))
    assert not np.array_equal(scene({}, 96, 5)[:8], scene({}, 96, 6)[:8])


def test_damage_covers_as_much_as_in_old_photos(scenes: np.ndarray) -> None:
    covered = (scenes[:, 4:7].max(1) > 64).mean((1, 2))
    assert 0.02 < covered.mean() < 0.05
    assert covered.max() <= MOST
    assert 0.05 < (covered == 0).mean() < 0.3


def test_lines_spots_and_tears_are_all_there(scenes: np.ndarray) -> None:
    shares = (scenes[:, 4:7] > 64).any((2, 3)).mean(0)
    assert shares[0] > 0.5 and shares[1] > 0.3 and shares[2] > 0.02


def test_amount_zero_leaves_only_decoys() -> None:
    planes = np.stack([scene({}, 64, seed, 0.0) for seed in range(8)])
    assert not planes[:, :8].any() and planes[:, 8].any()


def test_damage_is_painted_where_it_is_labelled_and_nowhere_else(scenes: np.ndarray) -> None:
    layers = Layers(torch.from_numpy(scenes))
    assert (layers.opacity >= layers.labels.amax(1, keepdim=True) - 0.02).all()
    reference = _reference(100, 128)
    damaged = damage.apply(reference, layers)
    untouched = (layers.opacity == 0).expand_as(damaged)
    assert torch.equal(damaged[untouched], reference[untouched])
    assert damaged.min() >= 0 and damaged.max() <= 1.001


def test_stains_are_faint_and_not_for_filling(scenes: np.ndarray) -> None:
    stains = scenes[:, 4 + STAIN]
    assert stains.any() and stains.max() < 128


def test_damage_on_grey_photos_is_grey(scenes: np.ndarray) -> None:
    grey = _reference(100, 128)[:, :1].expand(-1, 3, -1, -1)
    layers = Layers(torch.from_numpy(scenes))
    reference = layers.decorate(grey, torch.Generator().manual_seed(0))
    damaged = damage.apply(reference, layers)
    assert not torch.equal(damaged, grey)
    assert (damaged - damaged[:, :1]).abs().max() < 1e-6


def test_decoys_change_the_reference_and_not_the_labels(scenes: np.ndarray) -> None:
    layers = Layers(torch.from_numpy(scenes).clone())
    layers.planes[:, :8] = 0
    reference = _reference(100, 128)
    decorated = layers.decorate(reference, torch.Generator().manual_seed(0))
    labels, counts = damage.visible(decorated, damage.apply(decorated, layers), layers)
    assert ((decorated - reference).abs().amax(1) > 0.1).float().mean() > 0.005
    assert not labels.any() and counts.all()


def test_stripes_and_chains_change_nothing_of_the_damage(scenes: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoys, "ROWS", (lambda size, _rng: [(np.zeros((size, size), np.uint8), 0)],))
    without = np.stack([scene({}, 128, seed) for seed in range(100)])
    assert np.array_equal(without[:, :8], scenes[:, :8])
    more = (scenes[:, 8].astype(int) - without[:, 8]).max((1, 2)) > 100
    assert 0.15 < more.mean() < 0.45


@pytest.mark.parametrize("row", decoys.ROWS)
def test_stripes_and_chains_are_thin_and_differ(
    row: Callable[[int, np.random.Generator], list[decoys.Strokes]],
) -> None:
    drawn = [row(128, np.random.default_rng(seed))[0][0] for seed in range(40)]
    share = np.array([(mask > 64).mean() for mask in drawn])
    assert 0.01 < share.mean() < 0.3 and share.max() < 0.6
    assert len({mask.tobytes() for mask in drawn if mask.any()}) > 25


def test_damage_that_cannot_be_seen_does_not_count() -> None:
    planes = torch.zeros(1, 10, 32, 32, dtype=torch.uint8)
    planes[:, :5, 10:13] = 255  # a white line of opacity 1
    layers = Layers(planes)
    for level, seen in ((1.0, False), (0.3, True)):
        reference = torch.full((1, 3, 32, 32), level)
        labels, counts = damage.visible(reference, damage.apply(reference, layers), layers)
        assert labels[0, 0, 10:13].all() and not labels[0, 1:].any()
        assert bool(counts[0, 0, 11].all()) is seen
        assert counts[0, 0, 20:].all()


def test_bank_depends_on_seed_and_generator_state_only() -> None:
    """Not on the batches drawn before: a resumed run gets the same numbers."""
    generator = torch.Generator().manual_seed(1)
    used, new = Bank({}, 3, 96, CPU, fresh=0.5), Bank({}, 3, 96, CPU, fresh=0.5)
    for _ in range(3):
        used.batch(2, 64, generator)
    state = generator.get_state()
    first = used.batch(4, 64, generator).planes
    generator.set_state(state)
    again = new.batch(4, 64, generator).planes
    assert first.shape == (4, 10, 64, 64) and torch.equal(first, again)
    assert not torch.equal(first, new.batch(4, 64, generator).planes)


def test_scenes_made_on_all_cores_are_the_same_ones() -> None:
    film = {"scratch": [np.full((40, 4), 200, np.uint8)]}
    made = damage.made_on_all_cores(film, 64, range(3, 9), torn=0.5)
    assert all(
        np.array_equal(one, scene(film, 64, seed, torn=0.5)) for one, seed in zip(made, range(3, 9), strict=True)
    )


def test_rendered_film_is_read_and_pasted(tmp_path: Path) -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[18:22] = 200
    Pillow.fromarray(mask).save(tmp_path / "scratch-001.png")
    Pillow.fromarray(mask).save(tmp_path / "other-001.png")
    film = read_film(tmp_path)
    assert list(film) == ["scratch"] and np.array_equal(film["scratch"][0], mask)
    with_film = [scene(film, 64, seed) for seed in range(12)]
    assert any(not np.array_equal(a, scene({}, 64, seed)) for seed, a in enumerate(with_film))


@pytest.mark.skipif(not RENDERED.exists(), reason="the rendered film damage is not beside this checkout")
def test_every_kind_of_rendered_film_is_known() -> None:
    kinds = {path.stem.split("-")[0] for path in RENDERED.glob("*.png")}
    assert set(read_film(RENDERED)) == kinds


def test_held_film_is_kept_apart() -> None:
    masks = [np.full((4, 4), i, np.uint8) for i in range(25)]
    learned, held = split({"hair": masks, "lint": masks[:3]})
    assert [int(mask[0, 0]) for mask in held["hair"]] == [9, 19] and len(learned["hair"]) == 23
    assert "lint" not in held and len(learned["lint"]) == 3


def test_examples_repeat_and_their_labels_are_where_the_photo_changed() -> None:
    photos = [_reference(1, 96, seed)[0].mul(255).to(torch.uint8) for seed in range(2)]
    first, again = (list(damage.examples(photos, {}, 6, 64, 3)) for _ in range(2))
    assert all(torch.equal(a, b) for one, two in zip(first, again, strict=True) for a, b in zip(one, two, strict=True))
    for one in first:
        changed = (one.damaged - one.reference).abs().amax(0)
        judged = one.labels.amax(0) & one.counts[0]
        assert not judged.any() or changed[judged].mean() > 0.1
    with pytest.raises(ValueError, match="100 px"):
        next(damage.examples(photos, {}, 1, 100, 0))


def test_command_writes_triplets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").mkdir()
    pixels = _reference(1, 96)[0].permute(1, 2, 0).mul(255).to(torch.uint8).numpy()
    Pillow.fromarray(pixels).save(tmp_path / "photos" / "a.png")
    words = ["damage", str(tmp_path / "out"), "--photos", str(tmp_path / "photos"), "--film", str(tmp_path / "none")]
    monkeypatch.setattr(sys, "argv", [*words, "--count", "2", "--size", "64"])
    damage.main()
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"{n:03d}-{what}.png" for n in (0, 1) for what in ("damaged", "label", "reference")]
