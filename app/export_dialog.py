"""The export dialog: where to, in which format, and what to do when the file exists."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.form import NumberField, name_all
from engine.files import FORMATS, ExportSettings, Metadata, format_of

_MIDDLE = Qt.TextElideMode.ElideMiddle


def formats() -> dict[str, tuple[int, ...]]:
    """The formats that can be written on this computer, with their depths."""
    return {key: one.depths for key, one in FORMATS.items() if key != "heic" or find_spec("pillow_heif")}


class ExportDialog(QDialog):
    """Begins with `settings`; `chosen` tells what the user decided. `source` is the file of the opened photo."""

    chosen = Signal(object, object)  # Path, ExportSettings

    def __init__(
        self,
        path: Path,
        settings: ExportSettings,
        metadata: Metadata,
        alpha: bool = False,
        parent: QWidget | None = None,
        source: Path | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export"))
        self._metadata, self._alpha, self._wanted, self._source = metadata, alpha, settings, source
        self.folder = path.parent
        self.name = QLineEdit(path.name, self)
        self.name.setMinimumWidth(260)
        self.place = QLabel(self)
        self.place.setObjectName("faint")
        self.browse = QPushButton(self.tr("Browse…"), self)
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(self._browse)
        self.format_choice = QComboBox(self)
        for key in formats():
            self.format_choice.addItem(FORMATS[key].name, key)
        self.depth_choice = QComboBox(self)
        self.quality = NumberField(1, 100, settings.quality, whole=True)
        self.keep_metadata = QCheckBox(self.tr("Keep camera data, date and description (Exif, XMP)"), self)
        self.keep_metadata.setChecked(settings.keep_metadata)
        self.existing = QComboBox(self)
        for value, text in (
            ("number", self.tr("Keep both: add a number to the new one")),
            ("replace", self.tr("Replace it")),
            ("refuse", self.tr("Do not export")),
        ):
            self.existing.addItem(text, value)
        self.existing.setCurrentIndex(self.existing.findData(settings.existing))
        self.note = QLabel(self)
        self.note.setObjectName("faint")
        self.note.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.export = self.buttons.addButton(self.tr("Export"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.export.setDefault(True)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.format_choice.setCurrentIndex(max(0, self.format_choice.findData(settings.format)))
        self.format_choice.currentIndexChanged.connect(self._format_changed)
        self.depth_choice.currentIndexChanged.connect(self._refresh_note)
        self.keep_metadata.toggled.connect(self._refresh_note)
        self.existing.currentIndexChanged.connect(self._refresh_note)
        self.name.textEdited.connect(self._name_edited)
        self._format_changed()
        self.name.textChanged.connect(self._refresh_note)
        self.export.setFocus()

    def _lay_out(self) -> None:
        self._rows = QFormLayout()
        self._rows.setVerticalSpacing(10)
        self._rows.setHorizontalSpacing(14)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        file = QWidget(self)
        row = QHBoxLayout(file)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.name, 1)
        row.addWidget(self.browse)
        for text, widget in (
            (self.tr("File"), file),
            (self.tr("Folder"), self.place),
            (self.tr("Format"), self.format_choice),
            (self.tr("Depth"), self.depth_choice),
            (self.tr("Quality"), self.quality),
            ("", self.keep_metadata),
            (self.tr("If the file exists"), self.existing),
        ):
            if text and widget is not file:
                name_all(widget, text)
            self._rows.addRow(text, widget)
        self.name.setAccessibleName(self.tr("File name"))
        rows = QVBoxLayout(self)
        rows.setContentsMargins(20, 18, 20, 16)
        rows.setSpacing(14)
        rows.addLayout(self._rows)
        rows.addWidget(self.note)
        rows.addStretch(1)
        rows.addWidget(self.buttons)
        self.setMinimumWidth(480)

    def path(self) -> Path:
        """The file to write; a name without a suffix of the format gets one, or no other program would know it."""
        name, suffixes = self.name.text().strip(), FORMATS[str(self.format_choice.currentData())].suffixes
        return self.folder / (name if Path(name).suffix.lower() in suffixes else f"{name}{suffixes[0]}")

    def settings(self) -> ExportSettings:
        return replace(
            self._wanted,
            format=str(self.format_choice.currentData()),
            depth=int(self.depth_choice.currentData()),
            quality=round(self.quality.value()),
            keep_metadata=self.keep_metadata.isChecked(),
            existing=str(self.existing.currentData()),
        )

    def _format_changed(self) -> None:
        key = str(self.format_choice.currentData())
        kind = FORMATS[key]
        wanted = self._wanted.depth if self._wanted.depth in kind.depths else self._metadata.depth
        self.depth_choice.blockSignals(True)
        self.depth_choice.clear()
        for bits in kind.depths:
            self.depth_choice.addItem(self.tr("{} bit").format(bits), bits)
        self.depth_choice.setCurrentIndex(max(0, self.depth_choice.findData(wanted)))
        self.depth_choice.setEnabled(len(kind.depths) > 1)
        self.depth_choice.blockSignals(False)
        self._rows.setRowVisible(self.quality, not kind.lossless)
        self.keep_metadata.setEnabled(kind.exif or kind.xmp)
        name = Path(self.name.text())
        if name.suffix.lower() not in kind.suffixes:
            stem = name.stem if format_of(name.suffix) else name.name
            self.name.setText(f"{stem}{kind.suffixes[0]}")
        self._refresh_note()

    def _name_edited(self, text: str) -> None:
        key = format_of(Path(text).suffix)
        row = self.format_choice.findData(key) if key else -1
        if row >= 0:
            self.format_choice.setCurrentIndex(row)

    def _refresh_note(self) -> None:
        name = self.name.text().strip()
        self.export.setEnabled(bool(name) and "/" not in name and "\\" not in name)
        self.place.setText(self.place.fontMetrics().elidedText(str(self.folder), _MIDDLE, 300))
        self.place.setToolTip(str(self.folder))
        losses = self._losses()
        self.note.setText(" ".join(losses or [self.tr("Depth, colour profile, resolution and camera data are kept.")]))
        if self.note.property("loss") is not bool(losses):
            self.note.setProperty("loss", bool(losses))
            self.note.style().unpolish(self.note)
            self.note.style().polish(self.note)

    def _losses(self) -> list[str]:
        """What this export would lose, one sentence each; empty where it keeps everything."""
        kind, data = FORMATS[str(self.format_choice.currentData())], self._metadata
        left_out = not self.keep_metadata.isChecked() and self.keep_metadata.isEnabled()
        told = {
            self.tr("Camera data, date and description are left out."): left_out,
            self.tr("Only 8 of the photo’s 16 bits are kept."): data.depth == 16
            and self.depth_choice.currentData() == 8,
            self.tr("{} holds no transparency.").format(kind.name): self._alpha and not kind.alpha,
            self.tr("{} holds no colour profile.").format(kind.name): data.icc is not None and not kind.icc,
            self.tr("{} holds no camera data.").format(kind.name): data.exif is not None and not kind.exif,
        }
        found = [sentence for sentence, lost in told.items() if lost]
        if self._is_source() and self.existing.currentData() == "replace":
            found.append(self.tr("This replaces the photo that you opened: as it was, it is gone."))
        return found

    def _is_source(self) -> bool:
        """Whether the opened photo itself would be written to."""
        try:
            return self._source is not None and self.path().samefile(self._source)
        except OSError:  # there is no such file
            return False

    def _browse(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            self.tr("Export to"),
            str(self.path()),
            self.tr("Photos (%s)") % " ".join(f"*{suffix}" for key in formats() for suffix in FORMATS[key].suffixes),
            options=QFileDialog.Option.DontConfirmOverwrite | QFileDialog.Option.HideNameFilterDetails,
        )
        if chosen:
            self.folder = Path(chosen).parent
            self.name.setText(Path(chosen).name)
            self._name_edited(Path(chosen).name)
            self._format_changed()

    def _accept(self) -> None:
        self.chosen.emit(self.path(), self.settings())
        self.accept()
