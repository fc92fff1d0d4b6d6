"""The selection: the mask while it is painted, and the patches that undo and redo each stroke and command."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PySide6.QtCore import QObject, QRect, Signal

from app.brush import Coverage, blend
from engine.image import Box, Mask, bounds, frozen

_TILE = 256  # px; a stroke remembers the tiles it touched, not the box around them, which may be the whole photo

Tile: TypeAlias = tuple[int, int]  # row and column, counted in tiles
Packed: TypeAlias = int | bytes  # pixels: their common value, or uint8 zlib'd


@dataclass(frozen=True)
class Patch:
    """One finished stroke or command: the pixels of each of `pieces` before and after it."""

    box: Box
    label: str
    before: tuple[Packed, ...]
    after: tuple[Packed, ...]
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
        self._box: Box | None = None  # None: not known
        self.changed.connect(self._forget_box)

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

    def box(self) -> Box:
        """The smallest box around what is selected; empty where nothing is."""
        if self._box is None:
            self._box = bounds(self.array)
        return self._box

    def _forget_box(self) -> None:
        self._box = None

    def set_mask(self, mask: np.ndarray, label: str) -> None:
        """A mask of the photo's size (Mask or uint8) takes the place of the selection, as one command to be undone."""
        if mask.shape != self.array.shape:
            raise ValueError(f"a mask of {mask.shape} for a photo of {self.array.shape}")
        self.commit()
        new = _bytes(mask)
        self._put(label, ((box, new[box.slices]) for box in _pieces(_tiles(_whole(new)), new.shape)))

    def edit(self, label: str, change: Callable[[np.ndarray], np.ndarray], reach: int | None = None) -> None:
        """Replace the array by `change(array)`, as one command that can be undone; `change` must not write to it.

        With `reach` it is called on pieces with that many px around, as far as there are: new memory for the mask of a
        big photo costs more than the work on it.
        """
        if reach is None:
            self.set_mask(change(self.array), label)
            return
        self.commit()
        self._put(label, self._changed(change, reach))

    def _changed(self, change: Callable[[np.ndarray], np.ndarray], reach: int) -> Iterator[tuple[Box, np.ndarray]]:
        for box in _pieces(_tiles(_whole(self.array)), self.array.shape):
            wide = box.grown(reach, self.array.shape)
            new = change(self.array[wide.slices])
            top, left = box.top - wide.top, box.left - wide.left
            yield box, new[top : top + box.bottom - box.top, left : left + box.right - box.left]

    def _put(self, label: str, pieces: Iterable[tuple[Box, np.ndarray]]) -> None:
        """New pixels of tiles as one command; they are written when all are there, as they may depend on the old."""
        new = [(box, pixels) for box, pixels in pieces if (self.array[box.slices] != pixels).any()]
        if new:
            boxes = tuple(box for box, _ in new)
            before = tuple(_packed(self.array[box.slices]) for box in boxes)
            patch = Patch(_around(boxes), label, before, tuple(_packed(pixels) for _, pixels in new), boxes)
            self._write(new)
            self.committed.emit(patch)

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
        before = tuple(_packed(saved[tile]) for tile in touched)
        after = tuple(_packed(self.array[box.slices]) for box in pieces)
        self.committed.emit(Patch(_around(pieces), self._label, before, after, pieces))

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

    def _write(self, pixels: Iterable[tuple[Box, np.ndarray | int]]) -> None:
        self._empty = None
        runs: list[Box] = []  # neighbours in a row are told as one
        for box, part in pixels:
            self.array[box.slices] = part
            if runs and runs[-1].top == box.top and runs[-1].right == box.left:
                box = runs.pop()._replace(right=box.right)
            runs.append(box)
        for run in runs:
            self.changed.emit(_rect(run))


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
    """Tiles as boxes, the last ones cut at the border."""
    boxes = (Box(row * _TILE, (row + 1) * _TILE, column * _TILE, (column + 1) * _TILE) for row, column in tiles)
    return tuple(box.grown(0, shape) for box in boxes)


def _around(boxes: Iterable[Box]) -> Box:
    tops, bottoms, lefts, rights = zip(*boxes, strict=True)
    return Box(min(tops), max(bottoms), min(lefts), max(rights))


def _rect(box: Box) -> QRect:
    return QRect(box.left, box.top, box.right - box.left, box.bottom - box.top)


def _packed(pixels: np.ndarray) -> Packed:
    first = int(pixels[0, 0])
    return zlib.compress(pixels.tobytes(), 1) if (pixels != first).any() else first


def _unpacked(packed: Iterable[Packed], pieces: Iterable[Box]) -> Iterator[tuple[Box, np.ndarray | int]]:
    for pixels, box in zip(packed, pieces, strict=True):
        if isinstance(pixels, int):
            yield box, pixels
        else:
            shape = box.bottom - box.top, box.right - box.left
            yield box, np.frombuffer(zlib.decompress(pixels), np.uint8).reshape(shape)
