"""Training: every recipe learns on eight photos, and a killed run goes on with the same numbers."""

import hashlib
import importlib
import io
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from engine import resources
from engine.errors import RestoreError
from engine.nets.unet import UNet
from engine.training import blind, cards, checkpoint, encoder, jpeg, leaves, patterns, ship
from engine.training.duel import Duel, start
from engine.training.loop import Budget, Run, begin_with, mix
from engine.training.muon import Muon
from engine.training.recipe import Batch, Recipe
from engine.training.recipes import find_all

CPU = torch.device("cpu")
RECIPES = find_all()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight small photos, made by us, in the layout of the training data."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "photos").mkdir()
    random = np.random.default_rng(0)
    for number in range(8):
        low = random.integers(0, 255, (9, 12, 3)).astype(np.uint8)
        Pillow.fromarray(low).resize((192, 160), Pillow.Resampling.BICUBIC).save(folder / "photos" / f"{number}.png")
    return folder


def _run(recipe: type[Recipe], data: Path, folder: Path, steps: int) -> tuple[Run, torch.Generator]:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    small = type(
        "Small", (recipe,), {"name": recipe.name, "size": 32, "count": 4, "bank": 2, "warm_up": 5, "scenes": 2}
    )
    return start(small(data, CPU, generator, 8), folder, CPU, Budget(1, steps)), generator


@pytest.mark.parametrize("name", RECIPES)
def test_loss_falls(name: str, data: Path, tmp_path: Path) -> None:
    """On one and the same batch, whose noise level is not another each time; a critic's opponent stands still."""
    run, _ = _run(RECIPES[name], data, tmp_path, 100)
    if isinstance(run.recipe, Duel):
        run.recipe.rate = 0.0  # type: ignore[misc]
    batch = run.recipe.batch()
    run.recipe.batch = lambda: batch  # type: ignore[method-assign]
    first = run._one_step()
    assert any(run._one_step() < 0.8 * first for _ in range(85))  # the last tenth may have another loss


