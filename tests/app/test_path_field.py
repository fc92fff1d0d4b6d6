"""The pad for drawn lines: the mouse, the keyboard, and what is shown only where it counts."""

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from app.form import Form
from app.path_field import PathField
from engine.params import param


@dataclass(frozen=True)
class Blur:
    kind: str = param("spot", "Kind", choices={"spot": "Spot", "drawn": "Drawn", "half": "Half drawn"})
    path: str = param("0,0 3,1", "Line", only="kind=drawn,half", drawn=True)


@pytest.fixture
def form(qtbot: QtBot) -> Form:
    made = Form(Blur)
    qtbot.addWidget(made)
    made.show()
    return made


def path(form: Form) -> PathField:
    found = form.field("path")
    assert isinstance(found, PathField)
    return found


def show(form: Form) -> PathField:
    kind = form.field("kind")
    assert isinstance(kind, QComboBox)
    kind.setCurrentIndex(1)
    return path(form)


def test_it_is_seen_only_where_it_counts(form: Form) -> None:
    assert not path(form).isVisible() and form.value() == Blur()
    assert show(form).isVisible() and show(form).pad.isVisible()
    kind = form.field("kind")
    assert isinstance(kind, QComboBox)
    kind.setCurrentIndex(2)
    assert path(form).isVisible()
    form.reset()
    assert not path(form).isVisible()


def test_a_line_is_drawn_with_the_mouse(form: Form, qtbot: QtBot) -> None:
    pad = show(form).pad
    middle = pad.rect().center()
    with qtbot.waitSignal(form.changed):
        qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=middle)
        qtbot.mouseMove(pad, middle + QPoint(15, 0))
        qtbot.mouseMove(pad, middle + QPoint(15, 30))
        qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=middle + QPoint(15, 30))
    assert form.value().path == "0,0 5,0 5,10"  # 3 px of the pad to one of the photo
    picture = pad.grab().toImage()
    ground, ink = picture.pixelColor(5, 5), pad.palette().text().color()
    ratio = picture.devicePixelRatio()
    found = picture.pixelColor(round((middle.x() + 15) * ratio), round((middle.y() + 15) * ratio))
    assert abs(found.lightness() - ink.lightness()) < abs(ground.lightness() - ink.lightness()) / 3


def test_a_click_draws_nothing(form: Form, qtbot: QtBot) -> None:
    qtbot.mouseClick(show(form).pad, Qt.MouseButton.LeftButton)
    assert form.value().path == ""


def test_the_keyboard_can_write_it(form: Form, qtbot: QtBot) -> None:
    field = show(form)
    assert field.line in form.reached()
    field.line.selectAll()
    qtbot.keyClicks(field.line, "0,0 -4,2")
    assert form.value().path == "0,0 -4,2" and field.line.accessibleName() == "Line"
    qtbot.keyClicks(field.line, " x")  # not a point yet
    assert form.value().path == "0,0 -4,2 x"
