"""Work in the window through its real widgets: paint, apply, cancel, undo, compare, find, export."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QCheckBox, QMenu
from pytestqt.qtbot import QtBot

from app.form import NumberField
from app.jobs import Jobs
from app.main_window import MainWindow
from engine.errors import RestoreError
from engine.operations.denoise import Denoise
from engine.operations.fill import Fill
from engine.progress import Progress
from tests.app.hands import at, key, paint_scratch, press_enter_in_the_dialog
from tests.app.steps import Brighten, Gauge, Soften

Wait = Callable[[Jobs], None]
LEFT = Qt.MouseButton.LeftButton


def test_paint_repair_undo_export(opened: MainWindow, qtbot: QtBot, idle: Wait, photo: Path) -> None:
    session = opened.session
    paint_scratch(opened, qtbot)
    assert [entry.label for entry in session.history.entries] == ["Brush stroke"]
    assert opened.windowTitle().startswith("old photo.png*")
    key(opened, qtbot, Qt.Key.Key_Return)
    idle(session.jobs)
    assert [entry.label for entry in session.history.entries] == ["Brush stroke", "Fill"]
    assert not opened.actions_by_name["tint"].isChecked()  # the result is to be seen
    qtbot.keyClick(opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    idle(session.jobs)
    assert session.history.position == 1
    qtbot.keyClick(opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    idle(session.jobs)
    qtbot.keyClick(opened, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(session.exported):
        press_enter_in_the_dialog(opened, qtbot)
    old, new = np.asarray(Pillow.open(photo)), np.asarray(Pillow.open(photo.with_name("old photo restored.png")))
    outside = session.selection.array == 0
    assert (old[outside] == new[outside]).all()
    assert abs(new[15:45, 20].astype(int) - old[15:45, 30]).mean() < 20 < abs(old[15:45, 20].astype(int) - 85).mean()
    assert opened.windowTitle() == "old photo.png — Photomend"
    assert "old photo restored.png" in opened.message.text.text()


def test_the_history_list_goes_there(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    paint_scratch(opened, qtbot)
    key(opened, qtbot, Qt.Key.Key_Return)
    idle(opened.session.jobs)
    rows = opened.history.list
    assert [rows.item(row).text() for row in range(rows.count())] == ["Photo as opened", "Brush stroke", "Fill"]
    qtbot.mouseClick(rows.viewport(), LEFT, pos=rows.visualItemRect(rows.item(0)).center())
    idle(opened.session.jobs)
    assert opened.session.history.position == 0
    assert opened.session.selection.is_empty()
    assert rows.currentRow() == 0 and rows.count() == 3
    qtbot.mouseClick(rows.viewport(), LEFT, pos=rows.visualItemRect(rows.item(2)).center())
    idle(opened.session.jobs)
    assert opened.session.history.position == 2 and not opened.session.selection.is_empty()


def test_a_job_shows_itself_and_escape_stops_it(opened: MainWindow, qtbot: QtBot) -> None:
    def endless(progress: Progress) -> None:
        while True:
            progress(0.4)

    before = opened.session.view
    opened.session.jobs.start(endless, pytest.fail, "Working")
    qtbot.waitUntil(lambda: opened.status.bar.value() == 400)
    assert opened.status.job.isVisible() and opened.status.title.text() == "Working"
    assert opened.isEnabled() and QApplication.activeModalWidget() is None
    qtbot.waitUntil(lambda: opened.status.left.text() != "", timeout=5000)
    qtbot.keyClick(opened, Qt.Key.Key_Escape)
    assert opened.session.jobs.running is None
    assert not opened.status.job.isVisible()
    assert opened.session.view is before


def test_what_cannot_begin_stops_nothing(opened: MainWindow, qtbot: QtBot) -> None:
    def endless(progress: Progress) -> None:
        while True:
            progress(0.4)

    opened.session.jobs.start(endless, pytest.fail, "Scratches and dust")
    running = opened.session.jobs.running
    key(opened, qtbot, Qt.Key.Key_Return)
    assert "needs a selection" in opened.message.text.text() and opened.message.isVisible()
    assert opened.session.jobs.running == running
    opened.session.jobs.cancel()


def test_the_cancel_button_stops_the_job(opened: MainWindow, qtbot: QtBot) -> None:
    def endless(progress: Progress) -> None:
        while True:
            progress(0.4)

    opened.session.jobs.start(endless, pytest.fail, "Working")
    qtbot.mouseClick(opened.status.cancel, LEFT)
    assert opened.session.jobs.running is None


def test_a_refusal_is_a_sentence_that_blocks_nothing(opened: MainWindow, qtbot: QtBot) -> None:
    def refuse(_progress: Progress) -> None:
        raise RestoreError("The photo is too small.")

    with qtbot.waitSignal(opened.session.jobs.finished):
        opened.session.jobs.start(refuse, pytest.fail, "Working")
    assert opened.message.isVisible() and opened.message.text.text() == "The photo is too small."
    assert QApplication.activeModalWidget() is None
    qtbot.mouseClick(opened.message.close_button, LEFT)
    assert not opened.message.isVisible()


def test_repair_needs_a_selection(opened: MainWindow, qtbot: QtBot) -> None:
    assert not opened.panel.repair.button.isEnabled()
    assert not opened.panel.repair.hint.isHidden()
    paint_scratch(opened, qtbot)
    assert opened.panel.repair.button.isEnabled()
    assert opened.panel.repair.hint.isHidden()


def test_a_repair_that_finds_damage_by_itself_needs_no_selection(opened: MainWindow) -> None:
    repair = opened.panel.repair
    repair.fill([Fill, Brighten])
    assert not repair.button.isEnabled()
    repair.choose(Brighten.id)
    assert repair.button.isEnabled() and repair.hint.isHidden()
    repair.choose(Fill.id)
    assert not repair.button.isEnabled() and not repair.hint.isHidden()


def test_repair_after_each_stroke(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    opened.options.repair.click()
    paint_scratch(opened, qtbot)
    idle(opened.session.jobs)
    assert [entry.label for entry in opened.session.history.entries] == ["Fill"]
    assert opened.session.selection.is_empty()


def test_what_is_erased_is_no_reason_to_repair(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    paint_scratch(opened, qtbot)
    opened.options.repair.click()
    for button, tool, y in ((Qt.MouseButton.RightButton, "brush", 12), (LEFT, "eraser", 45)):
        opened.actions_by_name[tool].trigger()
        qtbot.mouseClick(opened.canvas, button, pos=at(opened, 20, y))
        idle(opened.session.jobs)
    assert [entry.label for entry in opened.session.history.entries] == ["Brush stroke", *["Eraser stroke"] * 2]
    assert not opened.session.selection.is_empty() and not opened.message.isVisible()
    opened.actions_by_name["brush"].trigger()
    qtbot.mouseClick(opened.canvas, LEFT, pos=at(opened, 20, 12))
    idle(opened.session.jobs)
    assert opened.session.history.entries[-1].label == "Fill"


def test_single_letters_choose_tools_only_on_the_canvas(opened: MainWindow, qtbot: QtBot) -> None:
    for one, tool in (("E", "eraser"), ("L", "lasso"), ("R", "rectangle"), ("P", "polygon"), ("B", "brush")):
        key(opened, qtbot, Qt.Key(ord(one)))
        assert opened.canvas.tool == tool
        assert opened.actions_by_name[tool].isChecked()
    opened.panel.search.setFocus()
    qtbot.keyClicks(opened.panel.search, "median")
    assert opened.panel.search.text() == "median"
    assert opened.canvas.tool == "brush"


def test_keys_of_selection_and_view(opened: MainWindow, qtbot: QtBot) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    paint_scratch(opened, qtbot)
    painted = opened.session.selection.array.astype(bool).sum()
    qtbot.keyClick(opened, Qt.Key.Key_G, control | Qt.KeyboardModifier.ShiftModifier)
    assert opened.session.selection.array.astype(bool).sum() > painted
    qtbot.keyClick(opened, Qt.Key.Key_I, control)
    assert opened.session.selection.array[0, 0] == 255
    qtbot.keyClick(opened, Qt.Key.Key_D, control)
    assert opened.session.selection.is_empty()
    assert len(opened.session.history.entries) == 4
    qtbot.keyClick(opened, Qt.Key.Key_1, control)
    assert opened.canvas.zoom == 1 and opened.status.zoom.text() == "100 %"
    key(opened, qtbot, Qt.Key.Key_Y)
    assert opened.canvas.comparing()
    key(opened, qtbot, Qt.Key.Key_Q)
    assert not opened.actions_by_name["tint"].isChecked()


def test_the_tint_is_back_when_the_repair_is_undone(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    tint, session = opened.actions_by_name["tint"], opened.session
    paint_scratch(opened, qtbot)
    key(opened, qtbot, Qt.Key.Key_Return)
    idle(session.jobs)
    assert not tint.isChecked()
    for command, shown in ((session.undo, True), (session.redo, False)):
        command()
        idle(session.jobs)
        assert tint.isChecked() is shown
    session.apply(Brighten(), selection=np.zeros_like(session.selection.array))
    idle(session.jobs)
    assert not tint.isChecked()  # nothing to do with the selection
    key(opened, qtbot, Qt.Key.Key_Q, Qt.Key.Key_Q)
    session.undo()
    idle(session.jobs)
    assert not tint.isChecked()  # as it was wanted


def test_painting_shows_the_tint_again(opened: MainWindow, qtbot: QtBot) -> None:
    key(opened, qtbot, Qt.Key.Key_Q)
    paint_scratch(opened, qtbot)
    assert opened.actions_by_name["tint"].isChecked()


def test_the_brush_and_its_options_follow_each_other(opened: MainWindow, qtbot: QtBot) -> None:
    opened.options.size_field.spin.setValue(12)
    assert opened.canvas.brush_size == 12
    key(opened, qtbot, Qt.Key.Key_BracketRight)
    assert opened.options.size_field.value() == round(opened.canvas.brush_size) > 12
    assert opened.options.size_field.spin.maximum() == 24  # a quarter of the photo


def test_the_pixel_under_the_mouse_has_the_values_of_the_file(opened: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseMove(opened.canvas, at(opened, 40, 30))
    opened.canvas.pointed.emit(QPoint(40, 30))
    assert opened.status.pixel.text().split() == ["40,", "30", "100", "70", "125"]


def test_hold_to_compare(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    paint_scratch(opened, qtbot)
    key(opened, qtbot, Qt.Key.Key_Return)
    idle(opened.session.jobs)
    key(opened, qtbot, Qt.Key.Key_Q)
    key(opened, qtbot, Qt.Key.Key_Q)
    place = at(opened, 20, 30)
    repaired = opened.canvas.grab().toImage().pixelColor(place)
    qtbot.keyPress(opened.canvas, Qt.Key.Key_Backslash)
    assert opened.canvas.grab().toImage().pixelColor(place) == QColor(250, 250, 250)
    qtbot.keyRelease(opened.canvas, Qt.Key.Key_Backslash)
    assert opened.canvas.grab().toImage().pixelColor(place) == repaired != QColor(250, 250, 250)


def test_the_detector_s_find_becomes_the_selection(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    assert opened.panel.damage.form is not None
    opened.panel.damage.form.set_value(replace(opened.panel.damage.value(), method="classical", sensitivity=0.8))
    key(opened, qtbot, Qt.Key.Key_D)
    assert opened.session.jobs.title
    idle(opened.session.jobs)
    assert opened.session.view is not None
    expected = opened.panel.damage.value().detect(opened.session.view.image, Progress())
    assert expected.any()
    assert (opened.session.selection.array == np.rint(expected * 255)).all()


def test_what_was_found_is_told(opened: MainWindow) -> None:
    opened.session.found.emit(3)
    assert "3 places" in opened.status.currentMessage()
    opened.session.found.emit(0)
    assert "Nothing was found" in opened.message.text.text()


def test_nothing_is_exported_while_a_job_runs(opened: MainWindow, qtbot: QtBot) -> None:
    assert opened.export_button.isEnabled()
    key(opened, qtbot, Qt.Key.Key_D)
    assert not opened.export_button.isEnabled()
    assert not opened.actions_by_name["export"].isEnabled()
    opened.session.jobs.cancel()
    assert opened.export_button.isEnabled()


def test_every_operation_is_one_search_away(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    opened.panel.search.setFocus()
    opened.panel.search.setText("rotate")
    qtbot.keyClick(opened.panel.search, Qt.Key.Key_Return)
    assert opened.panel.other.isVisible() and opened.panel.other.button.isVisible()
    opened.panel.other.button.click()
    idle(opened.session.jobs)
    assert opened.session.view is not None and opened.session.view.image.shape == (96, 64, 3)
    assert "64 × 96" in opened.header.facts.text()
    operations = opened.menuBar().findChild(QMenu, "operations")
    assert isinstance(operations, QMenu)
    listed = {action.text() for menu in operations.findChildren(QMenu) for action in menu.actions()}
    engine = opened.session.loader.engine
    assert engine is not None and listed == {f"{kind.title}…" for kind in engine.operations.values()}


def test_the_preview_follows_the_form_and_goes_when_it_is_off(opened: MainWindow, qtbot: QtBot) -> None:
    section = opened.panel.noise
    section.choose("median")
    with qtbot.waitSignal(opened.session.previewed, check_params_cb=lambda _box, display: display is not None):
        section.preview.click()
    assert section.preview.text() == "Preview"
    with qtbot.waitSignal(opened.session.previewed, check_params_cb=lambda _box, display: display is not None):
        section.edited.emit()
    with qtbot.waitSignal(opened.session.previewed, check_params_cb=lambda _box, display: display is None):
        section.preview.click()
    assert not opened.session.history.entries


def test_what_is_applied_is_not_previewed_once_more(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    section = opened.panel.noise
    section.choose("median")
    with qtbot.waitSignal(opened.session.previewed, check_params_cb=lambda _box, display: display is not None):
        section.preview.click()
    shown: list[object] = []
    opened.session.previewed.connect(lambda _box, display: shown.append(display))
    section.button.click()
    idle(opened.session.jobs)
    qtbot.wait(300)
    assert not section.preview.isChecked() and not any(shown)
    assert len(opened.session.history.entries) == 1


def test_the_measured_noise_is_shown(opened: MainWindow, qtbot: QtBot) -> None:
    assert opened.panel.noise.form is not None and opened.session.view is not None
    level = opened.panel.noise.form.field("sigma")
    assert not level.isEnabled()
    measured = Denoise().settle(opened.session.view.image).sigma
    assert isinstance(level, NumberField)
    qtbot.waitUntil(lambda: level.value() == round(measured, 1) != 10)
    assert opened.panel.noise.value().automatic


def test_without_measuring_the_measured_noise_is_where_it_begins(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    noisy = 100 + np.random.default_rng(0).normal(0, 12.6, (80, 80, 3)).astype(np.float32)
    Pillow.fromarray(noisy.astype(np.uint8)).save(tmp_path / "noisy.png")
    form, session = window.panel.noise.form, window.session
    with qtbot.waitSignal(session.measured):
        window.files.open(tmp_path / "noisy.png")
    assert form is not None and session.view is not None
    measured = Denoise().settle(session.view.image).sigma
    automatic = form.field("automatic")
    assert isinstance(automatic, QCheckBox)
    automatic.click()
    value = window.panel.noise.value()
    assert not value.automatic and 0 < value.sigma != 10 and value.sigma == pytest.approx(measured, abs=0.05)
    with qtbot.waitSignal(session.measured):  # of the photo that another step has made
        session.apply(Soften())
    assert window.panel.noise.value() == value  # what is set by hand stays
    automatic.click()
    again = window.panel.noise.value().sigma
    assert again == pytest.approx(Denoise().settle(session.view.image).sigma, abs=0.05) and again != value.sigma


def test_what_any_section_can_measure_is_measured_once_for_each_photo(opened: MainWindow, qtbot: QtBot) -> None:
    told: list[object] = []
    opened.session.measured.connect(told.append)
    opened.panel.other.fill([Gauge])
    opened.panel.other.choose(Gauge.id)
    assert opened.panel.other.form is not None and opened.session.view is not None
    level = opened.panel.other.form.field("level")
    mean = float(opened.session.view.image.mean())
    assert isinstance(level, NumberField)
    qtbot.waitUntil(lambda: level.value() == pytest.approx(mean, abs=0.01))
    opened.panel.other.edited.emit()
    opened.panel.noise.edited.emit()
    qtbot.wait(450)
    assert sorted(type(one).__name__ for one in told) == ["Denoise", "Gauge"]


def test_the_photo_is_cropped_to_what_is_selected(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    crop = opened.actions_by_name["crop"]
    assert not crop.isEnabled()
    mask = np.zeros((64, 96), np.uint8)
    mask[10:30, 40:70] = 255
    opened.session.selection.set_mask(mask, "Rectangle")
    assert opened.session.view is not None
    before = opened.session.view.image
    crop.trigger()
    idle(opened.session.jobs)
    assert np.array_equal(opened.session.view.image, before[10:30, 40:70])
    opened.actions_by_name["undo"].trigger()
    idle(opened.session.jobs)
    assert np.array_equal(opened.session.view.image, before)
    assert np.array_equal(opened.session.selection.array, mask)


def test_after_apply_the_keys_are_those_of_the_canvas(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    section = opened.panel.noise
    section.choose("median")
    section.button.setFocus()
    qtbot.keyClick(section.button, Qt.Key.Key_Space)
    assert opened.focusWidget() is opened.canvas
    idle(opened.session.jobs)
    qtbot.keyClick(opened.focusWidget(), Qt.Key.Key_Space)
    idle(opened.session.jobs)
    assert len(opened.session.history.entries) == 1
