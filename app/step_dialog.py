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

    chosen = Signal(object)  # the Step that shall take its place

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
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setText(self.tr("Change"))
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
        self.chosen.emit(Step(operation, mask))
