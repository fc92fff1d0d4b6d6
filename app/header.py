"""The header: Open, Paste and Auto restore, and what the open photo is."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from app.rendering import profile_name
from app.session import Session


class NameLabel(QLabel):
    """A name of any length: where there is too little room its middle is left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self.setTextFormat(Qt.TextFormat.PlainText)  # a file may be called anything
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_name(self, name: str) -> None:
        self._name = name
        self.setAccessibleName(name)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, self.width()))


class Header(QWidget):
    """Name, size, depth and colour profile of the photo; a star where work is not exported."""

    def __init__(self, session: Session, actions: list[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 5, 14, 5)
        row.setSpacing(4)
        for action in actions:
            button = QToolButton(self)
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(18, 18))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setObjectName(f"{action.objectName()}Button")
            row.addWidget(button)
        row.addSpacing(10)
        self.name = NameLabel(self)
        self.name.setObjectName("title")
        self.facts = QLabel(self)
        self.facts.setObjectName("faint")
        row.addWidget(self.name, 1)
        row.addSpacing(10)
        row.addWidget(self.facts)
        session.opened.connect(self.refresh)
        session.rendered.connect(self.refresh)
        session.history_changed.connect(self.refresh)

    def refresh(self) -> None:
        photo, view = self._session.photo, self._session.view
        if photo is None or view is None:
            return
        star = "*" if self._session.history.unsaved else ""
        self.name.show_name(f"{self._session.name}{star}")
        self.name.setToolTip(str(self._session.path or ""))
        height, width = view.image.shape[:2]
        facts = [f"{width} × {height}", self.tr("{} bit").format(photo.metadata.depth)]
        if photo.metadata.grey:
            facts.append(self.tr("grey"))
        if photo.alpha is not None:
            facts.append(self.tr("transparency"))
        facts.append(profile_name(photo.metadata.icc) or self.tr("no profile (sRGB)"))
        self.facts.setText("   ·   ".join(facts))
