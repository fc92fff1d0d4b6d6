"""Samplers on nets with weights drawn at random: seeds, tiles, tori, and what must stay as it is."""

from collections.abc import Callable, Iterator
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
    monkeypatch.setattr(devices, "_threads", lambda: 1)  # quicker for nets of so few channels
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


def test_less_variety_makes_samples_more_alike_and_without_any_only_the_noise_differs() -> None:
    def colours(variety: float) -> np.ndarray:
        seeds = range(12)
        made = [samplers.texture("textures-gan", (32, 32), seed, material="grass", variety=variety) for seed in seeds]
        return np.stack([one.mean(axis=(0, 1)) for one in made])

    spread = [colours(variety).std(axis=0).mean() for variety in (0.0, 0.5, 1.0)]
    assert spread[0] < spread[1] < spread[2]
    assert spread[0] > 0


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
    varied, near, far = (samplers.vary(image, everywhere, 1.0, *more) for more in ((1,), (1, 1), (2,)))
    assert np.abs(varied).max() > 1e-3
    assert 0 < np.abs(varied - near).mean() < 0.8 * np.abs(varied - far).mean()
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
    moved = samplers.blend(one, other, 0.3, False, None, 1.0, 1)[1]
    monkeypatch.setattr(samplers, "_SIDE", 4096)
    assert np.abs(samplers.blend(one, other, 0.3, False, None, 1.0, 1)[1] - moved).max() < 1e-3
    monkeypatch.setattr(samplers, "_SIDE", 64)
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
    own = models.Model(net, Imaginer((8, 8, 8), 1).state_dict(), precise=True)
    monkeypatch.setattr(models, "load_own", lambda _name: own)
    assert np.abs(samplers.imagine(image, hole, 1, own=True) - samplers.imagine(image, hole, 1)).max() > 1e-4
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


def test_a_selection_smaller_than_a_cell_varies_as_much_as_the_whole_cell() -> None:
    image = np.random.default_rng(0).random((70, 90, 3)).astype(np.float32)
    cell, small = (np.zeros((70, 90), np.float32) for _ in range(2))
    cell[32:48, 48:64] = 1
    small[34:40, 52:58] = 1
    changes = [samplers.vary(image, share, 1.0, 1)[small > 0] for share in (cell, small)]
    assert np.abs(changes[0]).max() > 1e-3 and np.array_equal(*changes)


def test_blends_differ_by_seed_in_the_middle_and_not_at_the_ends() -> None:
    random = np.random.default_rng(0)
    one, other = (random.random((48, 40, 3)).astype(np.float32) for _ in range(2))

    def between(share: float, variety: float, seed: int, twist: int = 0) -> np.ndarray:
        return samplers.blend(one, other, share, False, None, variety, seed, twist)[1]

    plain, first, second, near = (between(0.5, *more) for more in ((0.0, 1), (1.0, 1), (1.0, 2), (1.0, 1, 1)))
    assert np.array_equal(first, between(0.5, 1.0, 1)) and np.array_equal(plain, between(0.5, 0.0, 2))
    assert np.abs(first - plain).max() > 1e-3 and np.abs(first - second).max() > 1e-3
    assert 0 < np.abs(first - near).mean() < 0.8 * np.abs(first - second).mean()
    for share in (0.0, 1.0):
        assert np.array_equal(between(share, 1.0, 1), between(share, 0.0, 1))


def test_without_training_there_is_no_net_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOMEND_HOME", str(tmp_path))
    with pytest.raises(RestoreError, match="Train on my photos"):
        models.load_own("patches-vae")


class _Small(Recipe):
    """Nothing but a net."""

    name = "patches-vae"
    net = "patch_vae.PatchVAE"
    config = {"coarse": 4, "fine": 4, "width": 8}  # noqa: RUF012
    facts = {"multiple": 16}  # noqa: RUF012

    def __init__(self) -> None: ...

    batch = loss = validate = score = None  # type: ignore[assignment]

    def optimizer(self, net: torch.nn.Module) -> torch.optim.Optimizer:
        return torch.optim.Adam(net.parameters())


