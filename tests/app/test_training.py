"""Training from the window, with a script in the place of the training: progress, preview, stopping, closing."""

import os
import re
import runpy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app import __main__ as start
from app import training_run
from app.jobs import Jobs
from app.main_window import MainWindow
from app.settings import data_folder
from app.training_dialog import TrainingDialog, count_photos
from app.training_run import SUFFIXES, Report, TrainingRun, Wish, command, parse
from engine import models, operations, params, resources
from engine.progress import Progress

SCRIPT = """
import json, sys, threading, time
from pathlib import Path
words = dict(zip(sys.argv[2::2], sys.argv[3::2]))
run = Path(words["--runs"]) / sys.argv[1]
run.mkdir(parents=True, exist_ok=True)
(run / "asked.json").write_text(json.dumps(sys.argv[1:]))
print("a.jpg cannot be read: it is broken", flush=True)
print("step 10  seconds 15  loss 0.93  fidelity 0.5", flush=True)
(run / "checkpoint.json").write_text("{}")
(run / "curve.csv").write_text("step,seconds,loss\\n10,15,0.93\\n")
from PIL import Image
Image.new("RGB", (40, 20), (200, 10, 10)).save(run / "preview.png")
if (Path(words["--photos"]) / "go on.txt").exists():
    gone = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), gone.set()), daemon=True).start()
    deaf = (Path(words["--photos"]) / "deaf.txt").exists()
    while not (run / "end").exists() and (deaf or not gone.is_set()):
        time.sleep(0.01)
    if gone.is_set():
        (run / "checkpoint.json").write_text('"of the last step"')
        sys.exit()
if (Path(words["--photos"]) / "fail.txt").exists():
    raise FileNotFoundError("no photos that can be used")
print("{'fidelity': 0.5}", flush=True)
Path(words["--ship"], "plates-gan.safetensors").write_bytes(b"weights")
"""


def fake(tmp_path: Path) -> Callable[[Wish, Path], list[str]]:
    """The command line of the training with the script in its place."""
    script = tmp_path / "training.py"
    script.write_text(SCRIPT)

    def make(wish: Wish, folder: Path) -> list[str]:
        program, minus_m, module, *rest = command(wish, folder)
        assert (minus_m, module) == ("-m", "engine.training")
        return [program, str(script), *rest]

    return make


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "my photos"
    folder.mkdir()
    for index in range(25):
        Pillow.new("RGB", (4, 4)).save(folder / f"{index}.{'png' if index else 'JPG'}")
    (folder / "notes.md").write_text("no photo")
    return folder


@pytest.fixture
def run(tmp_path: Path, qtbot: QtBot) -> Iterator[TrainingRun]:
    made = TrainingRun(tmp_path / "user", command=fake(tmp_path))
    yield made
    made.close()


@pytest.fixture
def dialog(run: TrainingRun, photos: Path, qtbot: QtBot) -> Iterator[TrainingDialog]:
    jobs = Jobs()
    made = TrainingDialog(run, jobs, photos)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    qtbot.waitUntil(made.begin.isEnabled)
    yield made
    jobs.close()


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


# what it says
def test_lines_of_the_training_are_read() -> None:
    assert parse("step 107  seconds 151  loss 0.93  real score 1.2e+04\n") == Report(
        107, 151, {"loss": 0.93, "real score": 12000.0}
    )
    for line in (
        "",
        "{'a': 1}",
        "step x  seconds 3",
        "seconds 3  loss 2",
        "x.jpg cannot be read: 12",
        "step inf  seconds 1",
    ):
        assert parse(line) is None


def test_the_command_is_the_one_of_the_engine(tmp_path: Path) -> None:
    wish = Wish("plates-gan", tmp_path / "my photos", 45)
    assert command(wish, tmp_path)[:6] == [
        sys.executable,
        "-m",
        "engine.training",
        "plates-gan",
        "--photos",
        str(wish.photos),
    ]
    assert command(Wish("plates-gan", tmp_path, 45, True), tmp_path)[-1] == "--resume"
    assert "--resume" not in command(wish, tmp_path)
    source = (Path(start.__file__).parents[1] / "engine" / "training" / "__main__.py").read_text()
    for option in [one for one in command(wish, tmp_path) if one.startswith("--")]:
        assert f'"{option}"' in source


