"""Crashes: an error that nobody expected goes to the log file and into a window; the app goes on."""

import logging
import platform
import sys
import threading
import traceback
from logging.handlers import RotatingFileHandler
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from app.settings import log_folder

_log = logging.getLogger("photomend")


def start_log() -> None:
    """Log to a file in the user's log folder, at most 2 MB; without rights there, to standard error only."""
    logging.getLogger().setLevel(logging.INFO)
    try:
        log_folder().mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(log_folder() / "photomend.log", maxBytes=1 << 20, backupCount=1, encoding="utf-8")
    except OSError as error:
        logging.basicConfig()
        _log.warning("no log file: %s", error)
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)


class CrashReporter(QObject):
    """Takes every exception that reaches the top of a thread. One window at a time."""

    _reported = Signal(str)

    def __init__(self, version: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._version = version
        self.dialog: CrashDialog | None = None
        self._reported.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        sys.excepthook = self.report
        threading.excepthook = lambda args: self.report(
            args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
        )

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Log it and show it; called in any thread."""
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        _log.error("unexpected error\n%s", text)
        print(text, file=sys.stderr)
        self._reported.emit(
            f"Photomend {self._version}, Python {sys.version.split()[0]}, {platform.platform()}\n{text}"
        )

    @Slot(str)
    def _show(self, text: str) -> None:
        if self.dialog is not None and self.dialog.isVisible():
            self.dialog.add(text)
            return
        self.dialog = CrashDialog(text, QApplication.activeWindow())
        self.dialog.show()


class CrashDialog(QDialog):
    """What happened, to be copied into a report. It does not block the window."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Something went wrong"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self.resize(640, 360)
        head = QLabel(
            self.tr(
                "Photomend met an error that it did not expect. Your photo and your work are still open, and you can "
                "go on. Please send this text with your report."
            )
        )
        head.setWordWrap(True)
        self.text = QPlainTextEdit(text)
        self.text.setReadOnly(True)
        self.text.setAccessibleName(self.tr("Error text"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton(self.tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(self.copy_text)
        buttons.rejected.connect(self.reject)
        rows = QVBoxLayout(self)
        rows.addWidget(head)
        rows.addWidget(self.text, 1)
        rows.addWidget(buttons)

    def add(self, text: str) -> None:
        self.text.appendPlainText("\n" + text)

    @Slot()
    def copy_text(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
