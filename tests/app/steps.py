"""Operations, a detector and hands for the tests of the session."""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QThread

from app.display import Display
from app.rendering import View
from app.session import Session
from engine.errors import RestoreError
from engine.image import Box, Image, Mask
from engine.operation import Detector, Operation
from engine.params import param
from engine.progress import Progress


@dataclass(frozen=True)
class Brighten(Operation):
    title = "Brighten"
    group = "test"
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