@pytest.mark.parametrize("name", RECIPES)
def test_resumed_run_gets_the_same_numbers(name: str, data: Path, tmp_path: Path) -> None:
    through, generator = _run(RECIPES[name], data, tmp_path / "through", 6)
    through.train(generator)
    first, generator = _run(RECIPES[name], data, tmp_path / "killed", 6)
    for _ in range(3):
        first._one_step()
    first.save(generator)
    second, generator = _run(RECIPES[name], data, tmp_path / "killed", 6)
    second.resume(generator)
    second.train(generator)
    for a, b in zip(through.average.parameters(), second.average.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_average_spans_a_tenth_of_the_run_so_far_and_at_most_a_thousand_steps(data: Path, tmp_path: Path) -> None:
    """A longer one lags behind on short runs, a shorter one averages too little on long ones."""
    run, _ = _run(RECIPES["noise-level"], data, tmp_path, 1)
    weights = [next(net.parameters()).detach() for net in (run.net, run.average)]
    lags: dict[int, float] = {}
    for run.step in range(1, 20_001):  # a weight that grows by 1 with each step: its average lags by its span
        weights[0].fill_(run.step)
        run._follow()
        lags[run.step] = run.step - float(weights[1].mean())
    assert all(0.05 < lags[step] / step < 0.15 for step in (100, 500, 2000, 6000))
    assert lags[20_000] == pytest.approx(1000, rel=0.05)


def test_a_run_that_diverges_goes_back_and_on_at_half_the_rate(data: Path, tmp_path: Path) -> None:
    run, generator = _run(RECIPES["denoise-u24"], data, tmp_path, 8)
    loss, batch = run.recipe.loss, run.recipe.batch()
    good: dict[str, torch.Tensor] = {}
    run.recipe.batch = lambda: batch  # type: ignore[method-assign]

    def diverging(net: torch.nn.Module, batch: Batch, fraction: float) -> torch.Tensor:
        if run.step == 4 and run.slower == 1:
            good.update({name: value.clone() for name, value in net.state_dict().items()})
            return 1000 * loss(net, batch, fraction)
        if run.step == 4:
            assert all(torch.equal(value, good[name]) for name, value in net.state_dict().items())
        return loss(net, batch, fraction)

    run.recipe.loss = diverging  # type: ignore[method-assign]
    assert run.train(generator, every_seconds=0)
    assert good and run.slower == 0.5 and run.step == 8
    again, _ = _run(RECIPES["denoise-u24"], data, tmp_path, 8)
    again.resume(generator)
    assert again.slower == 0.5


@pytest.mark.parametrize("name", ["denoise-u24", "plates-gan"])
@pytest.mark.parametrize("good", [0, 2])
def test_a_run_that_diverges_for_good_ends_and_says_so(name: str, good: int, data: Path, tmp_path: Path) -> None:
    run, generator = _run(RECIPES[name], data, tmp_path, 6)
    step = run._one_step
    run._one_step = lambda: step() if run.step < good else torch.tensor(float("nan"))  # type: ignore[method-assign]
    with pytest.raises(RestoreError, match="diverged"):
        run.train(generator, every_seconds=0)
    assert (tmp_path / "checkpoint.json").exists() is (good > 0)


@pytest.mark.parametrize(("module", "name"), [("unet", "UNet"), ("segmenter", "Segmenter")])
def test_a_wider_net_begins_with_the_answers_of_the_narrower_one_and_its_channels_learn(module: str, name: str) -> None:
    torch.manual_seed(0)
    make = getattr(importlib.import_module(f"engine.nets.{module}"), name)
    narrow, wide = make(widths=(8, 16, 24)), make(widths=(16, 24, 40))
    begin_with(wide, narrow.state_dict())
    x = torch.rand(2, 6 if name == "UNet" else 3, 32, 32)
    assert torch.allclose(narrow(x), wide(x), atol=1e-5)
    (wide(x) - torch.rand(2, 3, 32, 32)).square().mean().backward()
    for _ in range(2):  # the last layer listens to the further channels after one step
        optimizer = Muon(list(wide.parameters()), lr=1e-2)
        optimizer.step()
        optimizer.zero_grad()
        (wide(x) - torch.rand(2, 3, 32, 32)).square().mean().backward()
    for key, parameter in wide.named_parameters():
        assert parameter.grad is not None, key
        listened = parameter.grad.abs().flatten(1).amax(1) > 0  # a ReLU or two may sleep by chance
        assert float(listened.float().mean()) > 0.75, key


@pytest.mark.parametrize(("module", "name"), [("unet", "UNet"), ("segmenter", "Segmenter")])
def test_a_deeper_net_begins_with_the_answers_of_the_shallower_one_and_its_new_level_learns(
    module: str, name: str
) -> None:
    torch.manual_seed(0)
    make = getattr(importlib.import_module(f"engine.nets.{module}"), name)
    shallow, deep = make(widths=(8, 16, 24)), make(widths=(8, 16, 24, 16))
    begin_with(deep, shallow.state_dict())
    x = torch.rand(2, 6 if name == "UNet" else 3, 32, 32)
    assert torch.allclose(shallow(x), deep(x), atol=1e-5)
    optimizer = Muon(list(deep.parameters()), lr=1e-2)
    for _ in range(2):  # what comes up from the new level is listened to after one step
        optimizer.zero_grad()
        (deep(x) - torch.rand(2, 3, 32, 32)).square().mean().backward()
        optimizer.step()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in deep.parameters())
    assert not torch.allclose(shallow(x), deep(x), atol=1e-3)


def test_a_net_of_as_many_levels_takes_the_weights_as_they_are() -> None:
    state, net = UNet((8, 16, 24)).state_dict(), UNet((8, 16, 24))
    begin_with(net, state)
    assert all(torch.equal(value, state[key]) for key, value in net.state_dict().items())


def test_weights_are_mixed_with_those_it_began_with() -> None:
    net, begun = UNet((8, 16, 24)), UNet((8, 16, 24)).state_dict()
    learned = {key: value.clone() for key, value in net.state_dict().items()}
    mix(net, begun, 0.25)
    for key, value in net.state_dict().items():
        assert torch.allclose(value, 0.25 * learned[key] + 0.75 * begun[key], atol=1e-6)


