"""The selection: undo and redo to the byte, open strokes that end in every way, masks for the engine."""

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app import brush
from app.main_window import MainWindow
from app.selection import Patch, Selection
from engine import masks
from engine.image import frozen


def painted(selection: Selection, start: tuple[float, float], end: tuple[float, float], erase: bool = False) -> None:
    selection.begin("Stroke")
    selection.paint(brush.line(start, end, (30, 30), 0.7, selection.array.shape), erase)
    selection.commit()


@pytest.fixture
def selection() -> Selection:
    one = Selection()
    one.reset(700, 900)
    return one


def test_undo_and_redo_restore_every_state_to_the_byte(selection: Selection) -> None:
    patches: list[Patch] = []
    selection.committed.connect(patches.append)
    states = [selection.array.copy()]
    for start, end, erase in (
        ((50, 50), (880, 690), False),
        ((0, 600), (899, 10), False),
        ((400, 0), (420, 700), True),
    ):
        painted(selection, start, end, erase)
        states.append(selection.array.copy())
    selection.edit("Invert", np.invert)
    states.append(selection.array.copy())
    assert [patch.label for patch in patches] == ["Stroke"] * 3 + ["Invert"]
    for patch, state in reversed(list(zip(patches, states, strict=False))):
        selection.undo(patch)
        assert np.array_equal(selection.array, state)
    for patch, state in zip(patches, states[1:], strict=True):
        selection.redo(patch)
        assert np.array_equal(selection.array, state)


def test_a_long_slanted_stroke_keeps_the_tiles_it_touched_not_the_box_around(selection: Selection) -> None:
    selection.reset(4000, 4000)
    patches: list[Patch] = []
    selection.committed.connect(patches.append)
    painted(selection, (10, 10), (3990, 3990))
    kept = sum((box.bottom - box.top) * (box.right - box.left) for box in patches[0].pieces)
    assert kept < 4000 * 4000 / 4
    assert patches[0].box == (0, 4000, 0, 4000)


def test_inverting_keeps_only_tiles_with_more_than_one_value(selection: Selection) -> None:
    selection.reset(4000, 4000)
    patches: list[Patch] = []
    selection.committed.connect(patches.append)
    painted(selection, (300, 300), (400, 400))
    selection.set_mask(np.invert(selection.array), "Invert")
    kept = [one for one in patches[1].before + patches[1].after if not isinstance(one, int)]
    assert len(patches[1].pieces) == 256
    assert len(kept) == 2
    selection.undo(patches[1])
    assert selection.array[350, 350] == 255
    assert selection.array[0, 0] == 0


def test_changed_covers_every_pixel_that_changed(selection: Selection) -> None:
    seen = np.zeros_like(selection.array, bool)

    def mark(rect) -> None:
        seen[rect.top() : rect.bottom() + 1, rect.left() : rect.right() + 1] = True

    selection.changed.connect(mark)
    painted(selection, (100, 100), (300, 500))
    assert seen[selection.array > 0].all() and not seen.all()


def test_a_stroke_that_changes_nothing_makes_no_patch(selection: Selection) -> None:
    patches: list[Patch] = []
    selection.committed.connect(patches.append)
    painted(selection, (100, 100), (300, 500), erase=True)
    selection.commit()
    selection.set_mask(np.zeros((700, 900), np.float32), "Clear")
    assert patches == []


def test_abandoned_and_overtaken_strokes_leave_nothing_behind(selection: Selection) -> None:
    patches: list[Patch] = []
    selection.committed.connect(patches.append)
    painted(selection, (20, 20), (60, 60))
    before = selection.array.copy()
    selection.begin("Stroke")
    selection.paint(brush.rectangle((0, 0), (500, 500), selection.array.shape), False)
    selection.undo(patches[0])
    assert selection.is_empty() and not selection.is_open
    selection.redo(patches[0])
    assert np.array_equal(selection.array, before) and len(patches) == 1
    selection.begin("Stroke")
    selection.reset(40, 50)
    selection.paint(brush.rectangle((0, 0), (50, 40), selection.array.shape), False)
    selection.commit()
    assert selection.array.shape == (40, 50) and selection.is_empty() and len(patches) == 1


