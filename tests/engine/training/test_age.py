"""Ageing: the simulator's damage and nothing else of its scene is on the photo; the command gives the same file."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from engine.image import Image, frozen
from engine.training import age
from engine.training.damage_scene import scene

SEED = 13  # lines, spots and decoys


@pytest.fixture
def image() -> Image:
    """A smooth photo of 72 x 96 px in mid-tones."""
    y, x = np.mgrid[:72, :96].astype(np.float32)
    return frozen(np.stack((0.3 + x / 300, 0.3 + y / 300, np.full_like(x, 0.4)), axis=2))


def test_damage_is_where_the_simulator_put_it_and_decoys_are_left_out(image: Image) -> None:
    planes = scene({}, 96, SEED)[:, :72]
    changed = (age.damaged(image, {}, SEED) != image).any(axis=2)
    assert planes[4:7].max() > 128 and (planes[8] > 0).any()
    assert not changed[planes[3] == 0].any()
    assert changed[planes[4:7].max(axis=0) > 128].mean() > 0.95


def test_an_aged_photo_is_seeded_faded_and_grainy(image: Image) -> None:
    aged = age.age(image, {}, SEED)
    assert aged.shape == image.shape and aged.dtype == np.float32 and aged.min() >= 0 and aged.max() <= 1
    assert (aged == age.age(image, {}, SEED)).all() and not (aged == age.age(image, {}, SEED + 1)).all()
    calm = scene({}, 96, SEED)[3, :72] == 0
    assert 0.02 < np.diff(aged.mean(axis=2), axis=1)[calm[:, 1:] & calm[:, :-1]].std() < 0.08
    assert aged[calm][:, 2].mean() < image[calm][:, 2].mean()  # yellowed


def test_the_command_writes_the_same_scan_again(
    image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, first, second = (tmp_path / name for name in ("photo.png", "first.jpg", "second.jpg"))
    Pillow.fromarray(np.round(image * 255).astype(np.uint8)).save(source)
    for target in (first, second):
        monkeypatch.setattr(sys, "argv", ["age", str(source), str(target), "--scale", "2", "--seed", "5"])
        age.main()
    assert first.read_bytes() == second.read_bytes()
    with Pillow.open(first) as scan:
        assert scan.size == (192, 144) and scan.info["dpi"] == (300, 300)
    monkeypatch.setattr(sys, "argv", ["age", str(source), str(first), "--film", str(tmp_path)])
    with pytest.raises(SystemExit):  # another photo would come out without the masks
        age.main()
    assert "no film masks" in capsys.readouterr().err
