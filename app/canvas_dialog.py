"""The dialog for a new canvas: how large it shall be."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from engine.files import PIXEL_LIMIT
from engine.operation import Operation

_LONGEST = 30_000  # px of a side


class CanvasDialog(QDialog):
    """Width and height in px; `operation` is what will fill the canvas, None for white."""

    chosen = Signal(int, int)  # height, width

    def __init__(self, size: tuple[int, int], operation: Operation | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("New canvas"))
        self.width_field, self.height_field = self._side(size[1]), self._side(size[0])
        self.filling = QLabel(
            self.tr("Filled by “{}”").format(operation.title) if operation else self.tr("Filled with white"), self
        )
        self.facts = QLabel(self)
        self.facts.setObjectName("faint")
        form = QFormLayout()
        form.addRow(self.tr("&Width"), self.width_field)
        form.addRow(self.tr("&Height"), self.height_field)
        form.addRow(self.tr("Content"), self.filling)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        go_on = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        go_on.setText(self.tr("Begin"))
        go_on.setDefault(True)  # now, or it would have no room for its bold text
        self.buttons.accepted.connect(self._choose)
        self.buttons.rejected.connect(self.reject)
        rows = QVBoxLayout(self)
        rows.addLayout(form)
        rows.addWidget(self.facts)
        rows.addWidget(self.buttons)
        self._count()
        self.width_field.selectAll()

    def _side(self, value: int) -> QSpinBox:
        field = QSpinBox(self)
        field.setRange(1, _LONGEST)
        field.setValue(value)
        field.setSuffix(" px")
        field.setGroupSeparatorShown(False)
        field.valueChanged.connect(self._count)
        return field

    def _count(self) -> None:
        """Say how much it is; refuse what is too large for a photo."""
        if not hasattr(self, "buttons"):
            return
        pixels = self.width_field.value() * self.height_field.value()
        fits = pixels <= PIXEL_LIMIT
        words = self.tr("{} megapixels").format(f"{pixels / 1e6:.1f}")
        limit = self.tr("{}: at most {} are possible").format(words, PIXEL_LIMIT // 1_000_000)
        self.facts.setText(words if fits else limit)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(fits)

    def _choose(self) -> None:
        self.accept()
        self.chosen.emit(self.height_field.value(), self.width_field.value())
