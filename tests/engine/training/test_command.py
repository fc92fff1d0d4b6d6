"""`python -m engine.training --photos` as the window starts it: any photos will do, and what fails is one sentence."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from engine import resources
from engine.training import __main__ as command
from engine.training.photos import read_folder, read_photo
from engine.training.recipes import find_all

RECIPES = find_all()
Train = Callable[..., Path]


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Runs the command on a folder of so many photos of a size, for one step."""

    def run(name: str, count: int, side: int, *more: str) -> Path:
        photos = tmp_path / "photos of mine"
        photos.mkdir()
        random = np.random.default_rng(0)
        for number in range(count):
            Pillow.fromarray(random.integers(0, 255, (side, side, 3), np.uint8)).save(photos / f"{number}.png")
        for field in ("start", "data"):
            monkeypatch.setattr(RECIPES[name], field, getattr(RECIPES[name], field))
        monkeypatch.setattr(RECIPES[name], "count", 2)
        monkeypatch.setattr(RECIPES[name], "bank", 1, raising=False)
        words = [name, "--photos", str(photos), "--steps", "1", "--device", "cpu", "--test", str(tmp_path)]
        words += ["--runs", str(tmp_path / "runs"), "--ship", str(tmp_path / "weights"), *more]
        monkeypatch.setattr(sys, "argv", ["engine.training", *words])
        command.main()
        return tmp_path

    return run


def test_one_small_photo_is_enough(train: Train) -> None:
    folder = train("patches-vae", 1, 70)
    assert (folder / "weights" / "patches-vae.safetensors").exists()
    assert (folder / "runs" / "patches-vae" / "preview.png").exists()


@pytest.mark.parametrize(
    ("name", "count", "side", "more", "words"),
    [
        ("patches-vae", 0, 70, [], "there are no photos that can be read in"),
        ("plates-gan", 2, 20, [], "no picture has 64 px a side"),
        ("patches-vae", 2, 20, [], "no photo has 64 px a side"),
        ("imagine-gan", 3, 100, [], "4 photos of 96 px a side or more are needed, and there are 3"),
        ("imagine-gan", 5, 20, [], "4 photos of 96 px a side or more are needed, and there are 0"),
        ("patches-vae", 1, 70, ["--resume"], "No such file or directory: "),
        ("patches-vae", 1, 70, ["--photos", "/nowhere"], "No such file or directory: /nowhere"),
    ],
)
def test_what_fails_is_told_in_one_sentence(
    train: Train,
    name: str,
    count: int,
    side: int,
    more: list[str],
    words: str,
) -> None:
    with pytest.raises(SystemExit) as stopped:
        train(name, count, side, *more)
    assert str(stopped.value).startswith(words) and "\n" not in str(stopped.value)


def test_missing_weights_are_told(train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "folder", lambda: tmp_path)
    with pytest.raises(SystemExit, match=r"No such file or directory: .*denoise-u24"):
        train("patches-vae", 1, 70)


def test_it_ends_with_its_parent_and_keeps_what_was_learned(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 1_000_000_007)
    folder = train("patches-vae", 1, 70, "--with-parent")
    assert (folder / "runs" / "patches-vae" / "checkpoint.json").exists()
    assert not (folder / "weights").exists()


def test_it_knows_by_its_pipe_that_the_app_was_killed() -> None:
    """As on Windows, where a parent that is gone keeps its number."""
    end, held = os.pipe()
    lives = command._watched(end)
    time.sleep(0.05)
    assert lives()
    os.close(held)
    for _ in range(100):
        if not lives():
            break
        time.sleep(0.02)
    assert not lives()
    os.close(end)


def test_training_ends_at_the_next_step_not_at_the_next_report(
    train: Train, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_watched", lambda _pipe: lambda: False)
    folder = train("patches-vae", 1, 70, "--with-parent", "--steps", "1000000", "--every", "1000000")
    assert (folder / "runs" / "patches-vae" / "checkpoint.json").exists()
    assert not (folder / "weights").exists() and "step" not in capsys.readouterr().out


def test_where_there_is_no_git_training_goes_on(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert (train("patches-vae", 1, 70) / "weights").exists()


def test_of_many_photos_some_are_read_evenly_spread(tmp_path: Path) -> None:
    for number in range(10):
        Pillow.new("L", (4, 4), 10 * number).save(tmp_path / f"{number}.png")
    (tmp_path / "5.png").write_bytes(b"no photo")
    read = read_folder(tmp_path, torch.device("cpu"), 4)
    assert [int(photo.max()) for photo in read] == [0, 20, 70]  # 0, 2, 5, 7


def test_grey_photos_of_16_bits_are_not_clipped(tmp_path: Path) -> None:
    for name in ("a.png", "b.tif"):
        Pillow.fromarray(np.full((5, 7), 32768, np.uint16)).save(tmp_path / name)
        photo = read_photo(tmp_path / name)
        assert photo.shape == (3, 5, 7) and int(photo.min()) == int(photo.max()) == 127
