"""Single steps are changed and removed afterwards, wherever they stand, and those after them stay."""

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.jobs import Jobs
from app.main_window import MainWindow
from engine import recipe
from engine.image import Box
from engine.operation import Step, apply
from engine.operations.fill import Fill
from engine.operations.median import Median
from tests.app.steps import Turn, image, stroke, view

Wait = Callable[[Jobs], None]
SCRATCH = Box(8, 52, 17, 24)


@pytest.fixture
def restored(opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, idle: Wait) -> MainWindow:
    """After auto restore without a net: cleaned, the scratch found and filled."""
    words = "median damage method=classical sensitivity=0.8 fill method=telea"
    monkeypatch.setitem(recipe.NAMED, "auto", words)  # type: ignore[arg-type]
    with qtbot.waitSignal(opened.auto.told):
        opened.auto.start()
    idle(opened.session.jobs)
    assert labels(opened) == ["Median", "Scratches and dust", "Fill"]
    return opened


def labels(window: MainWindow) -> list[str]:
    return [entry.label for entry in window.session.history.entries]


def go(window: MainWindow, row: int) -> None:
    """To a row of the history with the keys, which does not go back there."""
    window.history.list.setFocus()
    window.history.list.setCurrentRow(row)


def press(window: MainWindow, qtbot: QtBot, idle: Wait, key: Qt.Key) -> None:
    qtbot.keyClick(window.history.list, key)
    idle(window.session.jobs)


def test_cleaning_is_taken_out_from_under_the_repair(restored: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    session = restored.session
    after, fill = image(session), view(session).document.steps[1]
    go(restored, 1)
    press(restored, qtbot, idle, Qt.Key.Key_Delete)
    assert labels(restored)[-1] == "Median removed"
    assert view(session).document.steps == (fill,)
    alone = apply(fill, view(session).document.source)
    assert np.array_equal(image(session), alone) and not np.array_equal(alone, after)
    assert not restored.history.remove.isEnabled()  # the row of the removal is no step
    session.undo()
    idle(session.jobs)
    assert np.array_equal(image(session), after)
    go(restored, 1)
    assert restored.history.remove.isEnabled()


def test_a_step_gets_other_parameters(restored: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    session = restored.session
    clean, fill = view(session).document.steps
    go(restored, 3)
    press(restored, qtbot, idle, Qt.Key.Key_F2)
    dialog = restored.history.editing.dialog
    assert dialog is not None and dialog.form.value() == Fill(method="telea")
    dialog.form.put("method", "harmonic")
    dialog.buttons.button(dialog.buttons.StandardButton.Ok).click()
    idle(session.jobs)
    assert labels(restored)[-1] == "Fill changed"
    steps = view(session).document.steps
    assert steps[0] is clean and steps[1].operation == Fill(method="harmonic") and steps[1].mask is fill.mask
    go(restored, 4)  # as it is now it can be changed once more, as it was no more
    assert restored.history.change.isEnabled()
    go(restored, 3)
    assert not restored.history.change.isEnabled()


def test_nothing_changed_is_no_step(restored: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    before = labels(restored)
    go(restored, 3)
    press(restored, qtbot, idle, Qt.Key.Key_F2)
    dialog = restored.history.editing.dialog
    assert dialog is not None
    change = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
    assert change.width() >= change.sizeHint().width()  # its bold text is not cut
    change.click()
    idle(restored.session.jobs)
    assert not dialog.isVisible() and labels(restored) == before


def test_a_corrected_selection_takes_the_place_of_what_was_found(
    restored: MainWindow, qtbot: QtBot, idle: Wait
) -> None:
    session = restored.session
    session.edit_selection("Clear", np.zeros_like)
    stroke(session, Box(8, 30, 17, 24))
    go(restored, 3)
    press(restored, qtbot, idle, Qt.Key.Key_F2)
    dialog = restored.history.editing.dialog
    assert dialog is not None
    dialog.there.click()
    dialog.buttons.button(dialog.buttons.StandardButton.Ok).click()
    idle(session.jobs)
    mask = view(session).document.steps[1].mask
    assert mask is not None and mask[8:30, 17:24].all() and not mask[30:].any()
    assert image(session)[20, 20].max() < 0.7 < image(session)[45, 20].min()


def test_the_menu_of_a_row_offers_both_and_leaves_the_photo(restored: MainWindow, qtbot: QtBot) -> None:
    rows = restored.history.list
    before = view(restored.session)
    rows.customContextMenuRequested.emit(rows.visualItemRect(rows.item(1)).center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert [action.text() for action in menu.actions() if action.isEnabled()] == ["&Change…", "&Remove"]
    menu.close()
    rows.customContextMenuRequested.emit(rows.visualItemRect(rows.item(2)).center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu) and not any(action.isEnabled() for action in menu.actions())
    menu.close()
    rows.customContextMenuRequested.emit(QPoint(5, 5000))  # below all rows
    assert restored.session.view is before and QApplication.activePopupWidget() is None


def test_what_is_undone_or_moves_the_photo_cannot_be_changed(restored: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    session = restored.session
    session.apply(Turn())
    idle(session.jobs)
    go(restored, 4)
    assert not restored.history.remove.isEnabled()
    go(restored, 3)
    press(restored, qtbot, idle, Qt.Key.Key_Delete)  # before it moved: its place is still known
    document = view(session).document
    assert [step.operation for step in document.steps] == [Median(), Turn()]
    assert np.array_equal(image(session), np.rot90(apply(Step(Median()), document.source)))
    session.go_to(0)
    idle(session.jobs)
    go(restored, 1)
    assert not restored.history.remove.isEnabled()
