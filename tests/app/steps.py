"""Operations, a detector and hands for the tests of the session."""

import threading
import weakref
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QThread

from app.display import Display
from app.rendering import View
from app.session import Session
from engine.errors import RestoreError
from engine.image import Box, Image, Mask, frozen
from engine.operation import Detector, Operation
from engine.params import param
from engine.progress import Progress


@dataclass(frozen=True)
class Brighten(Operation):
    title = "Brighten"
    group = "test"
    id = "brighten"
    amount: float = param(0.25, "Amount", low=0, high=1)

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        progress(0.5)
        return np.minimum(1, image + np.float32(self.amount))


@dataclass(frozen=True)
class Level(Operation):
    """Everything becomes the mean of the whole photo."""

    title = "Level"
    group = "test"
    mean: float = param(-1.0, "Mean", low=-1, high=1)

    def settle(self, image: Image) -> "Level":
        return Level(float(image.mean())) if self.mean < 0 else self

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        return np.full_like(image, self.mean)


@dataclass(frozen=True)
class Gauge(Operation):
    """Measures how bright the photo is, unless it is told."""

    title = "Gauge"
    group = "test"
    id = "gauge"
    automatic: bool = param(True, "Measure")
    level: float = param(0.0, "Level", low=0, high=1, unless="automatic")

    def settle(self, image: Image) -> "Gauge":
        return Gauge(False, float(image.mean())) if self.automatic else self

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        return image


@dataclass(frozen=True)
class Soften(Operation):
    """Half the contrast, and with it half the noise."""

    title = "Soften"
    group = "test"

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        return (image + image.mean()) / 2


@dataclass(frozen=True)
class Blocks(Operation):
    """Everything becomes the first pixel of its block of 8 x 8."""

    title = "Blocks"
    group = "test"
    grid = 8

    @property
    def context(self) -> int:
        return 8

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        return image[::8, ::8].repeat(8, axis=0).repeat(8, axis=1)[: image.shape[0], : image.shape[1]]


@dataclass(frozen=True)
class Turn(Operation):
    title = "Turn"
    group = "geometry"
    moves = True

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        return np.rot90(image).copy()


@dataclass(frozen=True)
class Slow(Operation):
    title = "Slow"
    group = "test"

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        while True:
            QThread.msleep(5)
            progress(0.5)


@dataclass(frozen=True)
class Polish(Operation):
    """Works in passes, each of which makes everything brighter by 0.1 and waits for `let` before it begins."""

    title = "Polish"
    group = "test"
    passes: int = param(4, "Passes", low=1, high=8)
    fails: bool = param(False, "Fails", "Refuses after the last pass")

    gate: ClassVar[threading.Semaphore] = threading.Semaphore(0)
    made: ClassVar[list[weakref.ref[Image]]] = []  # what was offered, as far as it is still alive

    @classmethod
    def begin(cls) -> None:
        """No pass is let yet, and nothing was made."""
        cls.gate, cls.made = threading.Semaphore(0), []

    @classmethod
    def let(cls, passes: int) -> None:
        cls.gate.release(passes)

    @classmethod
    def alive(cls) -> int:
        """How many of the images that were offered are still held by anything."""
        return sum(one() is not None for one in cls.made)

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        for number in range(1, self.passes + 1):
            progress((number - 1) / self.passes)
            while not self.gate.acquire(timeout=0.005):
                progress((number - 1) / self.passes)
            image = frozen(np.minimum(1, image + np.float32(0.1)))
            if number < self.passes:
                self.made.append(weakref.ref(image))
                progress.offer(image, replace(self, passes=number))
        if self.fails:
            raise RestoreError("Not after all.")
        return image


@dataclass(frozen=True)
class Refuse(Operation):
    title = "Refuse"
    group = "test"

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        raise RestoreError("Not this one.")


@dataclass(frozen=True)
class Bright(Detector):
    title = "Bright"

    def detect(self, image: Image, progress: Progress) -> Mask:
        return (image.min(axis=2) > 0.9).astype(np.float32)


def view(session: Session) -> View:
    assert session.view is not None
    return session.view


def image(session: Session) -> Image:
    return view(session).image


def shown(display: Display) -> np.ndarray:
    """The pixels on the screen, uint8 (H, W, 3)."""
    box = Box(0, display.size.height(), 0, display.size.width())
    return display.levels[0].part(box)[..., 2::-1]


def stroke(session: Session, box: Box) -> None:
    def paint(mask: np.ndarray) -> np.ndarray:
        painted = mask.copy()
        painted[box.slices] = 255
        return painted

    session.edit_selection("Stroke", paint)
