"""The command line: what it writes, prints and returns, run as a user runs it or through `main`."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from engine import files
from engine.__main__ import main
from engine.image import frozen
from engine.operations.flip import Flip

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small noisy 16-bit TIFF with a white scratch."""
    rng = np.random.default_rng(0)
    pixels = 0.4 + 0.2 * np.linspace(0, 1, 64)[None, :, None] + rng.normal(0, 0.02, (48, 64, 3))
    pixels[:, 30:32] = 1
    path = tmp_path / "scan.tif"
    image = frozen(pixels.clip(0, 1).astype(np.float32))
    settings = files.ExportSettings("tiff", depth=16)
    files.write(files.Photo(image, None, files.Metadata("tiff", depth=16, dpi=(600, 600))), path, settings)
    return path


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    mask = np.zeros((48, 64), np.uint8)
    mask[:, 29:33] = 255
    Pillow.fromarray(mask).save(tmp_path / "mask.png")
    return tmp_path / "mask.png"


def test_a_mask_a_recipe_and_a_photo_give_a_restored_photo(
    photo: Path, scratch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "clean.tif"
    status = main([str(photo), "-o", str(target), "--mask", str(scratch), "--json", "--", "fill", "method=telea"])
    assert status == 0
    before, after = files.read(photo), files.read(target)
    assert after.image[:, 30:32].max() < 0.75  # the scratch is gone
    outside = np.ones((48, 64), bool)
    outside[:, 29:33] = False
    assert np.array_equal(before.image[outside], after.image[outside])  # and nothing else touched, to the last bit
    assert after.metadata.depth == 16
    assert after.metadata.dpi == pytest.approx((600, 600), abs=0.01)
    told = json.loads(capsys.readouterr().out)
    assert (told["output"], told["width"], told["height"], told["depth"]) == (str(target), 64, 48, 16)


def test_several_photos_go_into_a_folder_and_a_broken_one_stops_no_other(
    photo: Path, scratch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    words = ["-o", str(tmp_path / "new" / "out"), "--mask", str(scratch), "--json", "--", "fill", "method=telea"]
    assert main([str(broken), str(photo), *words]) == 1
    assert (tmp_path / "new" / "out" / "scan.tif").is_file()
    output = capsys.readouterr()
    assert output.err.count("\n") == 1
    assert "broken.jpg" in output.err
    first, second = (json.loads(line) for line in output.out.splitlines())
    assert "error" in first
    assert second["format"] == "tiff"


def test_the_photo_itself_is_never_overwritten(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = photo.read_bytes()
    for output in (photo, photo.parent):
        with pytest.raises(SystemExit) as caught:
            main([str(photo), "-o", str(output), "--", "fill"])
        assert caught.value.code == 2
    assert "overwritten" in capsys.readouterr().err
    assert photo.read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["IN", "-o", "x.png"],
        ["IN", "--", "fill"],
        ["-o", "x.png", "--", "fill"],
        ["IN", "-o", "x.png", "--", "fil"],
        ["IN", "-o", "x.png", "--", "fill", "method=best"],
        ["IN", "IN", "-o", "folder", "--", "fill"],
        ["--blank", "10", "-o", "x.png", "--", "fill"],
        ["--blank", "999999x999999", "-o", "x.png", "--", "plate"],
        ["--blank", "10x10", "IN", "-o", "x.png", "--", "fill"],
        ["IN", "-o", "x.png", "--device", "abacus", "--", "fill"],
    ],
)
def test_wrong_usage_is_status_2_and_writes_nothing(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage:")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_done_is_one_sentence_and_status_1(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "clean.png"
    assert main([str(photo), "-o", str(target), "--", "fill"]) == 1  # no mask
    assert main([str(tmp_path / "missing.png"), "-o", str(target), "--", "fill"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "selection" in lines[0]
    assert "missing.png" in lines[1]
    assert not target.exists()


def test_the_mask_is_never_overwritten(photo: Path, scratch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = scratch.read_bytes()
    with pytest.raises(SystemExit) as caught:
        main([str(photo), "-o", str(scratch), "--mask", str(scratch), "--", "fill", "method=telea"])
    assert caught.value.code == 2
    assert "is the mask" in capsys.readouterr().err
    assert scratch.read_bytes() == before


def test_names_that_no_system_takes_are_one_sentence(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    long = "a" * 300 + ".png"
    assert main([long, "-o", str(photo.with_name("x.png")), "--", "flip"]) == 1
    assert main([str(photo), "-o", str(photo.with_name(long)), "--", "flip"]) == 1
    assert main([".", "-o", str(photo.with_name("x.png")), "--", "flip"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "folder" in lines[2]


def test_photos_may_stand_on_both_sides_of_the_options(photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tif"
    other.write_bytes(photo.read_bytes())
    assert main([str(photo), "-o", str(tmp_path / "out"), str(other), "--", "flip"]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["other.tif", "scan.tif"]


def test_memory_that_runs_out_is_one_sentence(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def starve(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Flip, "run", starve)
    assert main([str(photo), "-o", str(tmp_path / "x.tif"), "--json", "--", "flip"]) == 1
    told = capsys.readouterr()
    assert told.err == "There is not enough memory for this.\n"
    assert json.loads(told.out)["error"] == told.err.strip()


def test_names_that_the_console_cannot_show_stop_nothing(photo: Path, tmp_path: Path) -> None:
    named = photo.rename(tmp_path / "日本 ü.tif")
    words = [sys.executable, "-m", "engine", str(named), "-o", str(tmp_path / "ö.tif"), "--json", "--", "flip"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["input"] == str(named)


def test_words_and_parameters_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert {"denoise", "fill", "damage"} <= listed
    assert main(["--list", "--json"]) == 0
    assert listed == {json.loads(line)["word"] for line in capsys.readouterr().out.splitlines()}
    assert main(["--describe", "fill", "--json"]) == 0
    parameters = json.loads(capsys.readouterr().out)["parameters"]
    assert "fsr" in next(one for one in parameters if one["name"] == "method")["choices"]
    for word in listed:
        assert main(["--describe", word]) == 0
    told = capsys.readouterr().out
    assert "0 to 1000000 px" in told
    assert "colourful=yes  (yes, no)" in told
    assert "0 to 100, 0: guessed" in told


def test_an_empty_canvas_can_be_filled_by_a_sampler(tmp_path: Path) -> None:
    target = tmp_path / "plate.png"
    assert main(["--blank", "40x30", "-o", str(target), "--", "plate"]) == 0
    image = files.read(target).image
    assert image.shape == (30, 40, 3)
    assert image.std() > 0.01


def test_alpha_turns_with_the_photo(tmp_path: Path) -> None:
    pixels = np.full((8, 12, 4), 255, np.uint8)
    pixels[0, 0, 3] = 0
    Pillow.fromarray(pixels).save(tmp_path / "in.png")
    assert main([str(tmp_path / "in.png"), "-o", str(tmp_path / "out.png"), "--", "rotate"]) == 0
    alpha = files.read(tmp_path / "out.png").alpha
    assert alpha is not None
    corners = alpha[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert alpha.shape == (12, 8)
    assert corners[0] == 1
    assert sorted(corners) == [0, 1, 1, 1]


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl+C to a whole console")
def test_ctrl_c_ends_with_130_and_leaves_nothing_behind(tmp_path: Path) -> None:
    small, big, target = tmp_path / "small.png", tmp_path / "big.png", tmp_path / "out"
    Pillow.effect_noise((16, 16), 40).convert("RGB").save(small)
    Pillow.effect_noise((1500, 1500), 40).convert("RGB").save(big, compress_level=1)
    words = [sys.executable, "-m", "engine", str(small), str(big), "-o", str(target), "--json", "--", *["nlm"] * 20]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["input"] == str(small)
    time.sleep(0.5)  # the big one takes many times that
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert (output, errors.strip()) == ("", "Stopped.")
    assert [path.name for path in target.iterdir()] == ["small.png"]


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl+C to a whole console")
@pytest.mark.parametrize("wait", [0.3, 0.6])
def test_ctrl_c_while_the_engine_loads_is_quiet(wait: float) -> None:
    words = [sys.executable, "-X", "importtime", "-m", "engine", "--list"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "engine.allocator" in line:  # from here on it is the engine that loads
                break
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _output, errors = process.communicate(timeout=30)
    # a quick machine was done already (0), or just ending Python, when the signal ends it at once (-2)
    assert process.returncode in (0, 130, -signal.SIGINT)
    assert "Traceback" not in errors
