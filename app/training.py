"""Training on the user's photos as the window sees it: its dialog, news of it, and closing while it runs."""

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox, QWidget

from app.message_bar import MessageBar
from app.session import Session
from app.settings import Settings, data_folder
from app.training_dialog import TrainingDialog
from app.training_run import TrainingRun

_FOLDER = "training/photos"  # in the settings


class Training(QObject):
    """The run belongs to the window and goes on while the dialog is closed."""

    def __init__(self, session: Session, settings: Settings, message: MessageBar, window: QWidget) -> None:
        super().__init__(window)
        self._settings, self._message, self._window = settings, message, window
        self._jobs = session.beside("folders")
        self.run = TrainingRun(data_folder(), self)
        self.dialog: TrainingDialog | None = None
        self.run.ended.connect(self._tell)

    def show(self) -> None:
        """The dialog, as it was left."""
        if self.dialog is None:
            text = self._settings.text(_FOLDER)
            folder = Path(text) if text else self._settings.folder
            self.dialog = TrainingDialog(self.run, self._jobs, folder, self._window)
            self.dialog.folder_chosen.connect(lambda path: self._settings.put(_FOLDER, str(path)))
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def _tell(self, sentence: str, good: bool) -> None:
        """In the window, where the dialog does not say it."""
        if self.dialog is None or not self.dialog.isVisible():
            self._message.tell(sentence) if good else self._message.warn(sentence)

    def may_close(self) -> bool:
        """Whether the window may be closed: at once, or after a question while a training runs."""
        return not self.run.is_running or self.question()

    def question(self) -> bool:
        """Whether to stop the training and close."""
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Photomend")
        box.setText(self.tr("A training on your photos is running."))
        box.setInformativeText(self.tr("Closing stops it. What was learned so far is kept to go on with."))
        stop = box.addButton(self.tr("Stop and close"), QMessageBox.ButtonRole.AcceptRole)
        cancel = box.addButton(self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(cancel)
        box.setEscapeButton(cancel)
        box.exec()
        return box.clickedButton() is stop

    def close(self) -> None:
        """The window closes."""
        self.run.close()