def test_a_second_begin_finishes_the_first_stroke(selection: Selection) -> None:
    patches: list[Patch] = []
    selection.committed.connect(patches.append)
    selection.begin("First")
    selection.paint(brush.rectangle((0, 0), (5, 5), selection.array.shape), False)
    selection.begin("Second")
    assert [patch.label for patch in patches] == ["First"]


def test_the_engine_gets_exactly_what_was_painted(selection: Selection) -> None:
    assert selection.mask() is None
    painted(selection, (100, 100), (300, 500))
    mask = selection.mask()
    assert mask is not None and mask.dtype == np.float32 and not mask.flags.writeable
    assert mask.max() == 1.0 and (mask[selection.array == 255] == 1.0).all()
    assert np.array_equal(mask > 0, selection.array > 0)
    other = Selection()
    other.reset(700, 900)
    other.set_mask(mask, "Detected")
    assert np.array_equal(other.array, selection.array)


def test_a_replaced_mask_is_a_copy_of_its_own(selection: Selection) -> None:
    given = np.full((10, 20), 7, np.uint8)
    selection.replace(given)
    given[:] = 0
    assert (selection.array == 7).all() and selection.array.flags.writeable
    selection.replace(np.ones((5, 6), np.float32))
    assert (selection.array == 255).all() and not selection.is_empty()


def test_a_mask_of_another_size_is_refused(selection: Selection) -> None:
    with pytest.raises(ValueError, match="photo of"):
        selection.set_mask(np.ones((5, 6), np.float32), "Loaded")


def test_array_stays_the_same_object_through_strokes_commands_and_undo(selection: Selection) -> None:
    array = selection.array
    patches: list[Patch] = []
    selection.committed.connect(patches.append)
    painted(selection, (100, 100), (300, 500))
    selection.edit("Invert", np.invert)
    selection.undo(patches[-1])
    assert selection.array is array


def test_a_command_in_pieces_is_the_command_on_the_whole_and_never_sees_it_whole(selection: Selection) -> None:
    patches: list[Patch] = []
    selection.committed.connect(patches.append)
    painted(selection, (20, 250), (800, 530))
    before = selection.array.copy()
    sizes: list[tuple[int, ...]] = []

    def smeared(array: np.ndarray) -> np.ndarray:
        sizes.append(array.shape)
        result = array.copy()
        np.maximum(array[7:, 5:], array[:-7, :-5], out=result[7:, 5:])
        return result

    expected = smeared(before)
    sizes.clear()
    selection.edit("Smear", smeared, 7)
    assert np.array_equal(selection.array, expected) and not np.array_equal(before, expected)
    assert max(height * width for height, width in sizes) <= 270 * 270
    selection.undo(patches[1])
    assert np.array_equal(selection.array, before)
    selection.redo(patches[1])
    assert np.array_equal(selection.array, expected)


@pytest.mark.parametrize("word", ["grow", "shrink", "feather", "invert", "clear"])
def test_commands_of_the_menu_see_no_seams_and_are_undone(window: MainWindow, qtbot: QtBot, word: str) -> None:
    session = window.session
    with qtbot.waitSignal(session.opened):
        session.open_canvas(600, 700)
    painted(session.selection, (30, 30), (690, 540))
    session.selection.set_mask(np.maximum(session.selection.array, np.eye(600, 700, dtype=np.uint8) * 255), "Thin line")
    before = session.selection.array.copy()
    mask = frozen(before.astype(np.float32) / np.float32(255))
    wanted = {
        "grow": lambda: masks.grow(mask, 2),
        "shrink": lambda: masks.grow(mask, -2),
        "feather": lambda: masks.feather(mask, 3),
        "invert": lambda: masks.invert(mask),
        "clear": lambda: np.zeros_like(mask),
    }[word]()
    window.actions_by_name[word].trigger()
    assert np.array_equal(session.selection.array, np.rint(wanted * np.float32(255)).astype(np.uint8))
    session.undo()
    assert np.array_equal(session.selection.array, before)
    session.redo()
    assert not np.array_equal(session.selection.array, before)
