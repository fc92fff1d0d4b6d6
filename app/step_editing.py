"""Changing and removing single steps afterwards, wherever they stand in the history."""

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.history import Entry, own_step
from app.session import Session
from app.step_dialog import StepDialog
from engine.operation import Step


class StepEditing(QObject):
    """The steps after it stay: they are done again on what is before them now."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self.dialog: StepDialog | None = None

    def step_of(self, entry: Entry) -> Step | None:
        """The step of an entry, where the photo still has it and it moves no pixels; None where nothing can be
        changed."""
        view, step = self._session.view, own_step(entry)
        if view is None or step is None or step.operation.moves:
            return None
        return step if any(one is step for one in view.document.steps) else None

    def remove(self, entry: Entry) -> None:
        """Take its step out of the photo."""
        step = self.step_of(entry)
        if step is not None:
            self._session.revise(step, None)

    def change(self, entry: Entry) -> None:
        """Ask for other parameters, or another place, for its step."""
        step = self.step_of(entry)
        if step is None:
            return
        self.dialog = StepDialog(step, self._selection(step), self._window)
        self.dialog.chosen.connect(lambda by: self._session.revise(step, by))
        self.dialog.finished.connect(self.dialog.deleteLater)
        self.dialog.open()

    def _selection(self, step: Step) -> np.ndarray | None:
        """What is selected, where it fits the photo as the step found it."""
        view, selection = self._session.view, self._session.selection
        if view is None or selection.is_empty():
            return None
        steps = list(view.document.steps)
        later = steps[next(index for index, one in enumerate(steps) if one is step) :]
        return None if any(one.operation.moves for one in later) else selection.array.copy()
