"""Operations, a table of widgets and hands for the tests of samples."""

import threading
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app import samples
from app.canvas import Canvas
from app.engine_loader import Engine
from app.main_window import MainWindow
from app.sample_panel import SamplePanel
from app.sampling import Sampling
from app.session import Session
from engine.image import Box, Image, Mask
from engine.operation import Operation, Step
from engine.params import param
from engine.progress import Progress
from tests.app.hands import at
from tests.app.steps import view

HOLE = Box(20, 40, 30, 60)


@dataclass(frozen=True)
class Dye(Operation):
    """Everything becomes a grey that seed and twist decide; waits for `let` where a gate is shut."""

    title, group, id, summary = "Dye", "sample", "dye", "Dyes."
    seed: int = param(3, "Seed", low=0, high=99)
    twist: int = param(0, "Twist", low=0, high=50)
    tone: float = param(0.0, "Tone", low=0, high=0.5)

    gate: ClassVar[threading.Semaphore | None] = None

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        while self.gate is not None and not self.gate.acquire(timeout=0.005):
            progress(0.5)
        progress(1)
        return np.full_like(image, (self.seed % 10) / 10 + self.twist / 100 + self.tone)


@dataclass(frozen=True)
class Guess(Operation):
    """Fills the selection with the mean around it and something from the seed; there is no twist."""

    title, group, id, needs_mask, summary = "Guess", "sample", "guess", True, "Guesses."
    seed: int = param(0, "Seed", low=0, high=99)

    @property
    def context(self) -> int:
        return 4

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        return np.full_like(image, float(image[mask == 0].mean()) / 2 + self.seed / 100)


class Table(QWidget):
    """What samples need of the window and no more, with the photo of 96 x 64 px: quicker to lay than the window."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(parent=self)
        self.canvas = Canvas(self.session.selection, self)
        self.samples = SamplePanel(self)
        self.sampling = Sampling(self.session, self.canvas, self.samples, self)
        self.samples.fill(Engine({"dye": Dye, "guess": Guess}, {}))
        self.samples.count.setValue(4)
        row = QHBoxLayout(self)
        row.addWidget(self.canvas, 1)
        row.addWidget(self.samples)
        self.resize(800, 500)
        self.session.opened.connect(self.show_photo)
        self.session.rendered.connect(self.show_photo)

    def show_photo(self) -> None:
        self.canvas.show_after(view(self.session).display, False)


Place = MainWindow | Table


def select(window: Place, box: Box) -> None:
    window.session.edit_selection("Stroke", lambda array: samples.selected(box, array.shape))


def make(window: Place, qtbot: QtBot, count: int = 4) -> None:
    window.samples.what.button.click()
    wait_for(window, qtbot, count)


def wait_for(window: Place, qtbot: QtBot, count: int) -> None:
    qtbot.waitUntil(lambda: len(window.sampling.made) == count and window.session.jobs.running is None)


def seeds(window: Place) -> list[int]:
    return [one.seed for one in window.sampling.made]


def labels(window: Place) -> list[str]:
    return [entry.label for entry in window.session.history.entries]


def steps(window: Place) -> tuple[Step, ...]:
    return view(window.session).document.steps


def red_at(window: Place, x: int, y: int) -> int:
    """What is seen on the screen."""
    window.canvas.set_tint(False)
    return window.canvas.grab().toImage().pixelColor(at(window, x, y)).red()


def drop(window: Place, number: int, x: int, y: int) -> bool:
    """Drop a sample on a pixel of the photo; whether the canvas takes it."""
    return drop_data(window.canvas, window.samples.grid.mime(number), at(window, x, y))


def drop_data(widget: QWidget, data: QMimeData, place: QPoint) -> bool:
    copy, button, no_key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, copy, data, button, no_key)
    QApplication.sendEvent(widget, enter)
    if enter.isAccepted():
        QApplication.sendEvent(widget, QDropEvent(QPointF(place), copy, data, button, no_key))
    return enter.isAccepted()
