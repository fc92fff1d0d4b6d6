"""Training in a process of its own: how it is started, what it tells, and how it is stopped."""

import csv
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

import engine

SUFFIXES = {".avif", ".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"}  # of the photos that are learned from
_EVERY = 30  # seconds between two reports, each with a checkpoint and a preview
_GRACE = 8000  # ms that the process has for its last step and its checkpoint
_LAST_GRACE = 3000  # ms more, once it was told to end whatever it does
_POLITE = 10  # its niceness: the window comes first
_TAIL = 4000  # characters of its errors that are kept

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """What to train, on the photos in which folder, and for how long in all; `resume` goes on with the run before."""

    recipe: str
    photos: Path
    minutes: int
    resume: bool = False


@dataclass(frozen=True)
class Report:
    """How far a run is: its steps, its seconds, and what else it measured, such as {"loss": 0.93}."""

    step: int
    seconds: float
    values: dict[str, float]


def parse(line: str) -> Report | None:
    """A line such as "step 107  seconds 151  loss 0.93"; None where it says something else."""
    pairs = [part.rsplit(" ", 1) for part in line.strip().split("  ")]
    try:
        values = {name: float(number) for name, number in pairs}
        return Report(int(values.pop("step")), values.pop("seconds"), values)
    except (ValueError, KeyError, OverflowError):
        return None


def command(wish: Wish, folder: Path) -> list[str]:
    """The program and its arguments; the frozen app is its own Python for this. `folder` is the user's."""
    words = [sys.executable, "-m", "engine.training", wish.recipe]
    words += ["--photos", str(wish.photos), "--minutes", str(wish.minutes), "--every", str(_EVERY)]
    words += ["--runs", str(folder / "runs"), "--ship", str(folder / "weights"), "--with-parent"]
    return [*words, "--resume"] if wish.resume else words


