"""Retouching: strokes of the tools spot and clone become steps, one after the other, however quickly they come."""

from collections import deque
from typing import TypeAlias

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.operations_panel import OperationsPanel
from app.session import Session
from app.stroke import CloneStroke, Stroke
from engine import params
from engine.errors import RestoreError
from engine.operation import Operation

Due: TypeAlias = tuple[Operation, np.ndarray]  # what to do, and where: uint8 (H, W)


class Retouching(QObject):
    """A spot is repaired as step 3 is set. Strokes wait for those before; stopping the work forgets them."""

    told = Signal(str)  # a sentence on what is missing

    def __init__(
        self,
        session: Session,
        panel: OperationsPanel,
        spot: Stroke,
        clone: CloneStroke,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._panel = session, panel
        self._due: deque[Due] = deque()
        self._working = False
        spot.drawn.connect(self._repair)
        clone.copied.connect(self._copy)
        clone.sourceless.connect(self._ask_source)
        session.jobs.finished.connect(self._forget)
        session.opened.connect(self._forget)

    def _repair(self, mask: np.ndarray) -> None:
        try:
            operation = self._panel.repair.value()
        except RestoreError as error:
            self._session.failed.emit(str(error))
            return
        if isinstance(operation, Operation):
            self._add(operation, mask)

    def _copy(self, mask: np.ndarray, right: int, down: int) -> None:
        engine = self._session.loader.engine
        if engine is not None:
            self._add(params.load(engine.operations["clone"], {"right": right, "down": down}), mask)

    def _ask_source(self) -> None:
        self.told.emit(self.tr("First click with Alt, or with the right button, where to copy from."))

    def _add(self, operation: Operation, mask: np.ndarray) -> None:
        self._due.append((operation, mask))
        if not self._working:
            self._next()

    def _next(self) -> None:
        self._working = bool(self._due)
        if self._due:
            operation, mask = self._due.popleft()
            self._session.apply(operation, selection=mask, then=self._next)

    def _forget(self) -> None:
        self._due.clear()
        self._working = False
