"""Form: widgets for any dataclass whose fields are parameters."""

import itertools
import math
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QWidget,
)

from app.path_field import PathField
from engine import params
from engine.params import Param

_STEPS = 200  # positions of a slider


class _Field:
    """One parameter's widget: read it, set it, and be told when the user changes it."""

    def __init__(self, widget: QWidget, get: Callable[[], Any], put: Callable[[Any], None], changed: Any) -> None:
        self.widget, self.get, self.put, self.changed = widget, get, put, changed


class Form(QWidget):
    """One row for each parameter of `cls`: slider and number, choice, check box or text, at their defaults."""

    changed = Signal()

    def __init__(self, cls: type, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cls = cls
        self._params = params.describe(cls)
        self._fields = {one.name: _field(one, self) for one in self._params}
        self._labels: dict[str, QLabel] = {}
        self._measured: object = None
        self._rows = rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setVerticalSpacing(4)
        rows.setHorizontalSpacing(10)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for one in self._params:
            self._add_row(rows, one)
        self._align_numbers()
        for one in self._measurable():
            self._fields[one.unless].changed.connect(self._show_measured)
        self._show_measured()
        for one in self._params:
            if one.only:
                self._fields[one.only.partition("=")[0]].changed.connect(self._show_rows)
        self._show_rows()

    def _show_rows(self) -> None:
        """Only the rows that count for what is chosen."""
        for one in self._params:
            name, _, values = one.only.partition("=")
            if name:
                chosen = self._fields[name].get() in values.split(",")
                self._rows.setRowVisible(self._fields[one.name].widget, chosen)

    def _add_row(self, rows: QFormLayout, one: Param) -> None:
        made = self._fields[one.name]
        made.widget.setObjectName(one.name)
        name_all(made.widget, one.label, one.help)
        made.changed.connect(self.changed)
        if one.kind is bool:
            rows.addRow(made.widget)
            return
        label = QLabel(one.label, self)
        label.setToolTip(one.help)
        label.setBuddy(made.widget.slider if isinstance(made.widget, NumberField) else made.widget)
        self._labels[one.name] = label
        rows.addRow(label, made.widget)

    def _align_numbers(self) -> None:
        """All sliders end at the same place."""
        numbers = [one.widget for one in self._fields.values() if isinstance(one.widget, NumberField)]
        widest = max((one.spin.maximumWidth() for one in numbers), default=0)
        for one in numbers:
            one.spin.setFixedWidth(widest)

    def show_measured(self, obj: object) -> None:
        """Show what was measured, an object of the class, in the fields that are not used while it is measured."""
        self._measured = obj
        self._show_measured()

    def _measurable(self) -> list[Param]:
        return [one for one in self._params if one.unless]

    def _show_measured(self) -> None:
        for one in self._measurable():
            given = not self._fields[one.unless].get()
            for widget in (self._fields[one.name].widget, self._labels[one.name]):
                widget.setEnabled(given)
            if not given and self._measured is not None:
                self._fields[one.name].put(getattr(self._measured, one.name))

    def measures(self) -> bool:
        """Whether there is anything to be measured on a photo."""
        return bool(self._measurable())

    def value(self) -> Any:
        """The dataclass with what is set here. Raises RestoreError where that is out of range."""
        result = self._cls(**{name: one.get() for name, one in self._fields.items()})
        params.check(result)
        return result

    def set_value(self, obj: object) -> None:
        """Show the parameters of `obj`; `changed` comes once, and only where something is different."""
        before = {name: one.get() for name, one in self._fields.items()}
        with QSignalBlocker(self):
            for name, value in params.save(obj).items():
                self._fields[name].put(value)
        if before != {name: one.get() for name, one in self._fields.items()}:
            self.changed.emit()
        self._show_measured()

    def put(self, name: str, value: object) -> None:
        """Show another value of one parameter."""
        if self._fields[name].get() != value:
            self._fields[name].put(value)
            self.changed.emit()

    def reset(self) -> None:
        """Back to the defaults."""
        self.set_value(self._cls())

    def is_default(self) -> bool:
        return all(self._fields[one.name].get() == one.default for one in self._params)

    def has_rows(self) -> bool:
        return bool(self._params)

    def reached(self) -> list[QWidget]:
        """What the Tab key reaches, in the order of the rows."""
        found: list[QWidget] = []
        for one in self._fields.values():
            if isinstance(one.widget, NumberField):
                found += [one.widget.slider, one.widget.spin]
            else:
                found.append(one.widget.line if isinstance(one.widget, PathField) else one.widget)
        return found

    def field(self, name: str) -> QWidget:
        """The widget of a parameter, for the tab order and for tests."""
        return self._fields[name].widget


def name_all(widget: QWidget, name: str, tip: str = "") -> None:
    """Name a widget and those inside it for screen readers, and give them the tooltip."""
    for one in [widget, *widget.findChildren(QWidget)]:
        one.setAccessibleName(name)
        one.setToolTip(tip)
        if tip:
            one.setAccessibleDescription(tip)


def chain(widgets: list[QWidget]) -> None:
    """Let the Tab key go from each to the next; the first stays where it is."""
    for one, following in itertools.pairwise(widgets):
        QWidget.setTabOrder(one, following)


class StillWheel(QObject):
    """Keeps the wheel for scrolling the panel where the widget under it has not the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QWheelEvent) and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False

    @staticmethod
    def on(widget: QWidget) -> None:
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        widget.installEventFilter(StillWheel(widget))


class NumberField(QWidget):
    """A slider and a spin box that show one number between `low` and `high`, or the word `lowest` in place of `low`."""

    changed = Signal()

    def __init__(
        self,
        low: float,
        high: float,
        value: float,
        *,
        whole: bool = False,
        unit: str = "",
        log: bool = False,
        lowest: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._low, self._high, self._log = low, high, log and low > 0
        self.spin = QSpinBox(self) if whole else QDoubleSpinBox(self)
        if isinstance(self.spin, QDoubleSpinBox):
            self.spin.setDecimals(_decimals(high - low))
            self.spin.setRange(low, high)
            self.spin.setSingleStep(10.0 ** -_decimals(high - low) * (5 if high - low <= 2 else 1))
        else:
            self.spin.setRange(round(low), round(high))
        self.spin.setSuffix(f" {unit}" if unit and not unit.startswith("/") else unit)
        self.spin.setSpecialValueText(lowest)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.spin.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.spin.setKeyboardTracking(False)
        self.spin.setFixedWidth(max(64, self.spin.fontMetrics().horizontalAdvance(self._widest()) + 22))
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, min(_STEPS, round(high - low)) if whole and not self._log else _STEPS)
        self.slider.setMinimumWidth(50)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.slider, 1)
        row.addWidget(self.spin)
        for one in (self.slider, self.spin):
            StillWheel.on(one)
        self.set_value(value)
        self.slider.valueChanged.connect(self._slid)
        self.spin.valueChanged.connect(self._typed)

    def _widest(self) -> str:
        decimals = self.spin.decimals() if isinstance(self.spin, QDoubleSpinBox) else 0
        numbers = (f"{one:.{decimals}f}{self.spin.suffix()}" for one in (self._low, self._high))
        return max((*numbers, self.spin.specialValueText()), key=len)

    def value(self) -> float:
        return self.spin.value()

    def set_value(self, value: float) -> None:
        """Show another number; `changed` is not emitted."""
        with QSignalBlocker(self.spin), QSignalBlocker(self.slider):
            self._write(value)
            self.slider.setValue(self._position(self.spin.value()))

    def _write(self, value: float) -> None:
        if isinstance(self.spin, QSpinBox):
            self.spin.setValue(round(value))
        else:
            self.spin.setValue(value)

    def set_limits(self, low: float, high: float) -> None:
        """Another range; the number stays, as far as it is inside."""
        self._low, self._high = low, high
        with QSignalBlocker(self.spin):
            self.spin.setRange(round(low), round(high))
        self.set_value(self.value())

    def _position(self, value: float) -> int:
        share = (value - self._low) / (self._high - self._low)
        if self._log:
            share = math.log(max(value, self._low) / self._low) / math.log(self._high / self._low)
        return round(share * self.slider.maximum())

    def _slid(self, position: int) -> None:
        share = position / max(1, self.slider.maximum())
        value = self._low + share * (self._high - self._low)
        if self._log:
            value = self._low * (self._high / self._low) ** share
        with QSignalBlocker(self.spin):
            self._write(value)
        self.changed.emit()

    def _typed(self) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(self._position(self.spin.value()))
        self.changed.emit()


def _decimals(span: float) -> int:
    """So many that a step of the slider is seen: 1 for a span of 9.5 to 90."""
    return max(0, min(3, 2 - math.floor(math.log10(span) + 0.04))) if span > 0 else 2


def _field(one: Param, parent: QWidget) -> _Field:
    if one.kind is bool:
        box = QCheckBox(one.label, parent)
        box.setChecked(bool(one.default))
        return _Field(box, box.isChecked, box.setChecked, box.toggled)
    if one.choices:
        return _choice(one, parent)
    if one.kind in (int, float) and one.low is not None and one.high is not None:
        number = NumberField(
            one.low,
            one.high,
            float(one.default),
            whole=one.kind is int,
            unit=one.unit,
            log=one.slider == "log",
            lowest=one.lowest,
            parent=parent,
        )
        kind = one.kind
        return _Field(number, lambda: kind(number.value()), number.set_value, number.changed)
    if one.kind is not str:
        raise TypeError(f"the parameter {one.name} has no range")
    if one.drawn:
        path = PathField(str(one.default), parent)
        return _Field(path, path.line.text, path.line.setText, path.changed)
    line = QLineEdit(str(one.default), parent)
    return _Field(line, line.text, line.setText, line.textChanged)


def _choice(one: Param, parent: QWidget) -> _Field:
    box = QComboBox(parent)
    for value, text in one.choices.items():
        box.addItem(text, value)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    box.setCurrentIndex(box.findData(one.default))
    StillWheel.on(box)
    return _Field(
        box,
        lambda: box.currentData(),
        lambda value: box.setCurrentIndex(box.findData(value)),
        box.currentIndexChanged,
    )
