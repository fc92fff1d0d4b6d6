"""The page that is shown while no photo is open: a place to drop one, recent files and the sample."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import Colours, drawing
from engine import resources

_SHOWN = 5  # recent files


def sample() -> Path:
    """The photo to try the app with."""
    return resources.folder() / "samples" / "sample.jpg"


class StartPage(QWidget):
    """What to do first, for the mouse and for the keyboard."""

    open_wanted = Signal()
    paste_wanted = Signal()
    chosen = Signal(object)  # a Path

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._picture = QLabel(self)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        welcome = QLabel(self.tr("Drop a photo here"), self)
        welcome.setObjectName("welcome")
        welcome.setAlignment(Qt.AlignmentFlag.AlignCenter)
        kinds = QLabel(self.tr("JPEG, PNG, TIFF, WebP, AVIF, HEIC or BMP, 8 or 16 bit"), self)
        kinds.setObjectName("faint")
        kinds.setAlignment(Qt.AlignmentFlag.AlignCenter)
        kinds.setWordWrap(True)
        self.open_button = QPushButton(self.tr("Open a photo…"), self)
        self.open_button.setObjectName("primary")
        self.open_button.clicked.connect(self.open_wanted)
        self.paste_button = QPushButton(self.tr("Paste"), self)
        self.paste_button.clicked.connect(self.paste_wanted)
        self.sample_button = QPushButton(self.tr("Try the sample"), self)
        self.sample_button.clicked.connect(self._choose_sample)
        self.zone = self._make_zone(welcome, kinds)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(24, 24, 24, 24)
        rows.setSpacing(16)
        rows.addStretch(1)
        rows.addWidget(self.zone, 0, Qt.AlignmentFlag.AlignHCenter)
        rows.addLayout(self._recent)
        rows.addStretch(1)

    def _make_zone(self, welcome: QLabel, kinds: QLabel) -> QFrame:
        zone = QFrame(self)
        zone.setObjectName("drop")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        for one in (self.open_button, self.paste_button, self.sample_button):
            buttons.addWidget(one)
        buttons.addStretch(1)
        rows = QVBoxLayout(zone)
        rows.setContentsMargins(28, 28, 28, 28)
        rows.setSpacing(10)
        rows.addWidget(self._picture)
        rows.addWidget(welcome)
        rows.addWidget(kinds)
        rows.addSpacing(8)
        rows.addLayout(buttons)
        return zone

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.zone.setFixedWidth(max(320, min(560, event.size().width() - 48)))
        super().resizeEvent(event)

    def show_recent(self, paths: list[Path]) -> None:
        """The photos opened last, the newest first."""
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        if not paths:
            return
        head = QLabel(self.tr("Recent photos"), self)
        head.setObjectName("faint")
        self._recent.addWidget(head, 0, Qt.AlignmentFlag.AlignHCenter)
        for path in paths[:_SHOWN]:
            button = QPushButton(path.name.replace("&", "&&"), self)
            button.setObjectName("link")
            button.setToolTip(str(path))
            button.setAccessibleName(self.tr("Open {}").format(path.name))
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(lambda _checked=False, path=path: self.chosen.emit(path))
            self._recent.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)

    def refresh_sample(self) -> None:
        """Offer the sample where it is installed."""
        self.sample_button.setVisible(sample().is_file())

    def set_over(self, over: bool) -> None:
        """Whether something that can be dropped is over the window."""
        self.zone.setProperty("over", over)
        self.zone.style().unpolish(self.zone)
        self.zone.style().polish(self.zone)

    def use_colours(self, colours: Colours) -> None:
        self._picture.setPixmap(drawing("photo", colours.faint, 48, self.devicePixelRatioF()))

    def _choose_sample(self) -> None:
        self.chosen.emit(sample())
