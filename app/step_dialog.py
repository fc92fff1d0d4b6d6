"""The dialog that changes a step which is done already: its parameters, and where it works."""

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from app.form import Form
from app.rendering import as_mask
from engine.errors import RestoreError
from engine.operation import Step


class StepDialog(QDialog):
    """`selection` (uint8) is what the step may work on instead of where it works now; None: it cannot."""

    chosen = Signal(object)  # the Step that shall take its place, where anything about it is different

    def __init__(self, step: Step, selection: np.ndarray | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._step, self._selection = step, selection
        self.setWindowTitle(self.tr("Change “{}”").format(step.operation.title))
        self.form = Form(type(step.operation), self)
        self.form.set_value(step.operation)
        self.form.setVisible(self.form.has_rows())
        self.there = QCheckBox(self.tr("Work on what is selected now"), self)
        self.there.setToolTip(self.tr("Otherwise it goes on working where it does"))
        self.there.setEnabled(selection is not None)
        self.wrong = QLabel(self)
        self.wrong.setObjectName("faint")
        self.wrong.setWordWrap(True)
        self.wrong.hide()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        go_on = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        go_on.setText(self.tr("Change"))
        go_on.setDefault(True)  # now, or it would have no room for its bold text
        self.buttons.accepted.connect(self._choose)
        self.buttons.rejected.connect(self.reject)
        rows = QVBoxLayout(self)
        for one in (self.form, self.there, self.wrong, self.buttons):
            rows.addWidget(one)
        self.setMinimumWidth(380)

    def _choose(self) -> None:
        try:
            operation = self.form.value()
        except RestoreError as error:
            self.wrong.setText(str(error))
            self.wrong.show()
            return
        mask = self._step.mask
        if self.there.isChecked() and self._selection is not None:
            mask = as_mask(self._selection)
        self.accept()
        if operation != self._step.operation or mask is not self._step.mask:
            self.chosen.emit(Step(operation, mask))
