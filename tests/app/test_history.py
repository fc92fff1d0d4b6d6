"""The history: entries, position, what to undo and redo, and what is unsaved."""

import numpy as np

from app.history import Change, History, PackedMask
from engine.document import Document
from engine.image import frozen


def entry(label: str) -> Change:
    document = Document(frozen(np.zeros((2, 2, 3), np.float32)))
    return Change(label, document, document)


def filled(count: int) -> tuple[History, list[Change], list[int]]:
    told: list[int] = []
    history = History(lambda: told.append(1))
    entries = [entry(str(number)) for number in range(count)]
    for one in entries:
        history.add(one)
    return history, entries, told


def test_moves_are_undone_backwards_and_redone_forwards() -> None:
    history, entries, _ = filled(3)
    assert history.moves_to(1) == [(entries[2], False), (entries[1], False)]
    history.go(1)
    assert history.moves_to(3) == [(entries[1], True), (entries[2], True)]
    assert history.moves_to(1) == []


def test_positions_outside_are_the_ends() -> None:
    history, entries, _ = filled(2)
    assert history.moves_to(-5) == [(entries[1], False), (entries[0], False)]
    assert history.moves_to(9) == []


def test_a_new_entry_forgets_those_undone() -> None:
    history, entries, _ = filled(3)
    history.go(1)
    new = entry("new")
    history.add(new)
    assert history.entries == [entries[0], new]
    assert not history.can_redo


def test_unsaved_is_whether_the_present_state_is_in_a_file() -> None:
    history, _, _ = filled(0)
    assert not history.unsaved
    history.add(entry("a"))
    assert history.unsaved
    history.mark_saved(history.last)
    assert not history.unsaved
    history.go(0)
    assert history.unsaved
    history.go(1)
    assert not history.unsaved
    history.go(0)
    history.add(entry("b"))
    assert history.unsaved


def test_every_change_is_told() -> None:
    history, _, told = filled(2)
    history.go(0)
    history.mark_saved(None)
    history.clear()
    assert len(told) == 5


def test_a_packed_mask_is_small_and_comes_back_equal() -> None:
    mask = np.zeros((300, 400), np.uint8)
    mask[10:20, 30:50] = 200
    packed = PackedMask.of(mask)
    assert (packed.array() == mask).all()
    assert len(packed.pixels) < mask.nbytes / 50
    sliced = PackedMask.of(mask[::2, ::3])
    assert (sliced.array() == mask[::2, ::3]).all()


def test_a_group_is_undone_and_redone_as_one() -> None:
    history, entries, _ = filled(3)
    history.group(1, "both")
    assert [one.label for one in history.entries] == ["0", "both"]
    assert history.position == 2
    assert history.moves_to(1) == [(entries[2], False), (entries[1], False)]
    history.go(1)
    assert history.moves_to(2) == [(entries[1], True), (entries[2], True)]
