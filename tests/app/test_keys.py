"""The keys of the window as a keyboard sends them: none means two things, and menus keep theirs."""

import itertools

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from tests.app.hands import key

_SHIFTED = {"Shift+[": "{", "Shift+]": "}", "Shift+/": "?", "Shift+=": "+", "Shift+-": "_", "Shift+;": ":"}


def test_no_key_means_two_things(window: MainWindow) -> None:
    """Qt does nothing at all where a pressed key fits two sequences, even of one action."""
    sequences = [
        (_SHIFTED.get(sequence.toString(), sequence.toString()), action.objectName())
        for action in {*window.actions(), *window.canvas.actions()}
        for sequence in action.shortcuts()
    ]
    pairs = itertools.combinations(sorted(sequences), 2)
    assert [pair for pair in pairs if pair[0][0] == pair[1][0]] == []
    assert len(sequences) > 40


@pytest.mark.parametrize(("pressed", "hardness"), [(Qt.Key.Key_BraceLeft, 0.4), (Qt.Key.Key_BraceRight, 0.6)])
def test_braces_change_the_hardness(opened: MainWindow, qtbot: QtBot, pressed: Qt.Key, hardness: float) -> None:
    opened.canvas.set_brush(9, 0.5)
    key(opened, qtbot, pressed)
    assert opened.canvas.hardness == hardness
    assert QKeySequence(pressed).toString() in opened.options.hardness_field.toolTip()


def test_letters_are_for_the_menu_that_is_open(opened: MainWindow, qtbot: QtBot) -> None:
    opened.canvas.setFocus()
    menu = QMenu(opened)
    menu.addAction("&Polygon")
    menu.popup(opened.mapToGlobal(opened.rect().center()))
    qtbot.waitUntil(menu.isVisible)
    qtbot.keyClick(opened.canvas, Qt.Key.Key_P)  # what the system's event asks first
    assert opened.canvas.tool == "brush"
    menu.close()
    qtbot.waitUntil(lambda: not menu.isVisible())
    qtbot.keyClick(opened.canvas, Qt.Key.Key_P)
    assert opened.canvas.tool == "polygon"


def test_full_screen_and_back_leaves_the_window_as_it_was(opened: MainWindow, qtbot: QtBot) -> None:
    opened.showMaximized()
    qtbot.waitUntil(opened.isMaximized)
    for full in (True, False):
        opened.actions_by_name["full-screen"].trigger()
        qtbot.wait(20)
        assert opened.isFullScreen() is full
    assert opened.isMaximized()
