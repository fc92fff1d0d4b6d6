"""The panel of samples in the window: keys, what else is shown, drops, new canvases, names and room."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app import samples
from app.jobs import Jobs
from app.main_window import MainWindow
from app.sample_grid import MIME, number_in
from engine.operation import Step, apply
from tests.app.hands import key, paint_scratch
from tests.app.samplers import (
    HOLE,
    Dye,
    Guess,
    drop,
    drop_data,
    labels,
    make,
    red_at,
    seeds,
    select,
    steps,
    wait_for,
)
from tests.app.steps import image

Wait = Callable[[Jobs], None]
KEY = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def empty(window: MainWindow) -> MainWindow:
    """No photo, and the panel of samples offers Dye and Guess."""
    window.show_samples("plate")
    window.samples.what.fill([Dye, Guess])
    window.samples.count.setValue(4)
    return window


@pytest.fixture
def desk(opened: MainWindow) -> MainWindow:
    """The photo of 96 x 64 px, and the panel of samples offers Dye and Guess."""
    opened.show_samples("plate")
    opened.samples.what.fill([Dye, Guess])
    opened.samples.count.setValue(4)
    return opened


def test_escape_stops_the_rest_at_once_and_keeps_those_made(
    desk: MainWindow, qtbot: QtBot, gate: threading.Semaphore
) -> None:
    desk.samples.what.button.click()
    gate.release(2)
    qtbot.waitUntil(lambda: len(desk.sampling.made) == 2)
    qtbot.keyClick(desk, KEY.Key_Escape)
    assert desk.session.jobs.running is None
    assert seeds(desk) == [3, 4] and len(desk.samples.grid.buttons) == 2
    desk.samples.more.click()
    gate.release(100)  # the work that was stopped may take one as well
    wait_for(desk, qtbot, 6)
    assert seeds(desk) == [3, 4, 5, 6, 7, 8]


def test_what_needs_a_selection_waits_for_one(desk: MainWindow, qtbot: QtBot) -> None:
    desk.samples.what.choose("guess")
    assert not desk.samples.what.button.isEnabled() and "Paint" in desk.samples.what.hint.text()
    key(desk, qtbot, KEY.Key_Return)
    assert desk.session.jobs.running is None and not desk.sampling.made
    paint_scratch(desk, qtbot)
    assert desk.samples.what.button.isEnabled()
    make(desk, qtbot)
    assert not desk.samples.alike.isVisible()  # it has no twist


def test_placing_is_one_step_made_of_the_pixels_that_were_seen(desk: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    before = image(desk.session)
    select(desk, HOLE)
    make(desk, qtbot)
    desk.samples.grid.buttons[2].click()
    assert "seed 5" in desk.samples.label.text() and "not yet placed" in desk.samples.label.text()
    assert not desk.actions_by_name["export"].isEnabled()  # which would not export what is seen
    Dye.gate = threading.Semaphore(0)  # nothing is made again
    desk.samples.place.click()
    idle(desk.session.jobs)
    Dye.gate = None
    step = steps(desk)[-1]
    assert np.array_equal(image(desk.session), apply(Step(Dye(seed=5), step.mask), before))
    assert desk.sampling.number == 0 and desk.actions_by_name["export"].isEnabled()
    assert seeds(desk) == [3, 4, 5, 6]  # they stay
    desk.session.undo()
    idle(desk.session.jobs)
    assert np.array_equal(image(desk.session), before)


def test_a_click_on_the_chosen_one_or_escape_hides_it(desk: MainWindow, qtbot: QtBot) -> None:
    select(desk, HOLE)
    make(desk, qtbot)
    before = red_at(desk, 45, 30)
    for hide in (
        lambda: desk.samples.grid.buttons[0].click(),
        lambda: qtbot.keyClick(desk.samples.grid.buttons[0], KEY.Key_Escape),
        lambda: key(desk, qtbot, KEY.Key_Escape),
        lambda: desk.side.show_samples(False),
    ):
        desk.sampling.choose(1)
        assert desk.sampling.is_seen and red_at(desk, 45, 30) == before
        hide()
        assert not desk.sampling.number and red_at(desk, 45, 30) != before
        assert not desk.samples.chosen.isVisible()


def test_enter_on_the_photo_makes_samples_then_places_one(desk: MainWindow, qtbot: QtBot) -> None:
    select(desk, HOLE)
    key(desk, qtbot, KEY.Key_Return)
    wait_for(desk, qtbot, 4)
    assert desk.canvas.hasFocus()
    qtbot.keyClick(desk.canvas, KEY.Key_Return, CONTROL)
    wait_for(desk, qtbot, 8)
    key(desk, qtbot, KEY.Key_Return)
    qtbot.waitUntil(lambda: labels(desk) == ["Stroke", "Dye"])


def test_candidates_for_a_repair_and_samples_are_never_seen_together(desk: MainWindow, qtbot: QtBot) -> None:
    select(desk, HOLE)
    desk.choosing.begin(Dye(), always=True)
    qtbot.waitUntil(lambda: len(desk.choosing.made) == 4)
    make(desk, qtbot)
    assert desk.sampling.is_seen and not desk.choosing.is_open
    desk.choosing.begin(Dye(), always=True)
    qtbot.waitUntil(lambda: len(desk.choosing.made) == 4)
    assert desk.choosing.is_open and not desk.sampling.is_seen


def test_a_sample_dropped_on_the_photo_fills_a_square_around_there(empty: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    with qtbot.waitSignal(empty.session.opened):
        empty.session.open_canvas(500, 800)
    make(empty, qtbot)
    assert drop(empty, 2, 300, 250)
    idle(empty.session.jobs)
    changed = image(empty.session)[..., 0] != 1
    y, x = np.nonzero(changed)
    assert changed.sum() == 256 * 256 == (np.ptp(y) + 1) * (np.ptp(x) + 1)
    assert abs(y.mean() - 250) < 3 and abs(x.mean() - 300) < 3
    assert empty.session.selection.is_empty() and labels(empty) == ["Dye"]
    assert drop(empty, 3, 0, 499)  # in a corner it is moved until it fits
    idle(empty.session.jobs)
    assert (image(empty.session)[-256:, :256, 0] == np.float32(0.5)).all()


def test_files_are_still_dropped_on_the_canvas(desk: MainWindow, qtbot: QtBot, photo: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photo))])
    with qtbot.waitSignal(desk.session.opened):
        assert drop_data(desk.canvas, data, desk.canvas.rect().center())
    data.setData(MIME, b"rubbish")
    assert number_in(data) == 0


def begin_canvas(window: MainWindow, qtbot: QtBot, width: int, height: int) -> None:
    dialog = window.files.canvas_dialog
    assert dialog is not None and dialog.isVisible()
    dialog.width_field.setValue(width)
    dialog.height_field.setValue(height)
    with qtbot.waitSignal(window.session.opened):
        dialog.buttons.button(dialog.buttons.StandardButton.Ok).click()


def test_a_new_canvas_is_white_and_has_the_size_that_was_asked_for(empty: MainWindow, qtbot: QtBot) -> None:
    empty.actions_by_name["new"].trigger()
    begin_canvas(empty, qtbot, 123, 45)
    assert image(empty.session).shape == (45, 123, 3) and (image(empty.session) == 1).all()
    assert empty.windowTitle() == "New canvas — Photomend" and not empty.session.history.unsaved
    empty.actions_by_name["new"].trigger()
    dialog = empty.files.canvas_dialog
    assert dialog is not None and (dialog.width_field.value(), dialog.height_field.value()) == (123, 45)
    dialog.width_field.setValue(30_000)
    dialog.height_field.setValue(30_000)
    assert not dialog.buttons.button(dialog.buttons.StandardButton.Ok).isEnabled() and "300" in dialog.facts.text()


def test_samples_are_made_without_a_photo_and_one_becomes_a_canvas(empty: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    make(empty, qtbot)
    assert not empty.samples.place.isEnabled() and empty.samples.canvas.isEnabled()
    empty.samples.grid.buttons[3].click()
    qtbot.keyClick(empty.samples.grid.buttons[3], KEY.Key_Return)
    begin_canvas(empty, qtbot, 300, 200)
    idle(empty.session.jobs)
    assert image(empty.session).shape == (200, 300, 3) and (image(empty.session) == np.float32(0.6)).all()
    assert labels(empty) == ["Dye"] and empty.session.history.unsaved


def test_a_new_canvas_asks_before_work_is_lost(desk: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    paint_scratch(desk, qtbot)
    make(desk, qtbot)
    monkeypatch.setattr(desk.files, "question", lambda: "cancel")
    desk.samples.canvas.click()
    dialog = desk.files.canvas_dialog
    assert dialog is not None and "Dye" in dialog.filling.text()
    dialog.buttons.button(dialog.buttons.StandardButton.Ok).click()
    assert desk.session.name == "old photo.png" and desk.session.jobs.running is None


def test_the_panel_offers_every_operation_with_a_seed_for_samples(window: MainWindow) -> None:
    engine = window.session.loader.engine
    assert engine is not None
    offered = {window.samples.what.choice.itemData(row) for row in range(window.samples.what.choice.count())}
    assert offered == {word for word, kind in engine.operations.items() if samples.is_sampler(kind)}
    assert {"plate", "imagine"} <= offered and "fill" not in offered


def test_menu_and_search_lead_to_the_panel_and_the_key_back(opened: MainWindow, qtbot: QtBot) -> None:
    opened.panel.show_operation("plate")
    assert opened.side.shows_samples and opened.samples.isVisible() and opened.samples.what.button.hasFocus()
    opened.actions_by_name["samples"].trigger()
    assert opened.panel.isVisible() and opened.canvas.hasFocus()
    opened.actions_by_name["samples"].trigger()
    assert opened.samples.isVisible()
    opened.panel.show_operation("sharpen")
    assert opened.panel.isVisible()  # what was looked for is seen


def test_what_needs_a_selection_offers_no_new_canvas(desk: MainWindow, qtbot: QtBot) -> None:
    """It would refuse to work there, when the photo is gone."""
    make(desk, qtbot)
    assert desk.samples.canvas.isVisible()
    paint_scratch(desk, qtbot)
    desk.samples.what.choose(Guess.id)
    make(desk, qtbot)
    assert desk.samples.chosen.isVisible() and not desk.samples.canvas.isVisible()


def test_where_samples_are_shown_another_operation_can_be_begun_at_once(desk: MainWindow, qtbot: QtBot) -> None:
    make(desk, qtbot)
    desk.samples.grid.take_focus()
    desk.panel.show_operation("plate")
    assert desk.samples.what.button.hasFocus()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_in_the_panel_has_a_name_and_room(desk: MainWindow, qtbot: QtBot, theme: str) -> None:
    desk.use_theme(theme)
    make(desk, qtbot)
    reachable = [
        one
        for one in desk.side.findChildren(QWidget)
        if one.isVisible() and one.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert desk.samples.place in reachable and desk.samples.grid.buttons[0] in reachable
    assert not [one for one in reachable if not QAccessible.queryAccessibleInterface(one).text(QAccessible.Text.Name)]
    for one in desk.samples.findChildren(QPushButton):
        assert not one.isVisible() or one.width() >= one.minimumSizeHint().width(), one.text()


def test_the_tab_key_goes_from_top_to_bottom(opened: MainWindow, qtbot: QtBot) -> None:
    opened.show_samples("plate")
    panel, form = opened.samples, opened.samples.what.form
    assert form is not None
    make(opened, qtbot, panel.count.value())
    wanted = [panel.what.head, panel.what.choice, *form.reached(), panel.what.reset, panel.count, panel.more]
    wanted += [panel.what.button, panel.grid.buttons[0], panel.seed, panel.canvas]
    opened.side.tabs.setFocus()
    seen: list[QWidget | None] = []
    for _ in wanted:
        qtbot.keyClick(QApplication.focusWidget(), KEY.Key_Tab)
        seen.append(QApplication.focusWidget())
    assert seen == wanted


def test_the_help_tells_the_keys(window: MainWindow) -> None:
    keys = dict(window.actions_by_name.keys())
    assert keys["Synthesis"] == "Ctrl+G" and keys["New canvas"] == "Ctrl+N"
