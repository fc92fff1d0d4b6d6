"""Sampling: samples are made one by one, looked at in the photo, placed there, or become a new canvas."""

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeyEvent

from app import samples
from app.candidates import with_seed
from app.canvas import Canvas
from app.durations import NOWHERE
from app.sample_grid import number_in
from app.sample_panel import SamplePanel
from app.samples import Sample
from app.session import Session
from engine.document import Document
from engine.errors import RestoreError
from engine.image import frozen
from engine.operation import Operation
from engine.progress import Progress

Make = Callable[[Operation, Progress], Sample]


class Sampling(QObject):
    """What was made stays until `make` begins anew; for another photo or selection it is made again when placed."""

    changed = Signal()  # whether a sample is seen in the photo
    canvas_wanted = Signal(object)  # the Operation that shall fill a new canvas

    def __init__(self, session: Session, canvas: Canvas, panel: SamplePanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._canvas, self._panel = session, canvas, panel
        self._due: list[Operation] = []  # still to be made
        self._job = 0
        self._make: Make | None = None  # makes them for photo and selection as they are
        self._state: tuple[object, object] = (None, None)  # the view and the last entry that samples were made for
        self.made: list[Sample] = []
        self.number = 0  # of the one that is chosen; 0: none
        panel.make_wanted.connect(self.make)
        panel.more_wanted.connect(self.more)
        panel.alike_wanted.connect(self.more_alike)
        panel.seed_wanted.connect(self._use_seed)
        panel.place_wanted.connect(self.place)
        panel.canvas_wanted.connect(self._ask_canvas)
        panel.what.chosen.connect(self._refresh)
        panel.grid.chosen.connect(self._chosen_in_grid)
        panel.grid.accepted.connect(self.place)
        session.history_changed.connect(self._outdate)
        session.rendered.connect(self._outdate)
        session.opened.connect(self._outdate)
        session.jobs.finished.connect(self._stopped)
        session.loader.loaded.connect(self._fill)
        session.loader.failed.connect(panel.show_failure)
        canvas.setAcceptDrops(True)
        canvas.installEventFilter(self)

    @property
    def is_seen(self) -> bool:
        """Whether a sample is seen in the photo that is not placed."""
        return bool(self.number) and self.made[self.number - 1].placed is not None

    def _fill(self) -> None:
        assert self._session.loader.engine is not None
        self._panel.fill(self._session.loader.engine)
        self._refresh()

    # ---------------------------------------------------------------------------------------------------- making
    def make(self) -> None:
        """New samples as the form says, from its seed on."""
        operation = self._wanted()
        if operation is not None:
            self._stop()
            self.choose(0)
            self.made = []
            self._panel.grid.clear()
            self._add(self._seeds(operation, samples.seed_of(operation)))

    def more(self) -> None:
        """As many more as the form says, with the seeds after the last."""
        operation = self._wanted()
        if operation is None:
            return
        seeds = [samples.seed_of(one) for one in self._all() if type(one) is type(operation)]
        self._add(self._seeds(operation, seeds[-1] + 1)) if seeds else self.make()

    def more_alike(self) -> None:
        """Samples near the chosen one: its seed, moved another way each."""
        if not self.number or not samples.has_twist(type(self.made[self.number - 1].operation)):
            return
        like = self.made[self.number - 1].operation
        last = max(samples.twist_of(one) for one in self._all() if _alike(one, like))
        self._add([samples.twisted(like, last + 1 + index) for index in range(self._panel.count.value())])

    def _all(self) -> list[Operation]:
        return [*(one.operation for one in self.made), *self._due]

    def _seeds(self, operation: Operation, first: int) -> list[Operation]:
        return [with_seed(operation, first + index) for index in range(self._panel.count.value())]

    def _wanted(self) -> Operation | None:
        """The operation that the form shows; None where it cannot be, which is told."""
        try:
            operation = self._panel.what.value()
        except RestoreError as error:
            self._session.failed.emit(str(error))
            return None
        if not self._panel.what.button.isEnabled() or not isinstance(operation, Operation):
            return None
        return operation

    def _add(self, operations: list[Operation]) -> None:
        idle = not self._due
        self._due += operations
        self._panel.expect([samples.label(one) for one in operations])
        if idle:
            self._session.stop_preview()
            self._make = self._maker()
            self._make_next()

    def _maker(self) -> Make:
        """How samples are made for photo and selection as they are now."""
        view, selection = self._session.view, self._session.selection.array.copy()
        self._state = (view, self._session.history.last)
        if view is not None and selection.any():
            return lambda operation, progress: samples.make_for_selection(view, operation, selection, progress)
        white = frozen(np.ones((samples.SQUARE, samples.SQUARE, 3), np.float32))
        document, image, icc = (view.document, view.image, view.display.icc) if view else (Document(white), white, None)
        return lambda operation, progress: samples.make_square(document, image, icc, operation, progress)

    def _make_next(self) -> None:
        if not self._due or self._make is None:
            return
        title = self.tr("Sample {} of {}").format(len(self.made) + 1, len(self.made) + len(self._due))
        selected = not self._session.selection.is_empty()
        expected = self._session.expected(self._due[0]) if selected else None
        self._job = self._session.jobs.start(partial(self._make, self._due[0]), self._arrive, title, expected=expected)

    def _arrive(self, sample: Sample) -> None:
        if not self._due:
            return
        del self._due[:1]
        self.made.append(sample)
        self._panel.grid.show_sample(len(self.made), sample)
        if len(self.made) == 1:
            self.choose(1)  # nobody need wait for the others
            self._panel.leave_buttons()
        self._make_next()

    def _stopped(self) -> None:
        """Nothing runs any more: those still due were cancelled, or refused."""
        if self._due:
            self._due, self._make = [], None
            self._panel.grid.forget_expected()
            self._panel.more.setEnabled(bool(self.made))

    def _stop(self) -> None:
        """Those that are still due are not wanted any more; what is made stays."""
        working = bool(self._due) and self._session.jobs.running == self._job
        self._stopped()
        if working:
            self._session.jobs.cancel()

    def _outdate(self, *_news: object) -> None:
        """Photo or selection may be others now: samples made for those before have to be made again where placed."""
        if self._state != (self._session.view, self._session.history.last):
            self._state = (None, None)
            self._stop()
            self.made = [one.without_place() for one in self.made]
            if self.number:
                self.choose(self.number)  # which is not seen in the photo any more
        self._refresh()

    # -------------------------------------------------------------------------------------------------- choosing
    def _chosen_in_grid(self, number: int) -> None:
        """A click on the one that is chosen takes the choice back."""
        self.choose(0 if number == self.number else number)

    def choose(self, number: int) -> None:
        """See this one in the photo, if it was made for what is selected; 0: none."""
        if number > len(self.made):
            return
        self.number = number
        placed = self.made[number - 1].placed if number else None
        self._canvas.show_preview(placed.box if placed else NOWHERE, placed.display if placed else None)
        self._show_chosen()
        self.changed.emit()

    def _show_chosen(self) -> None:
        self._panel.show_chosen(self.number, self.made[self.number - 1] if self.number else None, self.is_seen)

    def go_on(self) -> None:
        """What Enter on the photo means: place the chosen sample, or make some where none is chosen."""
        self.place() if self.number else self.make()

    def place(self) -> None:
        """The chosen one becomes a step on the selection, or on the whole photo where nothing is selected."""
        if not self.number:
            return
        chosen = self.made[self.number - 1]
        if self._session.view is None:
            self.canvas_wanted.emit(chosen.operation)
            return
        self._stop()
        known = (chosen.placed.box, chosen.placed.part) if chosen.placed else None
        self._session.apply(chosen.operation, known=known, then=lambda: self.choose(0))

    def drop(self, number: int, point: tuple[float, float]) -> None:
        """Place a sample that was dragged to a point (x, y) of the photo: in the selection, else around there."""
        view = self._session.view
        if view is None or not 1 <= number <= len(self.made):
            return
        self.choose(number)
        if not self._session.selection.is_empty():
            self.place()
            return
        self._stop()
        shape = view.image.shape
        box = samples.around(point, self.made[number - 1].size, shape)
        place = samples.selected(box, shape)
        self._session.apply(self.made[number - 1].operation, selection=place, then=lambda: self.choose(0))

    def _use_seed(self) -> None:
        if self.number:
            chosen = self.made[self.number - 1].operation
            if self._panel.what.kind is not type(chosen):
                self._panel.what.choose(chosen.id)
            self._panel.set_seed(samples.seed_of(chosen))

    def _ask_canvas(self) -> None:
        if self.number:
            self.canvas_wanted.emit(self.made[self.number - 1].operation)

    def _refresh(self) -> None:
        selected = self._session.view is not None and not self._session.selection.is_empty()
        self._panel.show_place(self._session.view is not None, selected)

    # ------------------------------------------------------------------------------------------- drops and keys
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Samples that are dropped on the canvas, and Esc there, which takes the choice back."""
        if isinstance(event, QDragEnterEvent | QDragMoveEvent) and number_in(event.mimeData()):
            event.acceptProposedAction()
            return True
        if isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop and number_in(event.mimeData()):
            event.acceptProposedAction()
            self._dropped(number_in(event.mimeData()), event.position())
            return True
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() == QEvent.Type.KeyPress and self.number:
            self.choose(0)
            return True
        return super().eventFilter(watched, event)

    def _dropped(self, number: int, position: QPointF) -> None:
        ratio = self._canvas.devicePixelRatioF()
        self.drop(number, self._canvas.viewport.to_image(position.x() * ratio, position.y() * ratio))


def _alike(one: Operation, other: Operation) -> bool:
    """Whether they differ in nothing but their twist."""
    return type(one) is type(other) and samples.twisted(one, 0) == samples.twisted(other, 0)