def test_further_planes_of_an_answer_begin_as_nothing() -> None:
    state = UNet((8, 16, 24)).state_dict()
    net = UNet((8, 16, 24))
    net.head = torch.nn.Conv2d(8, 24, 3, padding=1, bias=False)
    begin_with(net, state)
    assert torch.equal(net.head.weight[:12], state["head.weight"]) and not net.head.weight[12:].any()


def test_curve_is_written(data: Path, tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text("step,seconds,loss\n900,900,0.1\n")  # of an older run
    run, generator = _run(RECIPES["denoise-u24"], data, tmp_path, 2)
    run.train(generator)
    lines = (tmp_path / "curve.csv").read_text().splitlines()
    assert lines[0].startswith("step,seconds,loss,held_out_15") and lines[1].startswith("2,")


def test_leaves_are_seeded_and_vary() -> None:
    palette = torch.randint(256, (3, 20, 20), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))
    a, b, c = (leaves.generate(64, palette, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert a.shape == (3, 64, 64) and a.dtype == torch.uint8
    assert torch.equal(a, b) and not torch.equal(a, c)
    assert a.float().std() > 8


def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "PART", 1000)
    first, second = (bytes([number]) * 3500 for number in (1, 2))
    checkpoint.write(tmp_path, first)
    assert max(path.stat().st_size for path in tmp_path.iterdir()) <= 1000
    whole = checkpoint._write_through
    for last in range(5):  # the write after which the process dies
        done = iter(range(last))
        monkeypatch.setattr(checkpoint, "_write_through", lambda path, data, done=done: (next(done), whole(path, data)))
        with pytest.raises(StopIteration):
            checkpoint.write(tmp_path, second)
        assert checkpoint.read(tmp_path) == first
    monkeypatch.setattr(checkpoint, "_write_through", whole)
    checkpoint.write(tmp_path, second)
    assert checkpoint.read(tmp_path) == second
    assert len(list(tmp_path.iterdir())) == 5  # nothing of the one before is left


def test_what_is_real_is_encoded_once(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = _run(RECIPES["plates-gan"], data, tmp_path, 1)
    seen: list[int] = []

    def encode(images: np.ndarray) -> encoder.Encoded:
        seen.append(len(images))
        return encoder.Encoded(images[:, ::8, ::8].reshape(len(images), -1) / 255, np.full((len(images), 8), 1 / 8))

    monkeypatch.setattr(encoder, "encode", encode)
    first, second = (run.recipe.validate(run.average) for _ in range(2))
    assert first == second and first["kid"] > 0
    assert seen == [256, 512, 256, 256]


def test_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    checkpoint.write(tmp_path, b"what was learned")
    next(tmp_path.glob("*.part")).write_bytes(b"what was lost")
    with pytest.raises(ValueError, match="damaged"):
        checkpoint.read(tmp_path)


def test_a_finished_run_becomes_weights_a_manifest_row_a_curve_and_a_card(data: Path, tmp_path: Path) -> None:
    run, generator = _run(RECIPES["noise-level"], data, tmp_path / "run", 2)
    run.train(generator)
    for score in (1.5, 2.5):  # the second takes the place of the first
        ship.write(run, {"held_out": score}, tmp_path / "weights")
    rows = tomllib.loads((tmp_path / "weights" / "manifest.toml").read_text())
    assert rows["noise-level"]["scores"] == {"held_out": 2.5}
    weights = tmp_path / "weights" / rows["noise-level"]["file"]
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == rows["noise-level"]["sha256"]
    card = (tmp_path / "weights" / "README.md").read_text()
    assert "## noise-level" in card and "held_out 2.5" in card and "| step | seconds |" in card


@pytest.mark.parametrize("name", ["patches-vae", "plates-gan", "textures-gan", "noise-level"])
def test_sheets_of_what_a_net_makes_are_kept_where_it_makes_something(name: str, data: Path, tmp_path: Path) -> None:
    run, _ = _run(RECIPES[name], data, tmp_path / "run", 1)
    ship.write(run, {}, tmp_path)
    sheet = tmp_path / "samples" / f"{name}.jpg"
    assert sheet.exists() == (name != "noise-level")
    assert (f"samples/{name}.jpg" in (tmp_path / "README.md").read_text()) == sheet.exists()
    if sheet.exists():
        with Pillow.open(sheet) as kept:
            assert kept.size == (8 * 32, 8 * 32)  # 64 pictures of the run's 32 px


def test_the_model_cards_are_those_of_the_manifest() -> None:
    folder = resources.folder() / "weights"
    assert (folder / "README.md").read_text(encoding="utf-8") == cards.cards(folder)


@pytest.mark.parametrize("quality", [10, 50, 90])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_jpeg_is_that_of_libjpeg(quality: int, subsampling: int) -> None:
    random = np.random.default_rng(0)
    low = random.integers(0, 255, (20, 20, 3)).astype(np.uint8)
    picture = Pillow.fromarray(low).resize((160, 160), Pillow.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, "jpeg", quality=quality, subsampling=subsampling)
    expected = np.asarray(Pillow.open(file).convert("RGB"), np.float32)
    batch = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
    found = jpeg.compress(batch, torch.tensor([quality]), torch.tensor([subsampling == 2]))
    difference = np.abs(found[0].permute(1, 2, 0).numpy() * 255 - expected)
    lost = np.abs(np.asarray(picture, np.float32) - expected).mean()
    assert difference.mean() < 0.3 * lost


def test_blocks_of_jpeg_lie_where_they_are_told() -> None:
    batch = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    low = torch.nn.functional.avg_pool2d(batch, 25, 1, 12) * 4 - 1.5
    level, whole = torch.tensor([10]), torch.tensor([False])
    for y, x in ((0, 0), (3, 5), (15, 8)):
        lossy = jpeg.compress(low, level, whole, (y, x))[0].mean(0)
        steps = (lossy[1:] - lossy[:-1]).abs().mean(1), (lossy[:, 1:] - lossy[:, :-1]).abs().mean(0)
        for step, offset in zip(steps, (y, x), strict=True):
            at_edges = torch.stack([step[(offset - 1) % 8 + 8 * n] for n in range(1, 7)]).mean()
            assert at_edges > 1.5 * step.mean()


def test_degradations_are_seeded_and_leave_pictures_in_range() -> None:
    batch = torch.rand(6, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    first, again, other = (blind.degrade(batch, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.shape == batch.shape and float(first.min()) >= 0 and float(first.max()) <= 1
    assert torch.allclose(first * 255, (first * 255).round(), atol=1e-3)  # as a file


def test_cameras_leave_colours_coarser_than_brightness_and_more_in_lights() -> None:
    grey = torch.full((32, 3, 96, 96), 0.5)
    grey[..., :48] = 0.1
    one, again = (blind.camera(grey, torch.Generator().manual_seed(4)) for _ in range(2))
    noise = one - grey
    assert torch.equal(one, again)
    level = 255 * noise.flatten(1).std(1)
    assert float(level.min()) > 1.4 and float(level.max()) < 12.1

    def coarse(planes: torch.Tensor) -> float:
        """How much of it is left of means over 4 x 4 px; 1/16 of white noise."""
        means = torch.nn.functional.avg_pool2d(planes, 4)
        return float((means.flatten(1).var(1) / planes.flatten(1).var(1)).mean())

    bright = noise.mean(1, keepdim=True)
    assert coarse(noise - bright) > coarse(bright) + 0.1
    red, green, blue = noise.std((0, 2, 3))
    assert min(red, blue) > 1.1 * green
    assert float(noise[..., 52:].std()) > 1.3 * float(noise[..., :44].std())


def test_patterns_repeat() -> None:
    photo = torch.randint(256, (3, 90, 90), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))
    pattern = patterns.generate(128, photo, torch.Generator().manual_seed(1)).float().mean(0)
    pattern = pattern - pattern.mean()
    likeness = torch.fft.irfft2(torch.fft.rfft2(pattern).abs() ** 2)  # correlation with itself, shifted
    likeness[:4, :4] = likeness[-4:, :4] = likeness[:4, -4:] = likeness[-4:, -4:] = 0
    assert float(likeness.max()) > 0.5 * float((pattern**2).sum())
