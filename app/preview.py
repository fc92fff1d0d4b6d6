"""The live preview: when it is wanted, where, and what it waits for."""

from PySide6.QtCore import QObject, QTimer

from app.canvas import Canvas
from app.sections import Section
from app.session import Session
from engine.errors import RestoreError
from engine.image import Box

_REST = 180  # ms without a change before a preview begins


class Previewer(QObject):
    """Shows the operation of one section over the visible part of the photo; never in the way of another job."""

    def __init__(self, session: Session, canvas: Canvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._canvas = session, canvas
        self._section: Section | None = None
        self._due = False
        self._timer = QTimer(self, singleShot=True, interval=_REST)
        self._timer.timeout.connect(self._begin)
        canvas.view_changed.connect(self.renew)
        session.selection.committed.connect(self.renew)
        session.rendered.connect(self.renew)
        session.opened.connect(self.renew)
        session.previewed.connect(self._show)
        session.jobs.finished.connect(self._when_idle)

    def show(self, section: Section | None) -> None:
        """Preview this section from now on; None: none."""
        if self._section is not None:
            self._section.edited.disconnect(self.renew)
            self._section.say("")
            self._section.show_working(False)
        self._section = section
        if section is None:
            self._timer.stop()
            self._due = False
            self._session.stop_preview()
        else:
            section.edited.connect(self.renew)
            self.renew()

    def renew(self) -> None:
        """Something that the preview depends on is different."""
        if self._section is not None:
            self._timer.start()

    def _when_idle(self) -> None:
        self._rest()
        if self._due:
            self._begin()

    def _begin(self) -> None:
        section = self._section
        if section is None or self._session.view is None:
            return
        self._due = bool(self._session.jobs.title)
        if self._due:
            return
        try:
            operation = section.value()
        except RestoreError:
            return
        box = self._canvas.visible_box()
        if operation is None or box.empty:
            return
        if operation.moves:
            self._session.stop_preview()
            section.say(self.tr("There is no preview of this operation."))
        elif self._session.preview(operation, box):
            section.say("")
            section.show_working(True)
        else:
            self._session.stop_preview()
            section.say(self.tr("Zoom in to see the preview: too much of the photo is visible."))

    def _rest(self) -> None:
        if self._section is not None:
            self._section.show_working(False)

    def _show(self, box: Box, display: object) -> None:
        self._rest()
        self._canvas.show_preview(box, display)  # type: ignore[arg-type]
