"""The dialog for training on one's own photos: what, on which folder, how long, and how it goes."""

import os
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.form import name_all
from app.jobs import Jobs
from app.training_run import SUFFIXES, Report, TrainingRun, Wish
from engine import models
from engine.progress import Progress

_REST = 300  # ms after the last letter before a folder is looked at
_TICK = 1000  # ms between two looks at the clock and at the preview
_FEW = 20  # photos; fewer are learned by heart
_MOST = 100_000  # files of a folder that are looked at
_SIDE = 240  # logical px of the preview


class TrainingDialog(QDialog):
    """It blocks nothing and may be closed while the training goes on."""

    folder_chosen = Signal(object)  # the Path of photos that a run was begun with

    def __init__(self, run: TrainingRun, jobs: Jobs, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Train on my photos"))
        self._run, self._jobs = run, jobs
        self._count: int | None = None  # photos in the folder; None while that is not known, -1 for no folder
        self._shown = 0.0  # when the preview that is seen was written
        self._news = ""
        self._make_fields(folder)
        self._make_progress()
        self._lay_out()
        self._looking = QTimer(self, singleShot=True, interval=_REST)
        self._looking.timeout.connect(self._look)
        self._clock = QTimer(self, interval=_TICK)
        self._clock.timeout.connect(self._show_progress)
        for changed in (self.what.currentIndexChanged, self.minutes.valueChanged, self.go_on.toggled):
            changed.connect(self._refresh)
        self.what.currentIndexChanged.connect(self._offer_to_go_on)
        self.photos.textChanged.connect(self._look_soon)
        run.started.connect(self._begun)
        run.reported.connect(self._show_report)
        run.noted.connect(self._note)
        run.ended.connect(self._ended)
        self._offer_to_go_on()
        self._look()
        if run.is_running:
            self._begun()

    def _make_fields(self, folder: Path) -> None:
        self.what = QComboBox(self)
        self.what.addItem(self.tr("Plates: backgrounds like yours (GAN)"), "plates-gan")
        self.what.addItem(self.tr("Vary: small pieces like yours (VAE)"), "patches-vae")
        if models.is_shipped("imagine-gan"):
            self.what.addItem(self.tr("Fill: contents of holes like yours (conditional GAN)"), "imagine-gan")
        self.photos = QLineEdit(str(folder), self)
        self.browse = QPushButton(self.tr("Choose…"), self)
        self.browse.setAccessibleName(self.tr("Choose the folder of photos"))
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(self._browse)
        self.found = QLabel(self)
        self.found.setObjectName("faint")
        self.found.setWordWrap(True)
        self.minutes = QSpinBox(self)
        self.minutes.setRange(1, 10_000)
        self.minutes.setValue(60)
        self.minutes.setSuffix(self.tr(" min"))
        name_all(
            self.minutes,
            self.tr("Length"),
            self.tr("Of the whole training, also where it is stopped and goes on later"),
        )
        self.go_on = QCheckBox(self)

    def _make_progress(self) -> None:
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress of the training"))
        self.state = QLabel(self)
        self.state.setWordWrap(True)
        self.preview = QLabel(self)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setMinimumHeight(_SIDE)
        self.preview.setAccessibleName(self.tr("What it makes so far"))
        self.begin = QPushButton(self.tr("Start"), self)
        self.begin.setObjectName("primary")
        self.begin.clicked.connect(self._begin)
        self.stop = QPushButton(self.tr("Stop"), self)
        self.stop.setToolTip(self.tr("What was learned so far is kept to go on with"))
        self.stop.setAutoDefault(False)
        self.stop.clicked.connect(self._stop)
        self.leave = QPushButton(self.tr("Close"), self)
        self.leave.setToolTip(self.tr("The training goes on; the menu Tools shows it again"))
        self.leave.setAutoDefault(False)
        self.leave.clicked.connect(self.reject)

    def _lay_out(self) -> None:
        self.resize(480, 560)
        head = QLabel(self.tr("Learns from your photos on this computer; none of them leaves it."), self)
        head.setWordWrap(True)
        folder = QHBoxLayout()
        folder.addWidget(self.photos, 1)
        folder.addWidget(self.browse)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("&What"), self.what)
        form.addRow(self.tr("&Photos in"), folder)
        form.labelForField(folder).setBuddy(self.photos)  # type: ignore[union-attr]
        self.photos.setAccessibleName(self.tr("Folder of photos"))
        form.addRow("", self.found)
        form.addRow(self.tr("&Length"), self.minutes)
        form.addRow("", self.go_on)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for one in (self.leave, self.stop, self.begin):
            buttons.addWidget(one)
        rows = QVBoxLayout(self)
        rows.setSpacing(10)
        rows.addWidget(head)
        rows.addLayout(form)
        rows.addWidget(self.preview, 1)
        rows.addWidget(self.bar)
        rows.addWidget(self.state)
        rows.addLayout(buttons)

    # ------------------------------------------------------------------------------------------------- the wish
    def _recipe(self) -> str:
        return str(self.what.currentData())

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("A folder of photos"), self.photos.text())
        if chosen:
            self.photos.setText(chosen)

    def _look_soon(self) -> None:
        self._count = None
        self._looking.start()
        self._refresh()

    def _look(self) -> None:
        text = self.photos.text().strip()
        folder = Path(text)
        self._jobs.start(
            lambda progress: count_photos(folder, progress) if text and folder.is_dir() else -1, self._show_count
        )

    def _show_count(self, count: int) -> None:
        self._count = count
        self._refresh()

    def _offer_to_go_on(self) -> None:
        """Where a run was stopped, going on with it is what is wanted."""
        done = self._run.done(self._recipe())
        self.go_on.setVisible(done is not None)
        self.go_on.setChecked(done is not None)
        words = self.tr("Go on after the {} min that are done").format(round(done or 0))
        self.go_on.setText(words if (done or 0) >= 1 else self.tr("Go on where it was stopped"))
        self._refresh()

    def _refresh(self) -> None:
        """Say what is missing; enable what can be done."""
        running, count = self._run.is_running, self._count
        done = (self._run.done(self._recipe()) or 0.0) if self.go_on.isChecked() else 0.0
        spent = done >= self.minutes.value()
        if count is None:
            words = self.tr("Looking…")
        elif count < 0:
            words = self.tr("There is no such folder.")
        elif not count:
            words = self.tr("There are no photos directly in this folder.")
        else:
            words = self.tr("One photo") if count == 1 else self.tr("{} photos").format(count)
            words = self.tr("{}: so few are learned by heart").format(words) if count < _FEW else words
        self.found.setText(words)
        if not running:
            more = self.tr("So many minutes are done already: choose more to go on.") if spent else ""
            self.state.setText(" ".join(filter(None, (self._news, more))))
        for one in (self.what, self.photos, self.browse, self.minutes, self.go_on):
            one.setEnabled(not running)
        self.begin.setEnabled((count or 0) > 0 and not running and not spent)
        self.stop.setEnabled(running)
        self.begin.setText(self.tr("Go on") if self.go_on.isChecked() else self.tr("Start"))

    # -------------------------------------------------------------------------------------------------- the run
    def _begin(self) -> None:
        photos = Path(self.photos.text().strip()).absolute()
        self.folder_chosen.emit(photos)
        go_on = self.go_on.isChecked()
        self._shown = 0.0 if go_on else self._written()  # what another run made is not of this one
        self.preview.clear()
        self._run.start(Wish(self._recipe(), photos, self.minutes.value(), go_on))

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self.state.setText(self.tr("Stopping…"))
        self._clock.stop()
        self._run.stop()

    def _begun(self) -> None:
        wish = self._run.wish
        if wish is not None:
            self.what.setCurrentIndex(self.what.findData(wish.recipe))
        self._news = ""
        self._refresh()
        self.stop.setFocus()
        self._clock.start()
        self._show_progress()

    def _show_report(self, report: Report) -> None:
        known = [f"{name} {value:.3g}" for name, value in report.values.items()]
        self._news = self.tr("step {}").format(report.step) + "".join(f", {one}" for one in known[:3])
        self._show_progress()

    def _note(self, line: str) -> None:
        self._news = line
        self._show_progress()

    def _show_progress(self) -> None:
        wish, fraction = self._run.wish, self._run.fraction
        if wish is None or not self._clock.isActive():
            return
        self.bar.setValue(round(1000 * fraction))
        if self._run.is_beginning:
            head = self.tr("Reading the photos and taking the first steps")
        elif fraction < 1:
            head = self.tr("{} of {} min").format(int(self._run.seconds / 60), wish.minutes)
        else:
            head = self.tr("Storing what was learned")
        self.state.setText(f"{head}: {self._news}" if self._news else f"{head}…")
        self._show_preview()

    def _preview_file(self) -> Path:
        return self._run.folder(self._recipe()) / "preview.png"

    def _written(self) -> float:
        """When the newest preview was written; 0 where there is none."""
        try:
            return self._preview_file().stat().st_mtime
        except OSError:
            return 0.0

    def _show_preview(self) -> None:
        """The newest preview.png; one that is just being written comes with the next tick."""
        written = self._written()
        picture = QPixmap(str(self._preview_file())) if written != self._shown else QPixmap()
        if not picture.isNull():
            self._shown = written
            ratio = self.devicePixelRatioF()
            side = round(_SIDE * ratio)
            keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            picture = picture.scaled(side, side, keep, smooth)
            picture.setDevicePixelRatio(ratio)
            self.preview.setPixmap(picture)

    def _ended(self, sentence: str, good: bool) -> None:
        self._clock.stop()
        self._show_preview()
        self.bar.setValue(1000 if good and self._run.fraction >= 1 else 0)
        self._news = sentence
        self._offer_to_go_on()


def count_photos(folder: Path, progress: Progress) -> int:
    """How many photos lie directly in a folder, or in photos/ in it; 0 where it cannot be read. Raises Cancelled."""
    folder = folder / "photos" if (folder / "photos").is_dir() else folder
    found = 0
    try:
        with os.scandir(folder) as entries:
            for number, entry in enumerate(entries):
                if number % 1000 == 0:
                    progress(0)
                if number >= _MOST:
                    break
                found += Path(entry.name).suffix.lower() in SUFFIXES
    except OSError:
        return 0
    return found