class TrainingRun(QObject):
    """One run at a time. All signals come in the thread of this object."""

    started = Signal()
    reported = Signal(object)  # a Report
    noted = Signal(str)  # another sentence that it printed
    ended = Signal(str, bool)  # a sentence for the user, and whether it is good news

    def __init__(
        self,
        folder: Path,
        parent: QObject | None = None,
        command: Callable[[Wish, Path], list[str]] = command,
    ) -> None:
        super().__init__(parent)
        self._folder, self.command = folder, command
        self.process: QProcess | None = None  # while it runs
        self._stopping = False
        self._errors = ""
        self._known = 0.0  # seconds of the run
        self._known_at: float | None = None  # on the clock; None before the first report, while photos are read
        self.wish: Wish | None = None  # of the run that goes on, or was the last

    @property
    def is_running(self) -> bool:
        return self.process is not None

    def folder(self, recipe: str) -> Path:
        """Where a run keeps its checkpoint, its curve and preview.png."""
        return self._folder / "runs" / recipe

    def done(self, recipe: str) -> float | None:
        """The minutes that an earlier run has behind it; None where there is none to go on with."""
        folder = self.folder(recipe)
        if not (folder / "checkpoint.json").is_file():
            return None
        try:
            with (folder / "curve.csv").open(newline="") as file:
                return [float(row["seconds"]) for row in csv.DictReader(file)][-1] / 60
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return 0.0

    @property
    def is_beginning(self) -> bool:
        """Whether it still reads photos, before its first report."""
        return self.is_running and self._known_at is None

    @property
    def seconds(self) -> float:
        """How long the run has trained, as far as known: after a report the clock goes on."""
        return self._known + (0.0 if self._known_at is None else time.monotonic() - self._known_at)

    @property
    def fraction(self) -> float:
        """How much of the training is over; 1 when it has said so."""
        if self.wish is None:
            return 0.0
        whole = 60 * self.wish.minutes
        return 1.0 if self._known_at is not None and self._known >= whole else min(0.99, self.seconds / whole)

    def start(self, wish: Wish) -> None:
        """Begin, unless a run goes on; `ended` tells where that is not possible."""
        if self.is_running:
            return
        try:
            (self._folder / "weights").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            self.ended.emit(self.tr("The folder {} cannot be made: {}.").format(self._folder, reason), False)
            return
        before = self.done(wish.recipe) if wish.resume else None
        self.wish, self._stopping, self._errors = wish, False, ""
        self._known, self._known_at = 60 * (before or 0.0), None
        program, *arguments = self.command(wish, self._folder)
        process = self.process = QProcess(self)
        process.setProcessEnvironment(_environment())
        process.setWorkingDirectory(str(Path(engine.__file__).parents[1]))  # where Python finds the engine
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_errors)
        process.started.connect(self._make_polite)
        process.finished.connect(self._finish)
        process.errorOccurred.connect(self._fail)
        process.start(program, arguments)
        self.started.emit()

    def stop(self) -> None:
        """End it after its next step, with a checkpoint; soon in any case, and then the last one stays."""
        process = self.process
        if process is None or self._stopping:
            return
        self._stopping = True
        process.closeWriteChannel()  # as if this app were gone
        QTimer.singleShot(_GRACE, process, process.terminate)
        QTimer.singleShot(_GRACE + _LAST_GRACE, process, process.kill)

    def close(self) -> None:
        """The same without a word: the window closes. Waits for it."""
        process, self.process = self.process, None
        if process is None:
            return
        process.blockSignals(True)
        process.closeWriteChannel()
        for end in (process.terminate, process.kill):
            if process.waitForFinished(_LAST_GRACE):
                break
            end()
        process.deleteLater()

    def _make_polite(self) -> None:
        if self.process is not None and sys.platform != "win32":
            try:
                os.setpriority(os.PRIO_PROCESS, self.process.processId(), _POLITE)
            except OSError as error:  # it has ended already
                _log.info("the training keeps its priority: %s", error)

    def _read(self) -> None:
        while self.process is not None and self.process.canReadLine():
            line = bytes(self.process.readLine().data()).decode("utf-8", "replace").strip()
            report = parse(line)
            if report is not None:
                self._known, self._known_at = report.seconds, time.monotonic()
                self.reported.emit(report)
            elif line and not line.startswith("{"):  # the scores at the end are for the manifest
                self.noted.emit(line)

    def _read_errors(self) -> None:
        if self.process is not None:
            text = bytes(self.process.readAllStandardError().data()).decode("utf-8", "replace")
            self._errors = (self._errors + text)[-_TAIL:]

    def _fail(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self.process is not None:
            words = self.process.errorString()
            self._end(self.tr("The training could not be started: {}.").format(words), False)

    def _finish(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_errors()
        if self._stopping:
            self._end(self.tr("The training was stopped. What was learned so far is kept to go on with."), True)
        elif status == QProcess.ExitStatus.NormalExit and code == 0:
            self._end(
                self.tr("The training is done: “Trained on my photos” in the form of {} uses it.").format(self._used()),
                True,
            )
        else:
            _log.info("the training ended with %s\n%s", code, self._errors)
            lines = self._errors.strip().splitlines() or [self.tr("it ended by itself")]
            self._end(self.tr("The training failed: {}.").format(lines[-1].rstrip(".")), False)

    def _used(self) -> str:
        """By which operations, as the user reads it."""
        recipe = self.wish.recipe if self.wish else ""
        return {"patches-vae": self.tr("Vary or Blend"), "imagine-gan": self.tr("Fill")}.get(recipe, self.tr("Plate"))

    def _end(self, sentence: str, good: bool) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.deleteLater()
            self.ended.emit(sentence, good)


def _environment() -> QProcessEnvironment:
    """That of the app, with a core left for the window where the user has not said how many shall work."""
    result = QProcessEnvironment.systemEnvironment()
    if not result.contains("OMP_NUM_THREADS"):
        result.insert("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 2) - 1)))
    result.insert("PYTHONIOENCODING", "utf-8")
    result.insert("PYTHONUNBUFFERED", "1")
    return result
