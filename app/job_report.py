"""What the window shows of jobs: in the status bar, in the message bar, and on the canvas what they have so far."""

from PySide6.QtCore import QObject

from app.canvas import Canvas
from app.message_bar import MessageBar
from app.rendering import Stepped
from app.session import Session
from app.status_bar import StatusBar


class JobReport(QObject):
    """Tells of each job with a title that it runs, how far it is, and how it ended where that is not seen."""

    def __init__(
        self, session: Session, canvas: Canvas, status: StatusBar, message: MessageBar, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._canvas, self._status, self._message = session, canvas, status, message
        jobs = session.jobs
        jobs.started.connect(status.begin)
        jobs.progressed.connect(status.progress)
        jobs.offered.connect(self._show_offered)
        jobs.finished.connect(status.end)
        jobs.displaced.connect(self._tell_displaced)
        status.cancelled.connect(jobs.cancel)
        session.kept.connect(self._tell_kept)
        session.found.connect(self._tell_found)

    def _show_offered(self, stepped: Stepped | None) -> None:
        shown = self._session.shown
        if shown is not None:
            self._canvas.show_after(shown.display, True)
        if stepped is not None:
            self._status.show_pass(*stepped.passes)

    def _tell_kept(self, done: int, wanted: int) -> None:
        self._message.tell(
            self.tr("Stopped after pass {} of {}: what was done so far stays. Undo takes it back.").format(done, wanted)
        )

    def _tell_displaced(self, title: str) -> None:
        self._message.tell(self.tr("“{}” was stopped by what you did next.").format(title))

    def _tell_found(self, places: int) -> None:
        if places:
            self._status.tell(
                self.tr("Damage found in {} places.").format(places)
                if places > 1
                else self.tr("Damage found in one place.")
            )
        else:
            self._message.tell(self.tr("Nothing was found. A higher sensitivity finds more."))
