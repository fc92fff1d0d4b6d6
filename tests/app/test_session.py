"""The session: opening, steps, undo over strokes and steps, geometry, previews, detecting and exporting."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QThread
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from app.jobs import Jobs
from app.session import Session
from engine.files import ExportSettings
from engine.image import Box, frozen
from engine.operation import Operation
from tests.app.steps import Blocks, Bright, Brighten, Level, Refuse, Slow, Turn, image, shown, stroke, view

Wait = Callable[[Jobs], None]


@pytest.fixture
def session(qtbot: QtBot, photo: Path) -> Iterator[Session]:
    made = Session()
    with qtbot.waitSignal(made.opened):
        made.open(photo)
    yield made
    made.close()


def test_a_photo_is_opened_as_it_is(session: Session, photo: Path) -> None:
    assert session.name == "old photo.png" and session.path == photo
    assert (np.round(image(session) * 255) == np.asarray(Pillow.open(photo))).all()
    assert session.selection.array.shape == (64, 96) and session.selection.is_empty()
    assert not session.history.unsaved
    assert view(session).display.size.width() == 96


def test_a_jpeg_is_first_shown_as_a_draft(session: Session, qtbot: QtBot, tmp_path: Path, photo: Path) -> None:
    path = tmp_path / "a.jpg"
    Pillow.open(photo).resize((4800, 3200)).save(path)
    with qtbot.waitSignals([session.drafted, session.opened], order="strict", timeout=20_000):
        session.open(path)
    assert image(session).shape == (3200, 4800, 3)


def test_a_bad_file_is_a_sentence_and_the_photo_stays(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 not a photo")
    before = session.view
    with qtbot.waitSignal(session.failed) as told:
        session.open(broken)
    assert "broken.jpg" in told.args[0]
    assert session.view is before and session.name == "old photo.png"


def test_a_step_without_selection_changes_everything(session: Session, idle: Wait) -> None:
    before = image(session)
    session.apply(Brighten())
    idle(session.jobs)
    assert np.allclose(image(session), np.minimum(1, before + 0.25))
    assert [entry.label for entry in session.history.entries] == ["Brighten"]


def test_nothing_outside_the_selection_changes(session: Session, idle: Wait) -> None:
    before = image(session)
    stroke(session, Box(10, 30, 40, 60))
    session.apply(Brighten())
    idle(session.jobs)
    different = (image(session) != before).any(axis=2)
    assert different[10:30, 40:60].all()
    assert different.sum() == 400
    assert not session.selection.is_empty()


def test_results_arrive_in_the_thread_of_the_window(session: Session, qtbot: QtBot) -> None:
    threads: list[QThread] = []
    for signal in (session.rendered, session.history_changed, session.exported, session.previewed):
        signal.connect(lambda *_: threads.append(QThread.currentThread()))
    with qtbot.waitSignal(session.rendered):
        session.apply(Brighten())
    with qtbot.waitSignal(session.previewed):
        session.preview(Brighten(), Box(0, 10, 0, 10))
    assert len(threads) >= 3
    assert all(one is session.thread() for one in threads)


def test_the_screen_shows_the_new_image(session: Session, idle: Wait) -> None:
    old = view(session).display
    stroke(session, Box(10, 30, 40, 60))
    session.apply(Brighten())
    idle(session.jobs)
    assert (shown(view(session).display) == np.floor(image(session) * 255 + 0.5)).all()
    assert (shown(old)[10:30, 40:60] != shown(view(session).display)[10:30, 40:60]).any()
    assert view(session).before is old


def test_undo_and_redo_over_strokes_and_steps(session: Session, idle: Wait) -> None:
    original = image(session)
    stroke(session, Box(10, 20, 40, 50))
    session.apply(Brighten())
    idle(session.jobs)
    brighter = image(session)
    stroke(session, Box(30, 40, 40, 50))
    both = session.selection.array.copy()
    session.undo()
    assert session.selection.array.sum() == 100 * 255
    session.undo()
    idle(session.jobs)
    assert (image(session) == original).all()
    session.undo()
    assert session.selection.is_empty()
    assert not session.history.can_undo and not session.history.unsaved
    session.go_to(3)
    idle(session.jobs)
    assert (image(session) == brighter).all()
    assert (session.selection.array == both).all()


def test_undo_pressed_twice_quickly_goes_two_back(session: Session, idle: Wait) -> None:
    original = image(session)
    for amount in (0.1, 0.2):
        session.apply(Brighten(amount))
        idle(session.jobs)
    session.undo()
    session.undo()
    idle(session.jobs)
    assert session.history.position == 0
    assert (image(session) == original).all()
    session.redo()
    session.redo()
    session.redo()
    idle(session.jobs)
    assert session.history.position == 2


def test_a_cancelled_step_has_changed_nothing(session: Session, qtbot: QtBot, idle: Wait) -> None:
    before = session.view
    session.apply(Slow())
    assert session.jobs.title == "Slow"
    qtbot.wait(30)
    with qtbot.waitSignal(session.jobs.finished, timeout=100):
        session.jobs.cancel()
    qtbot.wait(50)
    assert session.view is before and not session.history.entries


def test_refusals_and_values_out_of_range_are_sentences(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.failed) as told:
        session.apply(Refuse())
    assert told.args == ["Not this one."]
    with qtbot.waitSignal(session.failed) as told:
        session.apply(Brighten(7))
    assert "Amount" in told.args[0]
    assert not session.history.entries


def test_a_turned_photo_takes_its_selection_along_and_back(session: Session, idle: Wait) -> None:
    stroke(session, Box(10, 20, 40, 60))
    before, mask = image(session), session.selection.array.copy()
    session.apply(Turn())
    idle(session.jobs)
    assert image(session).shape == (96, 64, 3)
    assert (session.selection.array == np.rot90(mask)).all()
    assert view(session).before.size == view(session).display.size
    session.apply(Brighten())
    idle(session.jobs)
    assert ((image(session) != np.rot90(before)).any(axis=2) <= (np.rot90(mask) > 0)).all()
    session.go_to(1)
    idle(session.jobs)
    assert (image(session) == before).all()
    assert (session.selection.array == mask).all()
    session.go_to(3)
    idle(session.jobs)
    assert (session.selection.array == np.rot90(mask)).all()


def test_painting_while_the_photo_is_turned_is_not_lost(session: Session, idle: Wait) -> None:
    session.apply(Turn())
    stroke(session, Box(10, 20, 40, 60))
    mask = session.selection.array.copy()
    idle(session.jobs)
    assert (session.selection.array == np.rot90(mask)).all()
    assert [entry.label for entry in session.history.entries] == ["Stroke", "Turn"]


def test_repair_after_a_stroke_empties_the_selection(session: Session, idle: Wait) -> None:
    stroke(session, Box(10, 20, 40, 60))
    session.apply(Brighten(), clear=True)
    idle(session.jobs)
    assert session.selection.is_empty()
    assert (image(session)[10:20, 40:60] != view(session).document.source[10:20, 40:60]).all()
    assert [entry.label for entry in session.history.entries] == ["Brighten"]
    session.undo()
    idle(session.jobs)
    assert session.selection.is_empty()
    assert (image(session) == view(session).document.source).all()
    session.redo()
    idle(session.jobs)
    assert session.selection.is_empty()
    assert (image(session) != view(session).document.source).any()


def test_a_stroke_undone_while_it_is_repaired_stays_unrepaired(session: Session, idle: Wait) -> None:
    stroke(session, Box(10, 20, 40, 60))
    session.apply(Brighten(), clear=True)
    session.undo()
    idle(session.jobs)
    assert (image(session) == view(session).document.source).all()
    assert session.history.position == 0


def test_a_job_that_gives_way_to_another_is_told(session: Session, qtbot: QtBot, idle: Wait) -> None:
    session.apply(Brighten())
    idle(session.jobs)
    session.apply(Slow())
    with qtbot.waitSignal(session.jobs.displaced) as told:
        session.undo()
    assert told.args == ["Slow"]
    idle(session.jobs)


@pytest.mark.parametrize("operation", [Brighten(), Blocks()])
def test_a_preview_is_what_the_step_will_be(session: Session, qtbot: QtBot, idle: Wait, operation: Operation) -> None:
    box = Box(9, 40, 30, 70)
    stroke(session, Box(10, 30, 40, 60))
    with qtbot.waitSignal(session.previewed) as told:
        assert session.preview(operation, box)
    where, display = told.args
    assert where == box and display.size.width() == 40
    assert not session.history.entries[1:]
    session.apply(operation)
    idle(session.jobs)
    assert (shown(display) == shown(view(session).display)[box.slices]).all()


def test_a_preview_of_a_part_measures_the_whole_photo(session: Session, qtbot: QtBot) -> None:
    mean = image(session).mean()
    with qtbot.waitSignal(session.previewed, check_params_cb=lambda _box, display: display is not None) as got:
        assert session.preview(Level(), Box(0, 4, 0, 4))
    assert np.abs(shown(got.args[1]) / 255 - mean).max() < 1 / 255


def test_a_preview_never_stands_in_the_way(session: Session, qtbot: QtBot, idle: Wait) -> None:
    session.apply(Slow())
    assert not session.preview(Brighten(), Box(0, 10, 0, 10))
    assert session.jobs.title == "Slow"
    session.jobs.cancel()
    session.preview(Slow(), Box(0, 10, 0, 10))
    session.apply(Brighten())
    idle(session.jobs)
    assert [entry.label for entry in session.history.entries] == ["Brighten"]


def test_what_is_found_becomes_the_selection_as_one_command(session: Session, qtbot: QtBot, idle: Wait) -> None:
    stroke(session, Box(0, 5, 80, 90))
    with qtbot.waitSignal(session.found) as told:
        session.find(Bright(), None, add=False)
    idle(session.jobs)
    assert told.args == [1]
    assert session.selection.array[30, 20] == 255
    assert session.selection.array.astype(bool).sum() == 40 * 3
    session.undo()
    assert session.selection.array.astype(bool).sum() == 50
    session.find(Bright(), None, add=True)
    idle(session.jobs)
    assert session.selection.array.astype(bool).sum() == 50 + 40 * 3


def test_finding_in_view_leaves_the_rest_of_the_selection(session: Session, idle: Wait) -> None:
    stroke(session, Box(0, 5, 80, 90))
    session.find(Bright(), Box(0, 30, 0, 60), add=False)
    idle(session.jobs)
    found = session.selection.array.astype(bool)
    assert found[0:5, 80:90].all()
    assert found[10:30, 19:22].all() and not found[30:].any()


def test_an_export_changes_only_what_was_repaired(session: Session, qtbot: QtBot, photo: Path, idle: Wait) -> None:
    stroke(session, Box(10, 30, 40, 60))
    session.apply(Brighten())
    idle(session.jobs)
    assert session.history.unsaved
    target = session.default_export_path(Path(), ".png")
    assert target == photo.with_name("old photo restored.png")
    with qtbot.waitSignal(session.exported) as told:
        session.export(target, ExportSettings("png"))
    assert told.args == [target]
    assert not session.history.unsaved
    old, new = np.asarray(Pillow.open(photo)), np.asarray(Pillow.open(target))
    changed = (old != new).any(axis=2)
    assert changed[10:30, 40:60].all() and changed.sum() == 400
    session.undo()
    idle(session.jobs)
    assert session.history.unsaved


def test_a_turned_photo_is_exported_with_its_transparency_turned(qtbot: QtBot, idle: Wait, tmp_path: Path) -> None:
    pixels = np.full((6, 8, 4), 200, np.uint8)
    pixels[0, 0, 3] = 0
    path = tmp_path / "a.png"
    Pillow.fromarray(pixels).save(path)
    session = Session()
    with qtbot.waitSignal(session.opened):
        session.open(path)
    session.apply(Turn())
    idle(session.jobs)
    with qtbot.waitSignal(session.exported):
        session.export(tmp_path / "b.png", ExportSettings("png"))
    assert (np.asarray(Pillow.open(tmp_path / "b.png")) == np.rot90(pixels)).all()
    session.close()


def test_an_export_that_fails_leaves_the_work_unsaved(
    session: Session, qtbot: QtBot, tmp_path: Path, idle: Wait
) -> None:
    session.apply(Brighten())
    idle(session.jobs)
    with qtbot.waitSignal(session.failed):
        session.export(tmp_path / "nowhere" / "a.png", ExportSettings("png"))
    assert session.history.unsaved


def test_the_selection_survives_a_file(session: Session, qtbot: QtBot, tmp_path: Path, idle: Wait) -> None:
    stroke(session, Box(10, 30, 40, 60))
    mask = session.selection.array.copy()
    done: list[None] = []
    session.save_selection(tmp_path / "mask.png", done.append)
    idle(session.jobs)
    assert done == [None]
    session.edit_selection("Clear", np.zeros_like)
    session.load_selection(tmp_path / "mask.png")
    idle(session.jobs)
    assert (session.selection.array == mask).all()


def test_a_pasted_picture_is_opened_with_its_pixels(session: Session, qtbot: QtBot) -> None:
    picture = QImage(5, 3, QImage.Format.Format_RGB32)
    picture.fill(QColor(10, 20, 30))
    picture.setPixelColor(4, 2, QColor(255, 0, 1))
    with qtbot.waitSignal(session.opened):
        session.open_picture(picture, "Pasted picture")
    assert image(session).shape == (3, 5, 3)
    assert list(np.round(image(session)[2, 4] * 255)) == [255, 0, 1]
    assert session.path is None
    assert session.default_export_path(Path("x"), ".png") == Path("x/Pasted picture restored.png")


def test_two_sessions_of_work_do_not_mix(session: Session, qtbot: QtBot, photo: Path, idle: Wait) -> None:
    stroke(session, Box(10, 30, 40, 60))
    session.apply(Slow())
    with qtbot.waitSignal(session.opened):
        session.open(photo)
    assert not session.history.entries and session.selection.is_empty()
    assert (image(session) == frozen(np.asarray(Pillow.open(photo)) / np.float32(255))).all()