def test_what_is_told_at_the_end_is_found_in_the_forms() -> None:
    for kind in (operations.FOUND[word] for word in ("plate", "vary", "blend", "fill")):
        assert "Trained on my photos" in [one.label for one in params.describe(kind)]


@pytest.mark.parametrize("shipped", [False, True])
def test_the_net_that_fills_can_be_trained_where_it_is_offered(
    shipped: bool, run: TrainingRun, photos: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "is_shipped", lambda _name: shipped)
    jobs = Jobs()
    dialog = TrainingDialog(run, jobs, photos)
    qtbot.addWidget(dialog)
    qtbot.waitUntil(dialog.begin.isEnabled)  # the photos are counted
    found = [dialog.what.itemData(index) for index in range(dialog.what.count())]
    jobs.close()
    assert found == ["plates-gan", "patches-vae", *["imagine-gan"] * shipped]


def test_weights_go_where_the_engine_looks_for_them(tmp_path: Path) -> None:
    words = command(Wish("plates-gan", tmp_path, 45), data_folder())
    assert Path(words[words.index("--ship") + 1]) == resources.own_weights()


def test_the_photos_that_are_counted_are_those_that_are_learned_from() -> None:
    source = (Path(start.__file__).parents[1] / "engine" / "training" / "photos.py").read_text()
    found = re.search(r"SUFFIXES = \{(.*)\}", source)
    assert found is not None and set(re.findall(r'"(\.\w+)"', found[1])) == SUFFIXES


