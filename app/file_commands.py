"""Opening, pasting, dropping and exporting: the commands that meet files, and the question about unsaved work."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QTimer
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.canvas_dialog import CanvasDialog
from app.export_dialog import ExportDialog, formats
from app.message_bar import MessageBar
from app.session import Session
from app.settings import Settings
from engine import files
from engine.files import FORMATS, SUFFIXES_READ, ExportSettings
from engine.operation import Operation


class FileCommands(QObject):
    """What the menus, the start page and drops call."""

    def __init__(self, session: Session, settings: Settings, message: MessageBar, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._settings, self._message, self._window = session, settings, message, window
        self._then: Callable[[], None] | None = None  # what to do after the export that a question asked for
        self._begun: tuple[Path, ExportSettings, Callable[[], None] | None] | None = None  # the last export, and then
        self._exported: tuple[Path, ExportSettings] | None = None  # of this photo
        self.dialog: ExportDialog | None = None
        self.canvas_dialog: CanvasDialog | None = None
        session.opened.connect(self._remember_opened)
        session.exported.connect(self._tell_exported)

    # ----------------------------------------------------------------------------------------------- opening
    def choose(self) -> None:
        """Ask for a photo file and open it."""
        every = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in SUFFIXES_READ)
        chosen, _ = QFileDialog.getOpenFileName(
            self._window,
            self.tr("Open a photo"),
            str(self._settings.folder),
            f"{self.tr('Photos')} ({every});;{self.tr('All files')} (*)",
            options=QFileDialog.Option.HideNameFilterDetails,
        )
        if chosen:
            self.open(Path(chosen))

    def open(self, path: Path) -> None:
        """Open a photo file, after a question where work would be lost."""
        self.ask_unsaved(lambda: self._session.open(path))

    def new_canvas(self, operation: Operation | None = None) -> None:
        """Ask how large a new photo shall be, white or made by `operation`, and begin it."""
        dialog = CanvasDialog(self._settings.canvas, operation, self._window)
        dialog.chosen.connect(lambda height, width: self._begin_canvas(height, width, operation))
        dialog.finished.connect(dialog.deleteLater)
        self.canvas_dialog = dialog
        dialog.open()

    def _begin_canvas(self, height: int, width: int, operation: Operation | None) -> None:
        self._settings.remember_canvas(height, width)
        self.ask_unsaved(lambda: self._session.open_canvas(height, width, operation))

    def paste(self) -> None:
        """Open the picture or the file of the clipboard."""
        if not self.take(QGuiApplication.clipboard().mimeData()):
            self._message.warn(self.tr("The clipboard holds neither a picture nor a photo file."))

    def take(self, data: QMimeData) -> bool:
        """Open what was dropped or pasted; False where it is neither a file nor a picture."""
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if paths:
            # The program that something was dropped from waits until the drop is answered: no question before.
            QTimer.singleShot(0, self, lambda: self.open(paths[0]))
            return True
        picture = data.imageData()
        if isinstance(picture, QImage) and not picture.isNull():
            name = self.tr("Pasted picture")
            QTimer.singleShot(0, self, lambda: self.ask_unsaved(lambda: self._session.open_picture(picture, name)))
            return True
        return False

    def can_take(self, data: QMimeData) -> bool:
        return data.hasImage() or any(url.isLocalFile() for url in data.urls())

    def _remember_opened(self) -> None:
        self._exported = None
        if self._session.path:
            self._settings.remember(self._session.path)

    # --------------------------------------------------------------------------------------------- exporting
    def export(self) -> None:
        """Show the export dialog."""
        path, settings = self._proposal()
        photo = self._session.photo
        if path is None or settings is None or photo is None:
            return
        alpha = photo.alpha is not None
        self.dialog = ExportDialog(path, settings, photo.metadata, alpha, self._window, self._session.path)
        self.dialog.chosen.connect(self._export_chosen)
        self.dialog.rejected.connect(self._forget_then)
        self.dialog.finished.connect(self.dialog.deleteLater)
        self.dialog.open()

    def export_again(self) -> None:
        """Export with the settings of the last time, without a dialog."""
        path, settings = self._exported or self._proposal()
        if path is not None and settings is not None:
            self._export_chosen(path, settings)

    def _proposal(self) -> tuple[Path | None, ExportSettings | None]:
        photo = self._session.photo
        if photo is None:
            return None, None
        settings = self._settings.export(self._own(), formats())
        source = self._session.path.suffix if self._session.path else ""
        kind = FORMATS[settings.format]
        suffix = source if source.lower() in kind.suffixes else kind.suffixes[0]
        path = self._session.default_export_path(self._settings.folder, suffix)
        if self._session.export_path:
            path = self._session.export_path.with_suffix(suffix)
        return path, settings

    def _own(self) -> ExportSettings:
        """Settings that lose nothing of the photo."""
        assert self._session.photo is not None
        own = files.defaults_for(self._session.photo.metadata, self._session.path.suffix if self._session.path else "")
        return own if own.format in formats() else ExportSettings("png", own.depth)

    def _export_chosen(self, path: Path, settings: ExportSettings) -> None:
        self._settings.remember_export(settings, self._own())
        self._begun, self._then = (path, settings, self._then), None  # one that fails is not followed by anything
        self._session.export(path, settings)

    def _tell_exported(self, written: Path) -> None:
        self._message.tell(self.tr("Exported {} to {}.").format(f"“{written.name}”", written.parent))
        begun, self._begun = self._begun, None
        if begun is None:
            return
        self._exported, then = begun[:2], begun[2]
        if then:
            then()

    def _forget_then(self) -> None:
        self._then = None

    # ----------------------------------------------------------------------------------------------- unsaved
    def ask_unsaved(self, then: Callable[[], None]) -> None:
        """Do `then`, unless the user wants to keep work that no file has; after the export if that is wanted."""
        if not self._session.history.unsaved:
            then()
            return
        answer = self.question()
        if answer == "discard":
            then()
        elif answer == "export":
            self._then = then
            self.export()

    def question(self) -> str:
        """ "export", "discard" or "cancel"."""
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Photomend")
        box.setText(self.tr("“{}” has changes that are not exported.").format(self._session.name))
        box.setInformativeText(self.tr("They are lost unless you export them first."))
        export = box.addButton(self.tr("Export…"), QMessageBox.ButtonRole.AcceptRole)
        discard = box.addButton(self.tr("Discard"), QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton(self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(export)
        box.setEscapeButton(cancel)
        box.exec()
        return {export: "export", discard: "discard"}.get(box.clickedButton(), "cancel")  # type: ignore[call-overload]
