"""Choosing among candidates: they come one by one, are looked at in place, and one of them becomes the step."""

from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent

from app import candidates
from app.candidate_strip import CandidateStrip
from app.candidates import Candidate, seed_of, with_seed
from app.canvas import Canvas
from app.display import Display
from app.durations import NOWHERE
from app.rendering import View
from app.session import Session
from engine import params
from engine.errors import RestoreError
from engine.operation import Operation

COUNT = 4  # made at a time

_KEY = Qt.Key


class Choosing(QObject):
    """From `begin` until one is accepted, or left. Where seeds do not matter the operation is applied at once."""

    changed = Signal()  # it was begun, or has ended
    told = Signal(str)  # a sentence on candidates that are lost

    def __init__(self, session: Session, canvas: Canvas, strip: CandidateStrip, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._canvas, self._strip = session, canvas, strip
        self._operation: Operation | None = None  # of which candidates are made; None: none are
        self._view: View | None = None
        self._selection = np.zeros((0, 0), np.uint8)
        self._due: list[int] = []  # seeds of those that are still to be made
        self._job = 0
        self.made: list[Candidate] = []
        self.aside: set[int] = set()  # numbers of those that were rejected
        self.number = 0  # of the one that is seen; 0: the photo without repair
        strip.chosen.connect(self.choose)
        strip.accepted.connect(self.accept)
        strip.rejected.connect(self.reject)
        strip.more_wanted.connect(self.more)
        strip.left.connect(self.leave)
        canvas.installEventFilter(self)
        session.history_changed.connect(self._outdate)
        session.rendered.connect(self._outdate)
        session.opened.connect(self._close)
        session.jobs.finished.connect(self._stopped)

    @property
    def is_open(self) -> bool:
        return self._operation is not None

    def begin(self, operation: Operation, always: bool = False) -> None:
        """Candidates of an operation for the selection; the step itself where they would be alike, unless `always`."""
        session, view = self._session, self._session.view
        self._close()
        if view is None:
            return
        try:
            params.check(operation)
        except RestoreError as error:
            session.failed.emit(str(error))
            return
        selection = session.selection.array.copy()
        if not candidates.has_seed(operation) or not selection.any():
            session.apply(operation)
            return
        session.stop_preview()

        def go_on(varied: bool) -> None:
            self._open(operation, view, selection) if varied else session.apply(operation)

        if always:
            go_on(True)
        else:
            work = partial(candidates.varies, view, operation, selection)
            session.jobs.start(work, go_on, operation.title)

    def _open(self, operation: Operation, view: View, selection: np.ndarray) -> None:
        self._operation, self._view, self._selection = operation, view, selection
        self.made, self.aside, self.number = [], set(), 0
        self._strip.clear()
        self._strip.show()
        self._show()
        self.changed.emit()
        self.more()

    def more(self) -> None:
        """Four more, with the next seeds."""
        if self._operation is None:
            return
        first = seed_of(self._operation) + len(self.made) + len(self._due)
        idle = not self._due
        self._due += [first + index for index in range(COUNT)]
        self._strip.expect(COUNT)
        if idle:
            self._make_next()

    def _make_next(self) -> None:
        if self._operation is None or self._view is None or not self._due:
            return
        operation = with_seed(self._operation, self._due[0])
        title = self.tr("Candidate {} of {}").format(len(self.made) + 1, len(self.made) + len(self._due))
        work = partial(candidates.make, self._view, operation, self._selection)
        expected = self._session.expected(operation)
        self._job = self._session.jobs.start(work, self._arrive, title, expected=expected)

    def _arrive(self, candidate: Candidate) -> None:
        if self._operation is None:
            return
        del self._due[:1]
        self.made.append(candidate)
        number = len(self.made)
        self._strip.show_candidate(number, candidate, False)
        if number == 1:
            self.choose(1)  # nobody need wait for the others
        self._make_next()

    def _stopped(self) -> None:
        """Nothing runs any more: those still due were cancelled, or refused."""
        if self._operation is not None and self._due:
            self._due = []
            self._strip.forget_expected()
            if not self.made:
                self._close()

    def choose(self, number: int) -> None:
        """See this one in the photo; 0: none."""
        if self.is_open and number <= len(self.made):
            self.number = number
            self._show()

    def step(self, by: int) -> None:
        """See the next or the one before, of those not put aside."""
        numbers = [one for one in range(len(self.made) + 1) if one not in self.aside or one == self.number]
        self.choose(numbers[(numbers.index(self.number) + by) % len(numbers)])

    def reject(self) -> None:
        """Put the one that is seen aside and see the next; one that was put aside is taken back."""
        number = self.number
        if number == 0:
            return
        self.aside ^= {number}
        self._strip.show_candidate(number, self.made[number - 1], number in self.aside)
        left = [one for one in range(1, len(self.made) + 1) if one not in self.aside]
        following = next((one for one in left if one > number), left[-1] if left else 0)
        self.choose(following if number in self.aside else number)

    def accept(self) -> None:
        """The one that is seen becomes a step."""
        if self.number:
            chosen = self.made[self.number - 1]
            self._close()
            self._session.apply(chosen.operation, known=(chosen.box, chosen.part))

    def leave(self) -> None:
        """Keep none."""
        self._close()

    def _outdate(self) -> None:
        """Photo or selection are others now: a stroke may have been meant, or not."""
        lost = bool(self.made)
        self._close()
        if lost:
            words = self.tr(
                "The candidates ended with what you did. Undo it, then Ctrl+Enter makes the same ones again."
            )
            self.told.emit(words)

    def _close(self, *_news: object) -> None:
        """Forget them: something else was done, or it is decided."""
        if self._operation is None:
            return
        working = bool(self._due)
        self._operation, self._view, self._due = None, None, []
        self.made, self.aside, self.number = [], set(), 0
        self._strip.hide()
        self._canvas.show_preview(NOWHERE, None)
        if working and self._session.jobs.running == self._job:
            self._session.jobs.cancel()
        self.changed.emit()

    def _show(self) -> None:
        seen = self.made[self.number - 1] if self.number else None
        display: Display | None = seen.display if seen else None
        self._canvas.show_preview(seen.box if seen else NOWHERE, display)
        words = self.tr("Candidate {}, seed {}").format(self.number, seen.seed) if seen else self.tr("Without repair")
        self._strip.show_chosen(self.number, words, seen is not None, self.number in self.aside)

    # ---------------------------------------------------------------------------------------------------- keys
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys of the canvas while candidates are shown."""
        if self.is_open and isinstance(event, QKeyEvent) and self._means(event):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # no shortcut of the window may take it
            elif event.type() == QEvent.Type.KeyPress:
                self._take(event)
            return True
        return super().eventFilter(watched, event)

    def _means(self, event: QKeyEvent) -> bool:
        key, keys = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if keys == Qt.KeyboardModifier.ControlModifier:
            return key in (_KEY.Key_Return, _KEY.Key_Enter)
        own = (_KEY.Key_Return, _KEY.Key_Enter, _KEY.Key_Escape, _KEY.Key_Left, _KEY.Key_Right, _KEY.Key_X)
        return keys == Qt.KeyboardModifier.NoModifier and (key in own or _KEY.Key_0 <= key <= _KEY.Key_9)

    def _take(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (_KEY.Key_Return, _KEY.Key_Enter):
            self.more() if event.modifiers() & Qt.KeyboardModifier.ControlModifier else self.accept()
        elif key == _KEY.Key_Escape:
            self.leave()
        elif key in (_KEY.Key_Left, _KEY.Key_Right):
            self.step(1 if key == _KEY.Key_Right else -1)
        elif key == _KEY.Key_X:
            self.reject()
        else:
            self.choose(key - _KEY.Key_0)
