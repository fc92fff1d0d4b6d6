"""The selection: the mask while it is painted, and the patches that undo and redo each stroke and command."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QRect, Signal

from app.brush import Coverage, blend
from engine.image import Box, Mask, frozen

_TILE = 256  # px; a stroke remembers the tiles it touched, not the box around them, which may be the whole photo

Tile = tuple[int, int]  # row and column, counted in tiles


@dataclass(frozen=True)
class Patch:
    """One finished stroke or command: the pixels of `pieces`, one after the other, before and after, zlib'd uint8."""

    box: Box
    label: str
    before: bytes
    after: bytes
    pieces: tuple[Box, ...]


class Selection(QObject):
    """The mask as uint8 (H, W), 255 = selected. Read `array`; write through the methods only."""

    changed = Signal(QRect)  # image pixels that look different now
    resized = Signal()  # the array is another one, of the same or another size
    committed = Signal(object)  # a Patch

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.array = np.zeros((0, 0), np.uint8)
        self._label = ""
        self._saved: dict[Tile, np.ndarray] | None = None  # tile -> its pixels before the stroke
        self._empty: bool | None = True  # None: not known

    def reset(self, height: int, width: int) -> None:
        """Nothing selected in a photo of this size. No Patch."""
        self._take(np.zeros((height, width), np.uint8))

    def replace(self, array: np.ndarray) -> None:
        """A whole new mask, uint8 or float, of the same or another size. No Patch."""
        self._take(_bytes(array) if array.dtype != np.uint8 else np.array(array, order="C"))

    def _take(self, array: np.ndarray) -> None:
        self._saved = None
        self.array = array
        self._empty = None
        self.resized.emit()
        self.changed.emit(QRect(0, 0, array.shape[1], array.shape[0]))

    def mask(self) -> Mask | None:
        """The selection for the engine; None when nothing is selected."""
        return None if self.is_empty() else self._mask()

    def _mask(self) -> Mask:
        mask = self.array.astype(np.float32)
        mask /= np.float32(255)  # a product with 1 / 255 would not give exactly 1
        return frozen(mask)

    def is_empty(self) -> bool:
        if self._empty is None:
            self._empty = not self.array.any()
        return self._empty

    def set_mask(self, mask: np.ndarray, label: str) -> None:
        """A mask of the photo's size (Mask or uint8) takes the place of the selection, as one command to be undone."""
        if mask.shape != self.array.shape:
            raise ValueError(f"a mask of {mask.shape} for a photo of {self.array.shape}")
        self.commit()
        new = _bytes(mask)
        differing = [tile for tile in _tiles(_whole(new)) if (self.array[_tile(*tile)] != new[_tile(*tile)]).any()]
        if differing:
            pieces = _pieces(differing, new.shape)
            patch = Patch(_around(pieces), label, _packed(self.array, pieces), _packed(new, pieces), pieces)
            self._write((box, new[box.slices]) for box in pieces)
            self.committed.emit(patch)

    def edit(self, label: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
        """Replace the Mask (float32) by `change(mask)`, as one command that can be undone."""
        self.commit()
        self.set_mask(change(self._mask()), label)

    def begin(self, label: str) -> None:
        """Begin a stroke; one that is still open is finished first."""
        self.commit()
        self._label, self._saved = label, {}

    @property
    def is_open(self) -> bool:
        """Whether a stroke was begun and neither finished nor lost by undo or by another photo."""
        return self._saved is not None

    def paint(self, shapes: Iterable[Coverage], erase: bool) -> None:
        """Put shapes into the open stroke; without one nothing happens."""
        if self._saved is None:
            return
        boxes: list[Box] = []
        for shape in shapes:
            for tile in _tiles(shape[0]):
                if tile not in self._saved:
                    self._saved[tile] = self.array[_tile(*tile)].copy()
            boxes.append(blend(self.array, shape, erase))
        if boxes:
            if erase or self._empty:
                self._empty = None
            self.changed.emit(_rect(_around(boxes)))

    def commit(self) -> None:
        """Finish the open stroke, if any: a Patch, unless it changed nothing."""
        saved, self._saved = self._saved, None
        touched = [tile for tile, old in (saved or {}).items() if (old != self.array[_tile(*tile)]).any()]
        if not saved or not touched:
            return
        pieces = _pieces(touched, self.array.shape)
        before = b"".join(_piece_before(saved, box).tobytes() for box in pieces)
        after = _packed(self.array, pieces)
        self.committed.emit(Patch(_around(pieces), self._label, zlib.compress(before, 1), after, pieces))

    def abandon(self) -> None:
        """Take the open stroke back, if any. No Patch."""
        saved, self._saved = self._saved, None
        for tile, old in (saved or {}).items():
            self.array[_tile(*tile)] = old
        if saved:
            self._empty = None
            self.changed.emit(_rect(_around(_pieces(saved, self.array.shape))))

    def undo(self, patch: Patch) -> None:
        """Back to before the patch; it must be the last one that was done."""
        self.abandon()
        self._write(_unpacked(patch.before, patch.pieces))

    def redo(self, patch: Patch) -> None:
        """Forward to after the patch; it must be the last one that was undone."""
        self.abandon()
        self._write(_unpacked(patch.after, patch.pieces))

    def _write(self, pixels: Iterable[tuple[Box, np.ndarray]]) -> None:
        self._empty = None
        for box, part in pixels:
            self.array[box.slices] = part
            self.changed.emit(_rect(box))


def _bytes(mask: np.ndarray) -> np.ndarray:
    """A float mask 0..1 as uint8; one of uint8 as it is."""
    return mask if mask.dtype == np.uint8 else np.rint(mask * np.float32(255)).astype(np.uint8)


def _whole(array: np.ndarray) -> Box:
    return Box(0, array.shape[0], 0, array.shape[1])


def _tiles(box: Box) -> list[Tile]:
    """The tiles that a box touches."""
    rows = range(box.top // _TILE, -(-box.bottom // _TILE))
    columns = range(box.left // _TILE, -(-box.right // _TILE))
    return [(row, column) for row in rows for column in columns]


def _tile(row: int, column: int) -> tuple[slice, slice]:
    return slice(row * _TILE, (row + 1) * _TILE), slice(column * _TILE, (column + 1) * _TILE)


def _pieces(tiles: Iterable[Tile], shape: tuple[int, ...]) -> tuple[Box, ...]:
    """Tiles as boxes: neighbours in a row are joined, the last ones cut at the border."""
    runs: list[Box] = []
    for row, column in sorted(tiles):
        box = Box(row * _TILE, (row + 1) * _TILE, column * _TILE, (column + 1) * _TILE)
        if runs and runs[-1].top == box.top and runs[-1].right == box.left:
            box = runs.pop()._replace(right=box.right)
        runs.append(box)
    return tuple(run.grown(0, shape) for run in runs)


def _piece_before(saved: dict[Tile, np.ndarray], box: Box) -> np.ndarray:
    """The pixels of a piece, put together from its tiles."""
    return np.hstack([saved[tile] for tile in _tiles(box)])


def _around(boxes: Iterable[Box]) -> Box:
    tops, bottoms, lefts, rights = zip(*boxes, strict=True)
    return Box(min(tops), max(bottoms), min(lefts), max(rights))


def _rect(box: Box) -> QRect:
    return QRect(box.left, box.top, box.right - box.left, box.bottom - box.top)


def _packed(array: np.ndarray, pieces: Iterable[Box]) -> bytes:
    return zlib.compress(b"".join(array[box.slices].tobytes() for box in pieces), 1)


def _unpacked(packed: bytes, pieces: Iterable[Box]) -> Iterator[tuple[Box, np.ndarray]]:
    pixels = np.frombuffer(zlib.decompress(packed), np.uint8)
    start = 0
    for box in pieces:
        height, width = box.bottom - box.top, box.right - box.left
        yield box, pixels[start : start + height * width].reshape(height, width)
        start += height * width
