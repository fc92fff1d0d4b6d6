"""Stepping through what was found: a bar on the canvas that counts the marks, goes to each and removes those that are
none."""

from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel

from app.canvas import Canvas
from app.marks import Mark, find_marks, mark_at, region
from app.session import Session
from app.tool_bar import tool_button

_REST = 200  # ms without a change of the selection before marks are counted again
_GAP = 12  # logical px under the bar
_REACH = 8  # logical px beside a mark that still mean it


class MarksBar(QFrame):
    """Over the lower edge of the canvas; its buttons never take the keys from the canvas."""

    def __init__(self, actions: list[QAction], canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setObjectName("overlay")
        self.label = QLabel(self)
        self.label.setMinimumWidth(self.fontMetrics().horizontalAdvance("Mark 0000 of 0000"))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 4, 3)
        row.setSpacing(2)
        row.addWidget(self.label)
        for action in actions:
            row.addWidget(tool_button(action, self))
        canvas.installEventFilter(self)
        self.hide()

    def tell(self, words: str) -> None:
        self.label.setText(words)
        self.label.setAccessibleName(words)
        self.place()

    def place(self) -> None:
        """At the lower edge, in the middle."""
        self.adjustSize()
        self.move((self._canvas.width() - self.width()) // 2, self._canvas.height() - self.height() - _GAP)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.place()
        return super().eventFilter(watched, event)


class FoundMarks(QObject):
    """The marks of the selection as long as the bar is shown, and which of them is looked at."""

    changed = Signal()  # whether there are marks, or which one is looked at

    def __init__(self, session: Session, canvas: Canvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._canvas = session, canvas
        self._jobs = session.beside("marks")
        self._timer = QTimer(self, singleShot=True, interval=_REST)
        self._timer.timeout.connect(self._count)
        self.bar: MarksBar | None = None
        self.marks: list[Mark] = []
        self.at: int | None = None  # which mark is looked at
        self._active = False
        self._wanted = 0  # steps to be made when the marks are counted
        session.found.connect(lambda places: self.begin() if places else self.end())
        session.repaired.connect(self.end)
        session.opened.connect(self.end)
        session.selection.changed.connect(self._renew)
        canvas.picked.connect(self._pick)

    def make_bar(self, actions: list[QAction]) -> None:
        """The bar with the buttons of these actions."""
        self.bar = MarksBar(actions, self._canvas)

    def begin(self) -> None:
        """Show the bar and count."""
        self._active, self.at = True, None
        self._count()

    def end(self) -> None:
        """No more marks."""
        self._active, self._wanted = False, 0
        self._timer.stop()
        self._jobs.cancel()
        self._take([])

    def step(self, by: int) -> None:
        """Look at the next mark, or the one before; the first where none was looked at."""
        if not self._active:
            self._wanted = by
            self.begin()
        elif self.marks:
            start = self.at if self.at is not None else (-1 if by > 0 else 0)
            self._look_at((start + by) % len(self.marks))

    def remove(self) -> None:
        """Take the mark that is looked at out of the selection, and look at the next one."""
        index = self.at
        if index is not None:
            self._remove(index)
            if self.marks:
                self._look_at(min(index, len(self.marks) - 1))

    def _remove(self, index: int) -> None:
        mark = self.marks.pop(index)
        selection = self._session.selection
        selection.begin(self.tr("Remove mark"))
        selection.paint([(mark.box, region(selection.array, mark) * np.uint8(255))], erase=True)
        selection.commit()
        self._take(self.marks)

    def _pick(self, place: QPoint) -> None:
        reach = max(1, round(_REACH * self._canvas.devicePixelRatioF() / self._canvas.zoom))
        mark = mark_at(self._session.selection.array, self.marks, (place.y(), place.x()), reach)
        if mark is not None:
            index = self.marks.index(mark)
            if self.at is not None and index < self.at:
                self.at -= 1
            elif index == self.at:
                self.at = None
            self._remove(index)

    def _renew(self) -> None:
        if self._active:
            self._timer.start()

    def _count(self) -> None:
        selection = self._session.selection.array.copy()
        self._jobs.start(partial(find_marks, selection), self._arrive)

    def _arrive(self, marks: list[Mark]) -> None:
        seen = self.marks[self.at] if self.at is not None and self.at < len(self.marks) else None
        if self._timer.isActive():
            return  # it has changed since
        self.at = None
        if seen is not None and marks:
            y, x = seen.centre
            far = [abs(mark.centre[0] - y) + abs(mark.centre[1] - x) for mark in marks]
            self.at = far.index(min(far))
        self._take(marks)
        if self._wanted and marks:
            self.step(self._wanted)
        self._wanted = 0

    def _look_at(self, index: int) -> None:
        self.at = index
        self._canvas.look_at(self.marks[index].box)
        self._take(self.marks)

    def _take(self, marks: list[Mark]) -> None:
        """Show these marks, and the one at `at` with a ring."""
        self.marks = marks
        self.at = self.at if self.at is not None and self.at < len(marks) else None
        self._canvas.show_ring(None if self.at is None else marks[self.at].box)
        self._canvas.picks = bool(marks)
        if self.bar is not None:
            self.bar.tell(self._words())
            self.bar.setVisible(bool(marks))
        self.changed.emit()

    def _words(self) -> str:
        count = len(self.marks)
        if self.at is not None:
            return self.tr("Mark {} of {}").format(self.at + 1, count)
        return self.tr("{} marks").format(count) if count != 1 else self.tr("One mark")
