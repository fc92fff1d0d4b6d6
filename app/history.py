"""The history: one list of strokes and steps, and how far of it is done."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from app.selection import Patch
from engine.document import Document
from engine.operation import Step


@dataclass(frozen=True, eq=False)
class PackedMask:
    """A whole selection, zlib'd."""

    shape: tuple[int, ...]
    pixels: bytes

    @staticmethod
    def of(array: np.ndarray) -> "PackedMask":
        return PackedMask(array.shape, zlib.compress(array.tobytes(), 1))

    def array(self) -> np.ndarray:
        """uint8 (H, W), read-only."""
        return np.frombuffer(zlib.decompress(self.pixels), np.uint8).reshape(self.shape)


@dataclass(frozen=True, eq=False)
class Change:
    """A step: the document before and after it, and the selection where the step moved it."""

    label: str
    before: Document
    after: Document
    masks: tuple[PackedMask, PackedMask] | None = None


@dataclass(frozen=True, eq=False)
class Group:
    """Entries that are undone and redone together."""

    label: str
    entries: tuple[Patch | Change, ...]


Entry: TypeAlias = Patch | Change | Group
Move: TypeAlias = tuple[Patch | Change, bool]  # an entry and whether it is redone (else undone)


class History:
    """Entries in the order they were made; the first `position` of them are done, the others undone."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self.entries: list[Entry] = []
        self.position = 0
        self._saved: Entry | None = None

    def clear(self) -> None:
        """As of a photo just opened."""
        self.entries, self.position, self._saved = [], 0, None
        self._changed()

    def add(self, entry: Entry) -> None:
        """One entry more after those that are done; those that were undone are forgotten."""
        del self.entries[self.position :]
        self.entries.append(entry)
        self.position += 1
        self._changed()

    def group(self, start: int, label: str) -> None:
        """The done entries from `start` on become one."""
        joined = tuple(part for entry in self.entries[start : self.position] for part in _parts(entry))
        self.entries[start : self.position] = [Group(label, joined)]
        self.position = start + 1
        self._changed()

    def moves_to(self, position: int) -> list[Move]:
        """What to undo and redo, in this order, so that `position` entries are done."""
        position = max(0, min(position, len(self.entries)))
        if position < self.position:
            undone = reversed(self.entries[position : self.position])
            return [(part, False) for entry in undone for part in reversed(_parts(entry))]
        return [(part, True) for entry in self.entries[self.position : position] for part in _parts(entry)]

    def go(self, position: int) -> None:
        """The moves are made: `position` entries are done."""
        self.position = max(0, min(position, len(self.entries)))
        self._changed()

    @property
    def last(self) -> Entry | None:
        """The entry that was done last."""
        return self.entries[self.position - 1] if self.position else None

    def has_done(self, entry: Entry | None) -> bool:
        """Whether the entry is done and not undone; None, the state before the first, always is."""
        return entry is None or any(one is entry for one in self.entries[: self.position])

    @property
    def can_undo(self) -> bool:
        return self.position > 0

    @property
    def can_redo(self) -> bool:
        return self.position < len(self.entries)

    def mark_saved(self, entry: Entry | None) -> None:
        """The state after `entry` (None: the first) is in a file."""
        self._saved = entry
        self._changed()

    @property
    def unsaved(self) -> bool:
        """Whether there is work that no file has."""
        return self.last is not self._saved


def own_step(entry: Entry) -> Step | None:
    """The step that an entry has put on the photo, or changed into another one; None where it did something else."""
    changes = [part for part in _parts(entry) if isinstance(part, Change)]
    if not changes:
        return None
    before = {id(step) for step in changes[0].before.steps}
    return next((step for step in changes[-1].after.steps if id(step) not in before), None)


def _parts(entry: Entry) -> tuple[Patch | Change, ...]:
    return entry.entries if isinstance(entry, Group) else (entry,)
