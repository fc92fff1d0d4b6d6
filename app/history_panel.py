"""The history panel: every stroke and step; a click goes there."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.history import Entry
from app.selection import Patch
from app.session import Session
from app.theme import Colours, icon


class HistoryPanel(QWidget):
    """The first row is the photo as it was opened; rows after the current one are undone."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panelBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._shown: list[Entry] = []
        self._step_icon, self._stroke_icon, self._photo_icon = QIcon(), QIcon(), QIcon()
        head = QLabel(self.tr("HISTORY"), self)
        head.setObjectName("title")
        head.setContentsMargins(12, 8, 12, 6)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("History"))
        self.list.setIconSize(QSize(16, 16))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(head)
        rows.addWidget(self.list, 1)
        session.history_changed.connect(self.refresh)
        session.opened.connect(self.refresh)

    def refresh(self) -> None:
        history = self._session.history
        if self._session.view is None:
            self.list.clear()
            return
        if self.list.count() == 0:
            self.list.addItem(QListWidgetItem(self._photo_icon, self.tr("Photo as opened")))
        same = 0
        while same < min(len(self._shown), len(history.entries)) and self._shown[same] is history.entries[same]:
            same += 1
        while self.list.count() > same + 1:
            self.list.takeItem(self.list.count() - 1)
        for entry in history.entries[same:]:
            picture = self._stroke_icon if isinstance(entry, Patch) else self._step_icon
            self.list.addItem(QListWidgetItem(picture, entry.label))
        self._shown = list(history.entries)
        faint = self.palette().placeholderText()
        normal = self.palette().text()
        for row in range(self.list.count()):
            self.list.item(row).setForeground(normal if row <= history.position else faint)
        self.list.setCurrentRow(history.position)

    def use_colours(self, colours: Colours) -> None:
        self._step_icon, self._stroke_icon, self._photo_icon = (
            icon(name, colours, listed=True) for name in ("step", "brush", "photo")
        )
        self.list.clear()
        self._shown = []
        self.refresh()

    def _go(self, item: QListWidgetItem) -> None:
        self._session.go_to(self.list.row(item))
        self.refresh()
