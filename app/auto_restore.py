"""Auto restore: the recipe “auto” on the open photo, one step after the other, each to be seen and taken back."""

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.session import Session
from engine.operation import Detector, Operation

_RECIPE = "auto"


class AutoRestore(QObject):
    """Works on the whole photo. What a detector finds becomes the selection, so that it can be corrected and repaired
    again; when the work is stopped, the steps that are done stay."""

    told = Signal(str)  # a sentence on what was done

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._places = 0  # in which damage was found
        self._cleaned = False  # whether that changed anything

    def start(self) -> None:
        """Begin with the photo as it is."""
        from engine.recipe import Recipe  # OpenCV: the engine is loaded before this command is enabled

        if self._session.is_open():
            self._places, self._cleaned = 0, False
            self._go_on(Recipe.parse([_RECIPE]).links, selected=False)

    def _go_on(self, links: tuple[Operation | Detector, ...], selected: bool) -> None:
        """Do these; `selected`: the selection is what was found just now."""
        if not links:
            self._tell()
            return
        first, rest = links[0], links[1:]
        if isinstance(first, Detector):
            self._session.find(first, None, add=selected, then=lambda places: self._found(rest, places))
        elif selected and self._session.selection.is_empty():
            self._go_on(rest, selected=False)
        else:
            everywhere = None if selected else np.zeros_like(self._session.selection.array)
            self._session.apply(first, selection=everywhere, then=self._next(rest, not selected))

    def _next(self, links: tuple[Operation | Detector, ...], cleaned: bool) -> Callable[[], None]:
        before = self._session.view

        def go_on() -> None:
            after = self._session.view
            # the screen copy is the same one where not a pixel has changed
            self._cleaned |= (
                cleaned and before is not None and after is not None and after.display is not before.display
            )
            self._go_on(links, selected=False)

        return go_on

    def _found(self, links: tuple[Operation | Detector, ...], places: int) -> None:
        self._places += places
        self._go_on(links, selected=True)

    def _tell(self) -> None:
        noise = self.tr("The noise was cleaned.") if self._cleaned else self.tr("There was hardly any noise.")
        if self._places == 0:
            damage = self.tr("No damage was found.")
        elif self._places == 1:
            damage = self.tr("Damage was repaired in one place.")
        else:
            damage = self.tr("Damage was repaired in {} places.").format(self._places)
        if self._places or self._cleaned:
            damage += " " + self.tr("The history changes or removes single steps.")
        self.told.emit(f"{noise} {damage}")
