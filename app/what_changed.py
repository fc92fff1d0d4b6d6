"""The view “what changed”: when its heat map is made, and what the status bar says of it."""

from functools import partial

from PySide6.QtCore import QObject

from app.canvas import Canvas
from app.changes import HeatMap
from app.rendering import View
from app.session import Session
from app.status_bar import StatusBar


class WhatChanged(QObject):
    """While it is on, the map follows the photo; the one before is seen until the new one is ready."""

    def __init__(self, session: Session, canvas: Canvas, status: StatusBar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._canvas, self._status = session, canvas, status
        self._jobs = session.beside("changes")
        self._on = False
        session.rendered.connect(self._renew)
        session.opened.connect(self._renew)

    def show(self, on: bool) -> None:
        """Show it from now on, or no more."""
        self._on = on
        self._renew()

    def _renew(self, moved: bool = True) -> None:
        self._jobs.cancel()
        if moved or not self._on:
            self._canvas.show_changes(None)
            self._status.show_changes("")
        view = self._session.view
        if self._on and view is not None:
            self._status.show_changes(self.tr("Comparing…"))
            self._jobs.start(partial(HeatMap.of, view.document, view.image), partial(self._arrive, view))

    def _arrive(self, view: View, heat: HeatMap) -> None:
        if self._on and view is self._session.view:
            self._canvas.show_changes(heat)
            words = self.tr("{} changed, {} made up")
            self._status.show_changes(words.format(percent(heat.changed), percent(heat.made_up)))


def percent(share: float) -> str:
    """ "0 %", "< 0.01 %", "0.25 %", "3.1 %", "48 %": never 0 or 100 where it is not exactly so."""
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f} %"
    if value < 0.01:
        return "< 0.01 %"
    if value > 99:
        return "> 99 %"
    return f"{value:.{2 if value < 1 else 1 if value < 10 else 0}f} %"
