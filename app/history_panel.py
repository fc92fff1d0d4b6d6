"""The history panel: every stroke and step; a click goes there, its menu changes or removes a single step."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from app.history import Entry
from app.selection import Patch
from app.session import Session
from app.step_editing import StepEditing
from app.theme import Colours, icon


class HistoryPanel(QWidget):
    """The first row is the photo as it was opened; rows after the current one are undone."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panelBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self.editing = StepEditing(session, self)
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
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.list.currentRowChanged.connect(self._refresh_actions)
        self.change = self._action(self.tr("&Change…"), "F2", self.editing.change)
        self.remove = self._action(self.tr("&Remove"), "Del", self.editing.remove)
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
            self._tell(row, row > 0 and self.editing.step_of(history.entries[row - 1]) is not None)
        self.list.setCurrentRow(history.position)
        self._refresh_actions()

    def use_colours(self, colours: Colours) -> None:
        self._step_icon, self._stroke_icon, self._photo_icon = (
            icon(name, colours, listed=True) for name in ("step", "brush", "photo")
        )
        self.list.clear()
        self._shown = []
        self.refresh()

    def _action(self, text: str, key: str, does: Callable[[Entry], None]) -> QAction:
        """What can be done with the step of the current row; its key counts while the list has the focus."""
        action = QAction(text, self.list)
        action.setShortcut(key)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda: does(self._shown[self.list.currentRow() - 1]))
        self.list.addAction(action)
        return action

    def _tell(self, row: int, is_step: bool) -> None:
        more = self.tr("Right click, F2 or Del: change or remove this step, and keep those after it")
        self.list.item(row).setToolTip(more if is_step else "")

    def _refresh_actions(self) -> None:
        row, history = self.list.currentRow(), self._session.history
        on = 0 < row <= min(history.position, len(self._shown))
        on = on and self.editing.step_of(self._shown[row - 1]) is not None
        for action in (self.change, self.remove):
            action.setEnabled(on)

    def _show_menu(self, at: QPoint) -> None:
        item = self.list.itemAt(at)
        if item is None:
            return
        self.list.setCurrentItem(item)
        self._refresh_actions()
        menu = QMenu(self.list)
        menu.addActions([self.change, self.remove])
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.list.viewport().mapToGlobal(at))

    def _go(self, item: QListWidgetItem) -> None:
        self._session.go_to(self.list.row(item))
        self.refresh()
