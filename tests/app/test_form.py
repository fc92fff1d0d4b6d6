"""Form: widgets from parameters, for the mouse, the keyboard and screen readers."""

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.form import Form, NumberField
from engine.operations.jpeg import Jpeg
from engine.params import param


@dataclass(frozen=True)
class Recipe:
    amount: float = param(0.5, "Amount", "How much", low=0, high=1)
    radius: int = param(10, "Radius", "How far", low=1, high=1000, unit="px", slider="log")
    method: str = param("slow", "Method", "Which way", choices={"fast": "Fast", "slow": "Slow"})
    careful: bool = param(True, "Careful", "Take care")
    text: str = param("a", "Text")


@pytest.fixture
def form(qtbot: QtBot) -> Form:
    made = Form(Recipe)
    qtbot.addWidget(made)
    made.show()
    return made


def number(form: Form, name: str) -> NumberField:
    found = form.field(name)
    assert isinstance(found, NumberField)
    return found


def test_it_begins_with_the_defaults(form: Form) -> None:
    assert form.value() == Recipe()
    assert form.is_default()


def test_each_kind_of_widget_gives_its_value(form: Form, qtbot: QtBot) -> None:
    with qtbot.waitSignals([form.changed] * 4):
        number(form, "amount").spin.setValue(0.25)
        number(form, "radius").spin.setValue(400)
        combo, box = form.field("method"), form.field("careful")
        assert isinstance(combo, QComboBox) and isinstance(box, QCheckBox)
        combo.setCurrentIndex(0)
        box.click()
    assert form.value() == Recipe(0.25, 400, "fast", False, "a")
    assert not form.is_default()


def test_types_are_those_of_the_dataclass(form: Form) -> None:
    value = form.value()
    assert [type(getattr(value, name)) for name in ("amount", "radius", "method", "careful", "text")] == [
        float,
        int,
        str,
        bool,
        str,
    ]


def test_the_slider_reaches_both_ends_and_follows_the_number(form: Form) -> None:
    field = number(form, "radius")
    field.slider.setValue(0)
    assert form.value().radius == 1
    field.slider.setValue(field.slider.maximum())
    assert form.value().radius == 1000
    field.spin.setValue(32)
    assert abs(field.slider.value() / field.slider.maximum() - 0.5) < 0.01  # logarithmic: the middle of 1..1000


def test_a_number_typed_is_not_rounded_to_the_slider(form: Form) -> None:
    number(form, "amount").spin.setValue(0.333)
    assert form.value().amount == pytest.approx(0.33, abs=0.0035)
    number(form, "radius").spin.setValue(77)
    assert form.value().radius == 77


def test_set_value_and_reset_tell_once(form: Form) -> None:
    told: list[int] = []
    form.changed.connect(lambda: told.append(1))
    form.set_value(Recipe(0.1, 5, "fast", False, "b"))
    assert form.value() == Recipe(0.1, 5, "fast", False, "b")
    form.reset()
    assert form.value() == Recipe()
    form.reset()
    assert len(told) == 2


def test_every_widget_has_a_name_for_screen_readers(form: Form) -> None:
    for one in form.findChildren(QWidget):
        if one.focusPolicy() & Qt.FocusPolicy.TabFocus and one.isVisible():
            interface = QAccessible.queryAccessibleInterface(one)
            assert interface.text(QAccessible.Text.Name), one


def test_help_is_the_tooltip(form: Form) -> None:
    assert form.field("amount").toolTip() == "How much"
    assert number(form, "amount").slider.toolTip() == "How much"
    labels = {one.text(): one.toolTip() for one in form.findChildren(QLabel)}
    assert labels["Radius"] == "How far"


def test_the_keyboard_reaches_and_changes_everything(form: Form, qtbot: QtBot) -> None:
    reached: set[QWidget] = set()
    one: QWidget = number(form, "amount").slider
    one.setFocus()
    for _ in range(20):
        reached.add(one)
        one = one.nextInFocusChain()
    for name in ("method", "careful"):
        assert form.field(name) in reached
    assert number(form, "radius").slider in reached and number(form, "radius").spin in reached
    qtbot.keyClick(number(form, "amount").slider, Qt.Key.Key_Home)
    assert form.value().amount == 0


def test_the_wheel_over_a_slider_without_focus_changes_nothing(form: Form) -> None:
    slider = number(form, "amount").slider
    form.field("method").setFocus()
    place = QPointF(slider.rect().center())
    turn = QWheelEvent(
        place,
        QPointF(slider.mapToGlobal(place)),
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(slider, turn)
    assert form.value().amount == 0.5


@dataclass(frozen=True)
class Measured:
    automatic: bool = param(True, "Measure")
    level: float = param(10.0, "Level", low=0, high=75, unless="automatic")


def test_what_is_measured_is_shown_and_cannot_be_set_until_it_is_no_longer_measured(qtbot: QtBot) -> None:
    form = Form(Measured)
    qtbot.addWidget(form)
    told: list[int] = []
    form.changed.connect(lambda: told.append(1))
    form.show_measured(Measured(False, 22.0))
    assert not told
    assert form.value() == Measured(True, 22.0)
    assert not form.field("level").isEnabled()
    form.set_value(Measured(False, 22.0))
    assert form.field("level").isEnabled()
    form.set_value(Measured(False, 30.0))
    form.show_measured(Measured(False, 5.0))
    assert form.value() == Measured(False, 30.0)
    form.reset()
    assert form.value() == Measured(True, 5.0)


def test_a_quality_that_no_file_tells_is_shown_as_guessed_and_can_be_set(qtbot: QtBot) -> None:
    form = Form(Jpeg)
    qtbot.addWidget(form)
    field = number(form, "quality")
    form.show_measured(Jpeg().informed({"jpeg quality": 84}))
    assert field.spin.text() == "84"
    form.show_measured(Jpeg().informed({}))
    assert field.spin.text() == "guessed" and not field.isEnabled()
    form.set_value(Jpeg(automatic=False))
    assert field.spin.text() == "guessed" and field.isEnabled()
    assert field.spin.width() > field.spin.fontMetrics().horizontalAdvance("guessed")
    field.spin.setValue(30)
    assert form.value() == Jpeg(automatic=False, quality=30) and field.spin.text() == "30"
