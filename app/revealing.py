"""The tint of the selection gets out of the way of what was repaired under it, and is back when that is undone."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from app.session import Session


class Revealing(QObject):
    """Turns `tint`, the command that shows the selection, off and on again; what the user chose with it stays."""

    def __init__(self, session: Session, tint: QAction, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._tint = session, tint
        self._hidden = False  # by this object, not by the user
        session.repaired.connect(self.reveal)
        session.rendered.connect(self._follow)
        session.selection.changed.connect(self.show_tint)
        session.opened.connect(self._forget)
        tint.triggered.connect(self._forget)

    def reveal(self) -> None:
        """The tint would hide what is to be seen; it comes back with the next stroke, or when the repair is undone."""
        self._hidden |= self._tint.isChecked()
        self._tint.setChecked(False)

    def show_tint(self) -> None:
        """The selection is to be seen."""
        self._hidden = False
        self._tint.setChecked(True)

    def _follow(self) -> None:
        if self._hidden:
            self._tint.setChecked(self._session.history.can_redo)

    def _forget(self) -> None:
        self._hidden = False
