"""Samplers on nets with weights drawn at random: seeds, tiles, tori, and what must stay as it is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import devices, models, resources, samplers
from engine.errors import RestoreError
from engine.nets.generator import Generator
from engine.nets.imaginer import Imaginer
from engine.nets.patch_vae import PatchVAE
from engine.progress import Progress
from engine.training import ship
from engine.training.loop import Budget, Run
from engine.training.recipe import Recipe


@pytest.fixture(autouse=True)
def weights(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nets of few channels in place of the trained ones."""
    torch.manual_seed(0)
    nets = {"textures-gan": Generator((8, 8, 8, 8), classes=2), "patches-vae": PatchVAE(coarse=4, fine=4, width=8)}
    facts = {"materials": ["grass", "sky"]}
    monkeypatch.setattr(devices, "_choice", devices._Choice("cpu"))
    monkeypatch.setattr(samplers, "_net", lambda name, _own: (nets[name].eval(), "cpu", facts))
    return iter(())


def _texture(height: int, width: int, seed: int = 1, twist: int = 0, material: str = "sky") -> np.ndarray:
    return samplers.texture("textures-gan", (height, width), seed, twist, material)


def test_a_texture_is_what_its_seed_makes() -> None:
    one = _texture(50, 70)
    assert one.shape == (50, 70, 3) and one.dtype == np.float32 and one.min() >= 0 and one.max() <= 1
    assert np.array_equal(one, _texture(50, 70))
    assert not np.array_equal(one, _texture(50, 70, seed=2))
    assert not np.array_equal(one, _texture(50, 70, material="grass"))


def test_a_twist_stays_nearer_than_another_seed() -> None:
    one = _texture(96, 96)
    near, far = (np.abs(one - other).mean() for other in (_texture(96, 96, twist=1), _texture(96, 96, seed=2)))
    assert 0 < near < 0.8 * far


def test_tiles_of_a_texture_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _texture(16 * 32, 48)
    monkeypatch.setattr(samplers, "_TILE", 6)
    monkeypatch.setattr(samplers, "_COARSE_TILE", 9)
    assert np.abs(_texture(16 * 32, 48) - whole).max() < 1e-5


def test_a_texture_goes_on_at_its_other_side() -> None:
    """Moving all noise round the torus moves the picture round: there is no border in it."""
    generator = Generator((8, 8, 8, 8), classes=2)
    style = torch.randn(1, 64)
    noise = generator.latents(1, 4, 5, torch.Generator().manual_seed(0))
    moved = [torch.roll(one, one.shape[2] // 4, dims=2) for one in noise]
    with torch.no_grad():
        plain, rolled = (generator(style, fields, torch.tensor([[1.0, 0.0]])) for fields in (noise, moved))
    assert torch.allclose(torch.roll(plain, 16, dims=2), rolled, atol=1e-5)
    assert plain.std() > 0.001


def test_varying_by_nothing_changes_nothing_and_only_what_is_asked() -> None:
    image = np.random.default_rng(0).random((70, 90, 3)).astype(np.float32)
    everywhere = np.ones((70, 90), np.float32)
    assert np.abs(samplers.vary(image, everywhere, 0.0, 1)).max() < 1e-6
    assert np.abs(samplers.vary(image, everywhere, 1.0, 1)).max() > 1e-3
    left = everywhere * (np.arange(90) < 16)
    change = np.abs(samplers.vary(np.tile(image, (1, 4, 1)), np.pad(left, ((0, 0), (0, 270))), 1.0, 1))
    assert change[:, 300:].max() < 1e-6 < change[:, :16].max()


def test_large_patches_are_varied_and_blended_in_pieces_without_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    one, other = (random.random((70, 300, 3)).astype(np.float32) for _ in range(2))
    share = np.zeros((70, 300), np.float32)
    share[10:60, 80:220] = 1
    varied, (_, between, _) = samplers.vary(one, share, 1.0, 1), samplers.blend(one, other, 0.3)
    monkeypatch.setattr(samplers, "_SIDE", 64)
    assert np.abs(samplers.vary(one, share, 1.0, 1) - varied).max() < 0.02 * np.abs(varied).max()
    assert np.abs(samplers.blend(one, other, 0.3)[1] - between).max() < 1e-3
    said: list[float] = []
    samplers.vary(one, share, 1.0, 1, progress=Progress(said.append))
    assert said == sorted(said) and len(said) > 10 and said[-1] == 1


def test_imagining_gives_another_picture_for_each_seed_in_pieces_and_at_any_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = {"net": "imaginer.Imaginer", "config": {"widths": [8, 8, 8], "blocks": 1}, "multiple": 8, "overlap": 64}
    torch.manual_seed(0)
    fresh = models.Model(net, Imaginer((8, 8, 8), 1).state_dict(), precise=True)
    monkeypatch.setattr(models, "load", lambda _name, precise: fresh)
    image = np.random.default_rng(0).random((40, 171, 3)).astype(np.float32)
    hole = np.zeros((40, 171), bool)
    hole[18:22, 10:160] = True
    one, same, other = (samplers.imagine(image, hole, seed) for seed in (1, 1, 2))
    assert one.shape == image.shape and np.array_equal(one, same) and np.array_equal(one[~hole], image[~hole])
    assert np.abs(one - other)[hole].mean() > 1e-4
    monkeypatch.setattr(devices, "_TILE", {"cpu": 128})
    assert np.abs(samplers.imagine(image, hole, 1) - one).mean() < 0.01
    hole[2:38, 50:110] = True
    assert samplers.imagine(image, hole, 1).shape == image.shape
    assert samplers.imagine(np.full((1, 1, 3), 0.5, np.float32), np.zeros((1, 1), bool), 1).shape == (1, 1, 3)


def test_blending_begins_with_one_patch_and_ends_with_the_other() -> None:
    random = np.random.default_rng(0)
    one, other = (random.random((48, 40, 3)).astype(np.float32) for _ in range(2))
    seen, between, _ = samplers.blend(one, other, 0.0)
    assert np.abs(between - seen).max() < 1e-5
    _, between, seen_other = samplers.blend(one, other, 1.0)
    assert np.abs(between - seen_other).max() < 1e-5


def test_without_training_there_is_no_net_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOMEND_HOME", str(tmp_path))
    with pytest.raises(RestoreError, match="Train on my photos"):
        models.load_own("patches-vae")


def test_a_net_of_ones_own_is_found_where_it_was_shipped_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Small(Recipe):
        """Nothing but a net."""

        name = "patches-vae"
        net = "patch_vae.PatchVAE"
        config = {"coarse": 4, "fine": 4, "width": 8}  # noqa: RUF012
        facts = {"multiple": 16}  # noqa: RUF012

        def __init__(self) -> None: ...

        batch = loss = validate = score = None  # type: ignore[assignment]

        def optimizer(self, net: torch.nn.Module) -> torch.optim.Optimizer:
            return torch.optim.Adam(net.parameters())

    monkeypatch.setenv("PHOTOMEND_HOME", str(tmp_path))
    run = Run(Small(), tmp_path / "run", torch.device("cpu"), Budget(1))
    ship.write(run, {}, resources.own_weights())
    net, _, _ = models.load_own("patches-vae").net()
    assert torch.allclose(net.head.weight, run.average.head.weight, atol=1e-3)
