"""Training: every recipe learns on eight photos, and a killed run goes on with the same numbers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from engine.training import leaves
from engine.training.loop import Budget, Run
from engine.training.recipe import Recipe
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
    small = type("Small", (recipe,), {"name": recipe.name, "size": 48, "count": 2, "bank": 2, "warm_up": 5})
    return Run(small(data, CPU, generator, 8), folder, CPU, Budget(1, steps)), generator


@pytest.mark.parametrize("name", RECIPES)
def test_loss_falls(name: str, data: Path, tmp_path: Path) -> None:
    """On one and the same batch, whose noise level is not another each time."""
    run, _ = _run(RECIPES[name], data, tmp_path, 40)
    batch = run.recipe.batch()
    run.recipe.batch = lambda: batch  # type: ignore[method-assign]
    losses = [run._one_step() for _ in range(35)]  # the last tenth has another loss
    assert losses[-1] < 0.85 * losses[0]


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


def test_curve_is_written(data: Path, tmp_path: Path) -> None:
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
