"""The tools at the left edge and, over the canvas, the options of the brush."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.form import NumberField, name_all


class ToolColumn(QWidget):
    """Buttons for actions, from top to bottom; None makes a gap."""

    def __init__(self, actions: list[QAction | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tools")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(6, 8, 6, 8)
        rows.setSpacing(2)
        for action in actions:
            if action is None:
                line = QFrame(self)
                line.setFrameShape(QFrame.Shape.HLine)
                line.setFrameShadow(QFrame.Shadow.Plain)
                line.setForegroundRole(self.foregroundRole().Mid)
                rows.addWidget(line)
                continue
            rows.addWidget(tool_button(action, self))
        rows.addStretch(1)
        self.setFixedWidth(48)


def tool_button(action: QAction, parent: QWidget) -> QToolButton:
    """A button with the icon of an action; its name and key in the tooltip and for screen readers."""
    button = QToolButton(parent)
    button.setDefaultAction(action)
    button.setIconSize(QSize(20, 20))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(action.text().replace("&", ""))
    return button


class BrushOptions(QWidget):
    """Size, hardness, whether each stroke is repaired at once, and the commands on the selection.

    Where there is little room the sliders go first, then the names of the numbers.
    """

    brush_changed = Signal(float, float)  # size in px of the photo, hardness 0..1
    repair_toggled = Signal(bool)

    def __init__(self, selection_menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("options")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.size_field = NumberField(1, 1000, 40, whole=True, unit="px", log=True)
        name_all(self.size_field, self.tr("Brush size"), self.tr("Diameter in pixels of the photo ( [ and ] )"))
        self.hardness_field = NumberField(0, 100, 80, whole=True, unit="%")
        name_all(self.hardness_field, self.tr("Brush hardness"), self.tr("How sharp the edge is ( { and } )"))
        self.repair = QCheckBox(self.tr("Repair after each stroke"), self)
        self.repair.setToolTip(self.tr("Each finished stroke is repaired at once with the settings of step 3"))
        self.selection_button = QToolButton(self)
        self.selection_button.setText(self.tr("Selection"))
        self.selection_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.selection_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.selection_button.setMenu(selection_menu)
        self.selection_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.selection_button.setToolTip(self.tr("Invert, clear, grow, shrink, feather, load and save the selection"))
        self.selection_button.setObjectName("menuButton")
        self._row = row = QHBoxLayout(self)
        self._names: list[QLabel] = []
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(8)
        for text, field in ((self.tr("Size"), self.size_field), (self.tr("Hardness"), self.hardness_field)):
            label = QLabel(text, self)
            label.setBuddy(field.slider)
            self._names.append(label)
            row.addWidget(label)
            row.addWidget(field, 1)
            row.addSpacing(6)
            field.setMaximumWidth(230)
            field.changed.connect(self._tell)
        row.addWidget(self.repair)
        row.addStretch(1)
        row.addWidget(self.selection_button)
        self.repair.toggled.connect(self.repair_toggled)
        self._least = self._fit(0)  # px of width

    def _fit(self, width: int) -> int:
        """Show as much as `width` has room for; the width that it takes at least."""
        fields = (self.size_field, self.hardness_field)
        for sliders, names in ((True, True), (False, True), (False, False)):
            for field in fields:
                field.slider.setVisible(sliders)
                field.updateGeometry()
            for label in self._names:
                label.setVisible(names)
            if self._row.minimumSize().width() <= width:
                break
        return self._row.minimumSize().width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit(event.size().width())
        super().resizeEvent(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._least, super().sizeHint().height())

    def show_brush(self, size: float, hardness: float, largest: float) -> None:
        """The brush of the canvas changed."""
        self.size_field.set_limits(1, max(2, largest))
        self.size_field.set_value(size)
        self.hardness_field.set_value(100 * hardness)

    def _tell(self) -> None:
        self.brush_changed.emit(float(self.size_field.value()), self.hardness_field.value() / 100)
