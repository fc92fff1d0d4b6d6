"""How quickly the canvas answers at 50 megapixels: brush event to painted frame, undo, whole view."""

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.canvas import Canvas
from app.display import Display, changed_box
from app.selection import Patch, Selection
from engine.image import Box, Image, frozen

_HEIGHT, _WIDTH = 5773, 8660
_EVENTS = 80

T = TypeVar("T")


def measure() -> dict[str, float]:
    """Milliseconds by what was done; "p95" is the slowest but five in a hundred."""
    application = QApplication.instance() or QApplication([])
    selection = Selection()
    selection.reset(_HEIGHT, _WIDTH)
    canvas = Canvas(selection)
    image = _photo()
    found: dict[str, float] = {}
    display = _timed(found, "Display.build", lambda: Display.build(image, None))
    other = image.copy()
    other[3000:3500, 4000:4500] = 0
    _timed(found, "Display.updated 500 px", lambda: display.updated(frozen(other), Box(3000, 3500, 4000, 4500)))
    _timed(found, "changed_box", lambda: changed_box(image, other))
    canvas.show_after(display, False)
    canvas.resize(1600, 1000)
    canvas.show()
    application.processEvents()
    patches: list[Patch] = []
    selection.committed.connect(patches.append)
    for zoom, name in ((None, "fit"), (1.0, "100 %")):
        canvas.fit() if zoom is None else canvas.actual_size()
        _settle()
        _timed(found, f"whole view, {name}", canvas.repaint)
        for size in (40, 400):
            canvas.set_brush(size, 0.8)
            frames = _stroke(canvas)
            found[f"brush {size} px, {name}, median"] = statistics.median(frames)
            found[f"brush {size} px, {name}, p95"] = sorted(frames)[int(0.95 * len(frames))]
            _timed(found, f"stroke undo {size} px, {name}", lambda: (selection.undo(patches[-1]), canvas.repaint()))
            found[f"patch {size} px, {name}, KiB"] = _size(patches[-1]) / 1024
    canvas.deleteLater()
    return found


def _size(patch: Patch) -> int:
    """Bytes that its pixels take."""
    return sum(1 if isinstance(one, int) else len(one) for one in patch.before + patch.after)


def _photo() -> Image:
    """Smooth colours and noise, 50 megapixels."""
    small = np.random.default_rng(0).random((_HEIGHT // 8 + 1, _WIDTH // 8 + 1, 3), np.float32)
    return frozen(np.ascontiguousarray(small.repeat(8, axis=0).repeat(8, axis=1)[:_HEIGHT, :_WIDTH]))


def _timed(found: dict[str, float], name: str, work: Callable[[], T]) -> T:
    start = time.perf_counter()
    result = work()
    found[name] = (time.perf_counter() - start) * 1000
    return result


def _settle() -> None:
    """Until the view, no longer moving, is drawn smoothly."""
    end = time.perf_counter() + 0.4
    while time.perf_counter() < end:
        QApplication.processEvents()


def _stroke(canvas: Canvas) -> list[float]:
    """Milliseconds from each mouse event of a winding stroke until its frame is painted."""
    frames: list[float] = []
    for index in range(_EVENTS):
        turn = index / _EVENTS * 6
        where = QPointF(800 + 550 * np.cos(turn) * (1 - index / 200), 500 + 330 * np.sin(turn))
        kind = QEvent.Type.MouseMove if index else QEvent.Type.MouseButtonPress
        start = time.perf_counter()
        _send(canvas, kind, where)
        frames.append((time.perf_counter() - start) * 1000)
    _send(canvas, QEvent.Type.MouseButtonRelease, where)
    return frames


def _send(canvas: Canvas, kind: QEvent.Type, where: QPointF) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    button = none if kind == QEvent.Type.MouseMove else left
    held = none if kind == QEvent.Type.MouseButtonRelease else left
    event = QMouseEvent(
        kind, where, QPointF(canvas.mapToGlobal(where.toPoint())), button, held, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(canvas, event)
    QApplication.processEvents()


if __name__ == "__main__":
    for name, milliseconds in measure().items():
        print(f"{name:36} {milliseconds:8.1f}")
