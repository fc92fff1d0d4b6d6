"""The forecast: beside the button of each section, how long its work will take."""

from collections.abc import Iterable

from PySide6.QtCore import QObject, QTimer

from app.sections import Section
from app.session import Session
from app.status_bar import duration
from engine.errors import RestoreError
from engine.operation import Operation

_REST = 120  # ms without a change: neither a stroke nor a slider shall wait for it


class Forecast(QObject):
    """Says it as soon as earlier work of the kind has shown it, for the photo and selection as they are."""

    def __init__(self, session: Session, sections: Iterable[Section], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._sections = session, tuple(sections)
        self._timer = QTimer(self, singleShot=True, interval=_REST)
        self._timer.timeout.connect(self._show)
        news = [session.opened, session.rendered, session.history_changed, session.found, session.loader.device_known]
        for one in (*news, *(section.edited for section in self._sections)):
            one.connect(self._timer.start)

    def _show(self) -> None:
        for section in self._sections:
            section.show_duration(self._words(section))

    def _words(self, section: Section) -> str:
        """Empty where nothing is known or there is nothing to be done."""
        try:
            kind = section.value()
        except RestoreError:
            return ""
        needs = isinstance(kind, Operation) and kind.needs_mask
        if kind is None or (needs and self._session.selection.is_empty()):
            return ""
        seconds = self._session.expected(kind)
        if seconds is None:
            return ""
        return self.tr("under 1 s") if seconds < 1 else self.tr("about {}").format(duration(seconds))
