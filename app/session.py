"""The session: the open photo as the widgets see it. They talk to it and never to each other."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from app import rendering
from app.display import Display
from app.durations import NOWHERE, Durations, pixels
from app.engine_loader import EngineLoader
from app.history import Change, Entry, History, Move
from app.jobs import Jobs
from app.rendering import Found, Opened, Stepped, View
from app.selection import Patch, Selection
from engine import files, params
from engine.errors import RestoreError
from engine.files import ExportSettings, Photo
from engine.image import Box, Image, bounds
from engine.operation import Detector, Operation, Step


class Session(QObject):
    """One photo, its view, selection and history. What takes time is done by `jobs`; see `rendering`."""

    drafted = Signal(object)  # a Display to look at while a photo is being opened
    opened = Signal()  # another photo
    rendered = Signal(bool)  # another image; True: its pixels moved or its size is another
    repaired = Signal()  # a step on the selection arrived
    history_changed = Signal()
    previewed = Signal(object, object)  # Box and its Display, or None where there is no preview
    measured = Signal(object)  # an Operation with what it measured on the photo
    found = Signal(int)  # in how many places a detector found something
    kept = Signal(int, int)  # a step was stopped after the first of so many passes, which stays
    exported = Signal(object)  # the Path written
    failed = Signal(str)  # a sentence for the user

    def __init__(self, device: str = "auto", parent: QObject | None = None, durations: Durations | None = None) -> None:
        super().__init__(parent)
        self.jobs = Jobs(self)
        self._beside: list[Jobs] = []
        self._measure_jobs = self.beside("measure")
        self.loader = EngineLoader(self.jobs, device, self)
        self.selection = Selection(self)
        self.history = History(self.history_changed.emit)
        self.durations = durations or Durations()
        self.photo: Photo | None = None
        self.view: View | None = None
        self.name = ""
        self.path: Path | None = None
        self.export_path: Path | None = None  # where it was exported to last
        self._travel: tuple[int, int] | None = None  # number of a job and the position it goes to
        self._preview_job: int | None = None
        self.selection.committed.connect(self._remember)
        self.jobs.failed.connect(self.failed)
        self.loader.device_known.connect(self.durations.use_device)

    def beside(self, name: str) -> Jobs:
        """One more worker, for what must not make anybody wait; closed with the session."""
        self._beside.append(Jobs(self, name))
        return self._beside[-1]

    @property
    def shown(self) -> View | None:
        """The photo as it is to be seen: what the running job has offered last, otherwise `view`."""
        stepped = self.jobs.latest
        return stepped.view if isinstance(stepped, Stepped) else self.view

    # ------------------------------------------------------------------------------------------------- opening
    def open(self, path: Path) -> None:
        """Open a photo file; the photo before stays until the new one is there."""
        title = self.tr("Opening {}").format(path.name)

        def go_on(draft: Display | None) -> None:
            self.jobs.start(partial(rendering.open_file, path), self._show_opened, title)
            if draft is not None:
                self.drafted.emit(draft)

        self.jobs.start(lambda _progress: rendering.open_draft(path), go_on, title)

    def open_picture(self, picture: QImage, name: str) -> None:
        """Open a picture of the clipboard."""
        self.jobs.start(
            lambda progress: rendering.open_picture(picture, name, progress), self._show_opened, self.tr("Pasting")
        )

    def open_canvas(self, height: int, width: int, operation: Operation | None = None) -> None:
        """Begin with a white photo, on which `operation` is the first step."""
        name = self.tr("New canvas")

        def go_on(opened: Opened) -> None:
            self._show_opened(opened)
            if operation is not None:
                self.apply(operation)

        self.jobs.start(lambda progress: rendering.open_canvas(height, width, name, progress), go_on, name)

    def _show_opened(self, opened: Opened) -> None:
        self.photo, self.view, self.name, self.path = opened.photo, opened.view, opened.name, opened.path
        self.export_path = None
        height, width = opened.view.image.shape[:2]
        self.history.clear()
        self.selection.reset(height, width)
        self.opened.emit()

    # ---------------------------------------------------------------------------------------------- operations
    def apply(
        self,
        operation: Operation,
        clear: bool = False,
        selection: np.ndarray | None = None,
        then: Callable[[], None] | None = None,
        known: tuple[Box, Image] | None = None,
    ) -> None:
        """Put one more step on the photo, and go on with `then` when it is there.

        `clear` empties the selection when the step is there; with the stroke before it that is one entry.
        `selection` (uint8) takes the place of the one that is painted; empty, it means everywhere. `known` is what the
        operation makes of the box around it.
        """
        view = self.view
        if view is None:
            return
        try:
            params.check(operation)
        except RestoreError as error:
            self.failed.emit(str(error))
            return
        self._no_preview()
        place = self.selection.array.copy() if selection is None else selection
        revision = self.history.last

        def arrive(stepped: Stepped) -> None:
            if known is None:
                self.durations.learn(operation, stepped.worked_on, stepped.seconds)
            if (
                self._arrive(operation, stepped, revision, clear, operation.title, selection is None)
                and then is not None
            ):
                then()

        self.jobs.start(
            lambda progress: rendering.step(view, operation, place, progress, self.jobs.offer, known),
            arrive,
            operation.title,
            kept=lambda stepped: self._keep(stepped, revision, clear),
            expected=self.expected(operation, None if selection is None else bounds(selection)),
        )

    def _keep(self, stepped: Stepped, revision: Entry | None, clear: bool) -> None:
        """The work was stopped: the last pass that it has offered becomes the step."""
        document = stepped.view.document
        document.rendered.put(document.steps, stepped.view.image)
        operation = document.steps[-1].operation
        title = self.tr("{}, pass {}").format(operation.title, stepped.passes[0])
        if self._arrive(operation, stepped, revision, clear, title):
            self.kept.emit(*stepped.passes)

    def _arrive(
        self,
        operation: Operation,
        stepped: Stepped,
        revision: Entry | None,
        clear: bool,
        title: str,
        painted: bool = True,
    ) -> bool:
        """Show the step as `title` in the history; False where it has no meaning any more.

        `painted`: it was done on the selection that is painted.
        """
        assert self.view is not None
        start = self.history.position - 1
        if clear and not self.history.has_done(revision):
            return False  # the stroke was undone meanwhile
        joined = clear and isinstance(revision, Patch) and self.history.last is revision
        if stepped.masks and (self.history.last is not revision or self.selection.is_open):
            self.apply(operation)  # painted meanwhile: the selection has to be moved again
            return False
        before, self.view = self.view, stepped.view
        if stepped.masks:
            self.selection.replace(stepped.masks[1].array())
        self.history.add(Change(title, before.document, stepped.view.document, stepped.masks))
        self.rendered.emit(stepped.masks is not None)
        if operation.moves or not painted or stepped.view.document.steps[-1].mask is None:
            return True
        self.repaired.emit()
        if clear and not self.selection.is_open:
            self.edit_selection(self.tr("Clear after repair"), np.zeros_like, 0)
        if joined:
            self.history.group(start, title)
        return True

    def revise(self, step: Step, by: Step | None) -> None:
        """Put `by` in the place of one of the photo's steps, or take it out where that is None; the steps after it stay
        and are done again. One more entry of the history, so that it can be undone."""
        view = self.view
        if view is None:
            return
        try:
            if by is not None:
                params.check(by.operation)
            document = view.document.revised(step, by)
        except RestoreError as error:
            self.failed.emit(str(error))
            return
        self._no_preview()
        title = step.operation.title
        label = self.tr("{} changed") if by is not None else self.tr("{} removed")

        def arrive(shown: View) -> None:
            if self.view is not view:
                return  # the photo has changed meanwhile
            self.view = shown
            self.history.add(Change(label.format(title), view.document, shown.document))
            self.rendered.emit(False)

        self.jobs.start(lambda progress: rendering.show(view, document, progress), arrive, title)

    def expected(self, kind: Operation | Detector, box: Box | None = None) -> float | None:
        """The seconds it takes on the selection, or in `box`, empty for everywhere; None where that is not known."""
        if self.view is None:
            return None
        if box is None:
            box = self.selection.box() if isinstance(kind, Operation) else NOWHERE
        return self.durations.expected(kind, pixels(kind, box, self.view.image.shape))

    def preview(self, operation: Operation, box: Box) -> bool:
        """Show what the operation would make of `box`; False where that is not possible now."""
        view = self.view
        count = (box.bottom - box.top) * (box.right - box.left)
        if view is None or self.jobs.title or operation.moves or not 0 < count <= rendering.PREVIEW_LIMIT:
            return False
        selection = self.selection.array.copy()
        self._preview_job = self.jobs.start(
            lambda progress: rendering.preview(view, operation, selection, box, progress),
            lambda display: self.previewed.emit(box, display),
            failed=lambda _sentence: self.previewed.emit(box, None),
        )
        return True

    def stop_preview(self) -> None:
        """No preview is wanted any more."""
        self._no_preview()

    def _no_preview(self) -> None:
        if self._preview_job is not None and self.jobs.running == self._preview_job:
            self.jobs.cancel()
        self._preview_job = None
        self.previewed.emit(NOWHERE, None)

    def measure(self, operations: list[Operation]) -> None:
        """Let operations measure the photo, beside everything else; `measured` tells what each of them found."""
        view, first = self.view, next(iter(operations), None)
        if view is None or first is None:
            return

        def arrive(operation: Operation) -> None:
            if self.view is view:
                self.measured.emit(operation)
                self.measure(operations[1:])

        self._measure_jobs.start(lambda _progress: view.document.told(first).settle(view.image), arrive)

    def find(self, detector: Detector, box: Box | None, add: bool, then: Callable[[int], None] | None = None) -> None:
        """Select what the detector finds in `box` (None: everywhere), as one command that can be undone.

        `then` goes on, told in how many places something was found, instead of `found`.
        """
        view = self.view
        if view is None:
            return
        selection = self.selection.array.copy()
        label = detector.title

        def arrive(found: Found) -> None:
            self.durations.learn(detector, found.worked_on, found.seconds)
            self.selection.set_mask(found.selection, label)
            (then or self.found.emit)(found.places)

        self.jobs.start(
            lambda progress: rendering.detect(view, detector, selection, box, add, progress),
            arrive,
            label,
            expected=self.expected(detector, box),
        )

    def is_open(self) -> bool:
        return self.view is not None

    # ----------------------------------------------------------------------------------------------- selection
    def edit_selection(self, label: str, change: Callable[[np.ndarray], np.ndarray], reach: int | None = None) -> None:
        """A command on the selection: `change` makes a new uint8 array from one that it must not write to, or with
        `reach` from pieces with that many px around."""
        if self.view is not None:
            self.selection.edit(label, change, reach)

    def load_selection(self, path: Path) -> None:
        """The selection from a PNG that `save_selection` (or any other program) wrote."""
        if self.view is None:
            return
        shape = self.view.image.shape[:2]
        label = self.tr("Load selection")
        self.jobs.start(
            lambda _progress: files.read_mask(path, shape), lambda mask: self.selection.set_mask(mask, label), label
        )

    def save_selection(self, path: Path, done: Callable[[None], None]) -> None:
        """The selection as a grey PNG."""
        selection = self.selection.array.astype(np.float32) / np.float32(255)
        self.jobs.start(lambda _progress: files.write_mask(selection, path), done, self.tr("Saving selection"))

    # ------------------------------------------------------------------------------------------------- history
    def _remember(self, patch: Patch) -> None:
        self.history.add(patch)

    def undo(self) -> None:
        """One entry back; while a step is being undone, one more."""
        self.go_to(self._heading() - 1)

    def redo(self) -> None:
        """One entry forward."""
        self.go_to(self._heading() + 1)

    def _heading(self) -> int:
        if self._travel and self._travel[0] == self.jobs.running:
            return self._travel[1]
        return self.history.position

    def go_to(self, position: int) -> None:
        """Undo or redo until `position` entries are done."""
        position = max(0, min(position, len(self.history.entries)))
        self.selection.commit()
        moves = self.history.moves_to(position)
        view, last = self.view, self.history.last
        if view is None:
            return
        document = view.document
        for entry, forward in moves:
            if isinstance(entry, Change):
                document = entry.after if forward else entry.before
        if document is view.document:
            if self._travel and self._travel[0] == self.jobs.running:
                self.jobs.cancel()
            self._make(moves, position)
            return
        self._no_preview()
        word = self.tr("Undo") if position < self.history.position else self.tr("Redo")
        number = self.jobs.start(
            lambda progress: rendering.show(view, document, progress),
            lambda shown: self._arrive_at(shown, moves, position, last),
            "" if document.is_rendered() else word,
        )
        self._travel = (number, position)

    def _arrive_at(self, view: View, moves: list[Move], position: int, last: object) -> None:
        if self.history.last is not last:
            return  # painted meanwhile: what was undone would no longer be the last thing that was done
        moved = any(isinstance(entry, Change) and entry.masks for entry, _ in moves)
        self.view = view
        self._make(moves, position)
        self.rendered.emit(moved)

    def _make(self, moves: list[Move], position: int) -> None:
        for entry, forward in moves:
            if isinstance(entry, Patch):
                (self.selection.redo if forward else self.selection.undo)(entry)
            elif entry.masks:
                self.selection.replace(entry.masks[1 if forward else 0].array())
        self.history.go(position)

    # -------------------------------------------------------------------------------------------------- export
    def export(self, path: Path, settings: ExportSettings) -> None:
        """Write the photo as it is shown."""
        photo, view, entry = self.photo, self.view, self.history.last
        if photo is None or view is None:
            return

        def arrive(written: Path) -> None:
            self.export_path = path
            self.history.mark_saved(entry)
            self.exported.emit(written)

        self._no_preview()
        self.jobs.start(
            lambda progress: rendering.export(photo, view, path, settings, progress), arrive, self.tr("Exporting")
        )

    def default_export_path(self, folder: Path, suffix: str) -> Path:
        """Beside the original, "name restored.suffix"; in `folder` where the photo is from no file."""
        stem = Path(self.name).stem or self.tr("photo")
        return (self.path.parent if self.path else folder) / f"{stem} {self.tr('restored')}{suffix}"

    def close(self) -> bool:
        """Stop all work; whether the threads came to rest."""
        resting = [one.close() for one in (self.jobs, *self._beside)]
        return self.loader.close() and all(resting)
