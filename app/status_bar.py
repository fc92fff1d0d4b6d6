"""The status bar: the device, the running job with the time left and Cancel, the zoom and the pixel under the mouse."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QStatusBar, QWidget

_GOOD_FOR = 8000  # ms that a sentence stays
_INDENT = 14  # logical px before the pixel and the zoom; the style sheet would take margins of a label away


def duration(seconds: float) -> str:
    """ "4 s", "2 min 10 s", "1 h 5 min": rounded so that it does not flicker."""
    whole = round(seconds) if seconds < 20 else 5 * round(seconds / 5)
    if whole < 60:
        return f"{max(1, whole)} s"
    large, small, of, unit = (3600, 60, "h", "min") if whole >= 3600 else (60, 1, "min", "s")
    rest = whole % large // small
    return f"{whole // large} {of} {rest} {unit}" if rest else f"{whole // large} {of}"


class StatusBar(QStatusBar):
    """Shows; knows nothing of the session."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setMinimumHeight(30)
        self._title = ""
        self.device = QLabel(self.tr("Loading the engine…"), self)
        self.device.setObjectName("faint")
        self.device.setAccessibleName(self.tr("Device"))
        self.job = QWidget(self)
        self.title = QLabel(self.job)
        self.bar = QProgressBar(self.job)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(140)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.left = QLabel(self.job)
        self.left.setObjectName("faint")
        self.left.setMinimumWidth(self.fontMetrics().horizontalAdvance("~00 min 00 s"))
        self.cancel = QPushButton(self.job)
        self.cancel.setStyleSheet("padding: 1px 10px;")
        self.cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout(self.job)
        row.setContentsMargins(12, 0, 0, 0)
        row.setSpacing(8)
        for one in (self.title, self.bar, self.left, self.cancel):
            row.addWidget(one)
        self.changes = QLabel(self)
        self.changes.setObjectName("faint")
        self.changes.setAccessibleName(self.tr("What changed"))
        self.pixel = QLabel(self)
        self.pixel.setAccessibleName(self.tr("Pixel under the mouse"))
        self.zoom = QLabel(self)
        for one in (self.pixel, self.zoom):
            one.setIndent(_INDENT)
        self.zoom.setAccessibleName(self.tr("Zoom"))
        self.setContentsMargins(10, 0, 10, 0)
        self.addWidget(self.device)
        self.addWidget(self.job)
        self.addPermanentWidget(self.changes)
        self.addPermanentWidget(self.pixel)
        self.addPermanentWidget(self.zoom)
        self.job.hide()

    def tell(self, sentence: str) -> None:
        """Something worth a glance, until the next job or for a while."""
        self.showMessage(sentence, _GOOD_FOR)

    def begin(self, title: str) -> None:
        self.clearMessage()
        self._title = title
        self.title.setText(title)
        self.cancel.setText(self.tr("Cancel"))
        self.cancel.setToolTip(self.tr("Stop the job; nothing is changed (Esc)"))
        self.bar.setValue(0)
        self.left.clear()
        self.job.show()

    def progress(self, fraction: float, seconds: float | None) -> None:
        self.bar.setValue(round(1000 * fraction))
        self.left.setText("" if seconds is None else f"~{duration(seconds)}")

    def show_pass(self, done: int, wanted: int) -> None:
        """The photo as it is after some of the passes is on the screen; the job may be stopped here."""
        self.title.setText(self.tr("{}: pass {} of {}").format(self._title, done, wanted))
        self.cancel.setText(self.tr("Stop here"))
        self.cancel.setToolTip(self.tr("Stop the job and keep what is shown (Esc)"))

    def end(self) -> None:
        self.job.hide()

    def show_changes(self, text: str) -> None:
        """How much of the photo was changed; empty where nobody wants to know."""
        self.changes.setText(text)
        self.changes.setAccessibleDescription(text)

    def show_zoom(self, zoom: float) -> None:
        percent = 100 * zoom
        self.zoom.setText(f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %")

    def show_pixel(self, text: str) -> None:
        self.pixel.setText(text)