def test_the_frozen_app_is_its_own_python(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(sys, "argv", ["photomend"])
    monkeypatch.setattr(runpy, "run_module", lambda name, **more: asked.append((name, more["run_name"], sys.argv[1:])))
    assert start.main(["-m", "engine.training", "plates-gan", "--minutes", "3"]) == 0
    assert asked == [("engine.training", "__main__", ["plates-gan", "--minutes", "3"])]


def test_a_run_reports_shows_a_preview_and_stores_weights(
    dialog: TrainingDialog, run: TrainingRun, photos: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    assert dialog.found.text() == "25 photos" and not dialog.go_on.isVisible()
    reports: list[Report] = []
    run.reported.connect(reports.append)
    dialog.minutes.setValue(5)
    with qtbot.waitSignal(run.ended, timeout=20_000) as ended:
        dialog.begin.click()
        assert (
            run.is_running
            and dialog.stop.isEnabled()
            and not dialog.begin.isEnabled()
            and not dialog.photos.isEnabled()
        )
    assert ended.args == ["The training is done: “Trained on my photos” in the form of Plate uses it.", True]
    assert reports == [Report(10, 15, {"loss": 0.93, "fidelity": 0.5})]
    assert (tmp_path / "user" / "weights" / "plates-gan.safetensors").exists()
    assert not dialog.preview.pixmap().isNull() and dialog.state.text() == (ended.args or [])[0]
    asked = (run.folder("plates-gan") / "asked.json").read_text()
    assert str(photos) in asked and '"--minutes", "5"' in asked
    assert dialog.photos.isEnabled() and not dialog.stop.isEnabled()


def test_the_picture_of_another_run_is_not_shown(
    dialog: TrainingDialog, run: TrainingRun, photos: Path, qtbot: QtBot
) -> None:
    old = run.folder("plates-gan") / "preview.png"
    old.parent.mkdir(parents=True)
    Pillow.new("RGB", (30, 30)).save(old)
    os.utime(old, (1, 1))
    (photos / "go on.txt").touch()
    dialog.begin.click()
    run.noted.emit("a.jpg cannot be read")  # before the process has made anything
    assert run.is_beginning and dialog.preview.pixmap().isNull()
    assert "first steps" in dialog.state.text()
    qtbot.waitUntil(lambda: not run.is_beginning, timeout=20_000)
    qtbot.waitUntil(lambda: not dialog.preview.pixmap().isNull(), timeout=5000)


def test_the_end_is_told_also_where_all_minutes_are_done(
    dialog: TrainingDialog, run: TrainingRun, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "done", lambda _recipe: 5.0 if run.wish else None)
    dialog.minutes.setValue(5)
    with qtbot.waitSignal(run.ended, timeout=20_000) as ended:
        dialog.begin.click()
    assert dialog.state.text().startswith((ended.args or [""])[0]) and "choose more" in dialog.state.text()


def test_stopping_keeps_the_checkpoint_and_the_next_start_goes_on(
    dialog: TrainingDialog, run: TrainingRun, photos: Path, qtbot: QtBot
) -> None:
    (photos / "go on.txt").touch()
    with qtbot.waitSignal(run.reported, timeout=20_000):
        dialog.begin.click()
    process = run.process
    assert process is not None
    number = process.processId()
    assert dialog.state.text() == "0 of 60 min: step 10, loss 0.93, fidelity 0.5"
    assert 15 <= run.seconds < 30 and 0 < dialog.bar.value() < 20
    qtbot.waitUntil((run.folder("plates-gan") / "preview.png").exists)  # after the checkpoint
    with qtbot.waitSignal(run.ended, timeout=20_000) as ended:
        dialog.stop.click()
    assert (ended.args or [])[1] and "kept" in (ended.args or [])[0] and not alive(number)
    assert "last step" in (run.folder("plates-gan") / "checkpoint.json").read_text()
    assert dialog.go_on.isVisible() and dialog.go_on.isChecked() and dialog.begin.text() == "Go on"
    (run.folder("plates-gan") / "curve.csv").write_text("step,seconds\n10,1800\n")
    dialog.minutes.setValue(30)
    assert not dialog.begin.isEnabled() and "choose more" in dialog.state.text()
    dialog.minutes.setValue(40)
    (photos / "go on.txt").unlink()
    with qtbot.waitSignal(run.ended, timeout=20_000):
        dialog.begin.click()
        assert run.seconds == 1800 and run.fraction == 0.75
    assert '"--resume"' in (run.folder("plates-gan") / "asked.json").read_text()
    dialog.go_on.setChecked(False)
    assert dialog.begin.text() == "Start" and dialog.begin.isEnabled()


@pytest.mark.parametrize("how", ["stop", "close"])
def test_a_training_that_does_not_listen_is_ended_all_the_same(
    how: str, run: TrainingRun, photos: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_GRACE", "_LAST_GRACE"):
        monkeypatch.setattr(training_run, name, 100)
    for file in ("go on.txt", "deaf.txt"):
        (photos / file).touch()
    with qtbot.waitSignal(run.reported, timeout=20_000):
        run.start(Wish("plates-gan", photos, 1))
    assert run.process is not None
    number = run.process.processId()
    getattr(run, how)()
    qtbot.waitUntil(lambda: not alive(number))
    assert (run.folder("plates-gan") / "checkpoint.json").read_text() == "{}"


def test_it_is_stored_only_when_it_has_said_so(run: TrainingRun, photos: Path, qtbot: QtBot) -> None:
    (photos / "go on.txt").touch()
    with qtbot.waitSignal(run.reported, timeout=20_000):
        run.start(Wish("plates-gan", photos, 1))
    run._known_at = 0.0  # a report that is long ago
    assert run.fraction == 0.99
    run._known = 60.0
    assert run.fraction == 1


def test_why_a_training_failed_is_told(dialog: TrainingDialog, run: TrainingRun, photos: Path, qtbot: QtBot) -> None:
    (photos / "fail.txt").touch()
    with qtbot.waitSignal(run.ended, timeout=20_000) as ended:
        dialog.begin.click()
    assert ended.args == ["The training failed: FileNotFoundError: no photos that can be used.", False]
    assert dialog.state.text() == (ended.args or [])[0] and dialog.begin.isEnabled()


def test_a_program_that_is_missing_and_a_folder_that_cannot_be_made_are_told(tmp_path: Path, qtbot: QtBot) -> None:
    wish = Wish("plates-gan", tmp_path, 1)
    missing = TrainingRun(tmp_path / "user", command=lambda _wish, _folder: [str(tmp_path / "nothing")])
    with qtbot.waitSignal(missing.ended) as ended:
        missing.start(wish)
    assert "could not be started" in (ended.args or [])[0] and not (ended.args or [])[1] and not missing.is_running
    (tmp_path / "file").touch()
    blocked = TrainingRun(tmp_path / "file")
    with qtbot.waitSignal(blocked.ended) as ended:
        blocked.start(wish)
    assert "cannot be made" in (ended.args or [])[0] and not blocked.is_running


def test_folders_without_photos_are_refused_and_few_photos_warned_of(
    dialog: TrainingDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    dialog.photos.setText(str(folder))
    assert not dialog.begin.isEnabled()
    qtbot.waitUntil(lambda: "no photos" in dialog.found.text())
    assert not dialog.begin.isEnabled()
    Pillow.new("RGB", (4, 4)).save(folder / "one.png")
    dialog.photos.setText(f"{folder}{os.sep}")
    qtbot.waitUntil(lambda: "learned by heart" in dialog.found.text())
    assert dialog.begin.isEnabled()
    for text in ("", str(tmp_path / "nowhere"), str(folder / "one.png")):
        dialog.photos.setText(text)
        qtbot.waitUntil(lambda: "no such folder" in dialog.found.text())
        assert not dialog.begin.isEnabled()
        dialog.photos.setText(str(folder))
        qtbot.waitUntil(lambda: "learned by heart" in dialog.found.text())
    assert count_photos(tmp_path / "nowhere", Progress()) == 0


def test_everything_in_the_dialog_has_a_name(dialog: TrainingDialog) -> None:
    reachable = [
        one for one in dialog.findChildren(QWidget) if one.isVisible() and one.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert len(reachable) >= 5
    assert not [one for one in reachable if not QAccessible.queryAccessibleInterface(one).text(QAccessible.Text.Name)]


# in the window
@pytest.fixture
def training(window: MainWindow, photos: Path, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """The window with a training that goes on, its dialog closed."""
    (photos / "go on.txt").touch()
    window.training.run.command = fake(tmp_path)
    window.settings.put("training/photos", str(photos))
    window.actions_by_name["train"].trigger()
    dialog = window.training.dialog
    assert dialog is not None and dialog.isVisible() and not dialog.isModal()
    qtbot.waitUntil(dialog.begin.isEnabled)
    with qtbot.waitSignal(window.training.run.reported, timeout=20_000):
        dialog.begin.click()
    dialog.leave.click()
    assert not dialog.isVisible() and window.training.run.is_running
    return window


def test_the_end_is_told_in_the_window_where_the_dialog_is_closed(training: MainWindow, qtbot: QtBot) -> None:
    training.actions_by_name["train"].trigger()
    dialog = training.training.dialog
    assert dialog is not None and dialog.stop.isEnabled()  # the same run
    dialog.leave.click()
    with qtbot.waitSignal(training.training.run.ended, timeout=20_000):
        (training.training.run.folder("plates-gan") / "end").touch()
    assert training.message.isVisible() and "is done" in training.message.text.text()


def test_closing_the_window_asks_and_ends_the_process(training: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    process = training.training.run.process
    assert process is not None
    number = process.processId()
    monkeypatch.setattr(training.training, "question", lambda: False)
    training.close()
    assert training.isVisible() and alive(number)
    monkeypatch.setattr(training.training, "question", lambda: True)
    training.close()
    assert not training.isVisible() and not alive(number)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
