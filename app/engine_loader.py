"""Loading the engine after the window is shown: first OpenCV and the operations, then torch."""

import importlib
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from app.jobs import Jobs
from engine.errors import RestoreError
from engine.operation import Detector, Operation
from engine.progress import Progress


@dataclass(frozen=True)
class Engine:
    """All operations and detectors, by id."""

    operations: dict[str, type[Operation]]
    detectors: dict[str, type[Detector]]


def load_operations(_progress: Progress) -> Engine:
    """Imports them with all they need except torch. Raises RestoreError where that fails."""
    try:
        importlib.import_module("engine.masks")
        return Engine(importlib.import_module("engine.operations").ALL, importlib.import_module("engine.detectors").ALL)
    except ImportError as error:
        raise RestoreError(f"The restoration engine could not be loaded: {error}.") from error


def load_torch(_progress: Progress, device: str) -> str:
    """Imports torch; the device in words. Raises RestoreError where that fails."""
    try:
        devices = importlib.import_module("engine.devices")
        devices.use(device)
        devices.warm_up()
        return devices.describe()
    except (ImportError, OSError) as error:
        raise RestoreError(f"The learned models cannot be used: {error}.") from error


class EngineLoader(QObject):
    """Loads the operations on the worker when it has nothing else to do, then torch on a thread of its own.

    OpenCV must not be imported by two threads at once; torch takes seconds, for which no photo shall wait.
    """

    loaded = Signal()
    failed = Signal(str)
    device_known = Signal(str)  # in words; a sentence where torch could not be loaded

    def __init__(self, jobs: Jobs, device: str = "auto", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.engine: Engine | None = None
        self.error = ""
        self._device = device
        self._jobs = jobs
        self._torch_jobs = Jobs(self, "torch")
        self._wanted = False
        self._said = ""
        jobs.finished.connect(self._go_on)
        jobs.finished.connect(self._tell_device)

    def start(self) -> None:
        """Load as soon as the worker is idle; again where it failed."""
        self._wanted, self.error = True, ""
        self._go_on()

    def close(self) -> bool:
        return self._torch_jobs.close(0.2)

    def _go_on(self) -> None:
        if self._wanted and self._jobs.running is None:
            self._jobs.start(load_operations, self._arrive, failed=self._fail)

    def _arrive(self, engine: Engine) -> None:
        self._wanted = False
        self.engine = engine
        self.loaded.emit()
        self._torch_jobs.start(
            lambda progress: load_torch(progress, self._device),
            self._say_device,
            failed=self.device_known.emit,
        )

    def _say_device(self, words: str) -> None:
        self._said = words
        self.device_known.emit(words)

    def _tell_device(self) -> None:
        """A job may have ended on another device than it began on: when the memory of the GPU runs out."""
        if self._said:
            words = importlib.import_module("engine.devices").describe()
            if words != self._said:
                self._say_device(words)

    def _fail(self, sentence: str) -> None:
        self._wanted = False
        self.error = sentence
        self.failed.emit(sentence)