def test_a_net_of_ones_own_is_found_where_it_was_shipped_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTOMEND_HOME", str(tmp_path))
    run = Run(_Small(), tmp_path / "run", torch.device("cpu"), Budget(1))
    ship.write(run, {}, resources.own_weights())
    net, _, _ = models.load_own("patches-vae").net()
    assert torch.allclose(net.head.weight, run.average.head.weight, atol=1e-3)


def test_a_net_of_ones_own_that_is_another_by_now_or_damaged_has_to_be_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PHOTOMEND_HOME", str(tmp_path))
    ship.write(Run(_Small(), tmp_path / "run", torch.device("cpu"), Budget(1)), {}, resources.own_weights())
    manifest, weights = (resources.own_weights() / name for name in ("manifest.toml", "patches-vae.safetensors"))
    text = manifest.read_text(encoding="utf-8")
    for old, new in (("width = 8", "width = 12"), ("width = 8", "breadth = 8"), ("multiple = 16", "")):
        models._load_own.cache_clear()
        manifest.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(RestoreError, match=r"^Train on my photos again: .*another version"):
            models.load_own("patches-vae")
    manifest.write_text(text, encoding="utf-8")
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    with pytest.raises(RestoreError, match=r"^Train on my photos again: .*damaged"):
        models.load_own("patches-vae")
    weights.unlink()
    with pytest.raises(RestoreError, match=r"^Train on my photos again: .*cannot be read"):
        models.load_own("patches-vae")
    models._load_own.cache_clear()


def test_weights_that_are_no_finite_numbers_are_not_written(tmp_path: Path) -> None:
    run = Run(_Small(), tmp_path / "run", torch.device("cpu"), Budget(1))
    for wrong in (float("nan"), 1e6):  # which fp16 cannot hold
        with torch.no_grad():
            run.average.head.weight[0, 0, 0, 0] = wrong
        with pytest.raises(RestoreError, match="training diverged"):
            ship.write(run, {}, tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


Make = Callable[[], np.ndarray]


def _makers() -> dict[str, Make]:
    random = np.random.default_rng(0)
    one, other = (random.random((200, 420, 3)).astype(np.float32) for _ in range(2))
    share = np.ones((200, 420), np.float32)
    return {
        "texture": lambda: _texture(200, 420),
        "vary": lambda: samplers.vary(one, share, 1.0, 1),
        "blend": lambda: samplers.blend(one, other, 0.3)[1],
    }


def _allow(monkeypatch: pytest.MonkeyPatch, fits: Callable[[int], bool]) -> list[int]:
    """From now on convolutions of more px than `fits` find no memory; the sizes of those that do not."""
    refused: list[int] = []
    convolve = torch.nn.Conv2d.forward

    def forward(layer: torch.nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
        if not fits(x.shape[2] * x.shape[3]):
            refused.append(x.shape[2] * x.shape[3])
            raise torch.OutOfMemoryError("out of memory")
        return convolve(layer, x)

    monkeypatch.setattr(torch.nn.Conv2d, "forward", forward)
    return refused


@pytest.mark.parametrize("name", ["texture", "vary", "blend"])
def test_where_memory_runs_out_pieces_are_smaller_and_the_result_the_same(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _makers()[name]()
    whole: list[int] = []
    with monkeypatch.context() as inner:
        _allow(inner, lambda size: whole.append(size) or True)
        _makers()[name]()
    refused = _allow(monkeypatch, lambda size: size < max(whole))
    assert np.abs(_makers()[name]() - expected).max() < max(1e-3, 0.02 * np.abs(expected).max())
    assert refused and devices.current() == "cpu"


@pytest.mark.parametrize("name", ["texture", "vary", "blend"])
def test_a_full_graphics_card_ends_on_the_cpu_and_no_memory_at_all_in_a_sentence(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = _makers()[name]()
    monkeypatch.setattr(devices, "_choice", devices._Choice("auto", "cuda"))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (8 << 30, 12 << 30))
    with monkeypatch.context() as inner:
        refused = _allow(inner, lambda _size: devices._choice.device == "cpu")
        assert np.array_equal(_makers()[name](), expected)
    assert 3 <= len(refused) <= 5 and "GPU's memory ran out" in devices.describe()  # no size twice
    _allow(monkeypatch, lambda _size: False)
    with pytest.raises(RestoreError, match="not enough memory"):
        _makers()[name]()
