"""Sampling: samples come one by one, are seen in the photo, chosen by keys, and placed or dragged there."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import samples
from app.jobs import Jobs
from engine.document import Document
from engine.image import Box, Image, Mask, frozen, whole
from engine.operation import Operation, Step, apply
from engine.params import param
from engine.progress import Progress
from tests.app.samplers import (
    HOLE,
    Dye,
    Table,
    drop,
    labels,
    make,
    red_at,
    seeds,
    select,
    steps,
    wait_for,
)
from tests.app.steps import image, view

Wait = Callable[[Jobs], None]
KEY = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier


def test_samples_come_one_by_one_with_their_seeds(table: Table, qtbot: QtBot, gate: threading.Semaphore) -> None:
    select(table, HOLE)
    table.samples.what.button.click()
    gate.release(1)
    qtbot.waitUntil(lambda: len(table.sampling.made) == 1)
    buttons = table.samples.grid.buttons
    assert [one.text() for one in buttons] == ["3", "4", "5", "6"]
    assert [one.isEnabled() for one in buttons] == [True, False, False, False]
    assert table.sampling.number == 1 and red_at(table, 45, 30) == 77
    assert "2 of 4" in table.session.jobs.title
    gate.release(3)
    wait_for(table, qtbot, 4)
    assert seeds(table) == [3, 4, 5, 6] and labels(table) == ["Stroke"]
    assert buttons[2].accessibleName() == "Sample 3, seed 5"


def test_more_goes_on_and_make_begins_anew(table: Table, qtbot: QtBot) -> None:
    make(table, qtbot)
    table.samples.more.click()
    wait_for(table, qtbot, 8)
    assert seeds(table) == [3, 4, 5, 6, 7, 8, 9, 10]
    make(table, qtbot)
    assert seeds(table) == [3, 4, 5, 6]


def test_between_4_and_16_are_made(table: Table, qtbot: QtBot) -> None:
    table.samples.count.setValue(100)
    make(table, qtbot, 16)
    table.samples.count.setValue(1)
    make(table, qtbot, 4)


def test_without_a_selection_they_are_squares_of_what_would_fill_the_photo(table: Table, qtbot: QtBot) -> None:
    make(table, qtbot)
    assert table.sampling.made[0].placed is None and not table.sampling.is_seen
    assert table.sampling.made[0].size == (64, 96)
    assert table.sampling.made[1].thumbnail.pixelColor(5, 5).red() == round(0.4 * 255)


def test_a_square_has_at_most_256_px_and_sees_its_surroundings() -> None:
    photo = frozen(np.random.default_rng(0).random((400, 700, 3)).astype(np.float32))
    assert samples.middle(photo.shape) == Box(72, 328, 222, 478)
    made = samples.make_square(Document(photo), photo, None, Around(), Progress())
    full = apply(Step(Around()), photo)[samples.middle(photo.shape).slices]
    shown = made.thumbnail.pixelColor(96, 96).red() / 255
    assert made.size == (256, 256) and shown == pytest.approx(float(full[..., 0].mean()), abs=0.05)


@dataclass(frozen=True)
class Around(Operation):
    """Refuses where it does not see 8 px around the square of 256."""

    title, group, id = "Around", "sample", "around"
    seed: int = param(0, "Seed", low=0, high=9)

    @property
    def context(self) -> int:
        return 8

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        assert image.shape[:2] in ((272, 272), (400, 700))
        return image


def test_keys_walk_through_the_grid_and_enter_places(table: Table, qtbot: QtBot, idle: Wait) -> None:
    select(table, HOLE)
    table.samples.what.button.setFocus()
    qtbot.keyClick(table.samples.what.button, KEY.Key_Space)
    wait_for(table, qtbot, 4)
    grid = table.samples.grid
    assert grid.buttons[0].hasFocus()  # nothing else need be pressed

    def press(one: Qt.Key) -> None:
        focus = QApplication.focusWidget()
        assert focus in grid.buttons
        qtbot.keyClick(focus, one)

    for one, number in (
        (KEY.Key_Right, 2),
        (KEY.Key_End, 4),
        (KEY.Key_Left, 3),
        (KEY.Key_Home, 1),
        (KEY.Key_Up, 1),
        (KEY.Key_2, 2),
    ):
        press(one)
        assert table.sampling.number == number and grid.buttons[number - 1].hasFocus()
    assert red_at(table, 45, 30) == round(0.4 * 255)
    press(KEY.Key_Return)
    idle(table.session.jobs)
    assert labels(table) == ["Stroke", "Dye"] and steps(table)[-1].operation == Dye(seed=4)


def test_placing_stops_those_that_are_still_made(
    table: Table, qtbot: QtBot, idle: Wait, gate: threading.Semaphore
) -> None:
    select(table, HOLE)
    table.samples.what.button.click()
    gate.release(1)
    qtbot.waitUntil(lambda: table.sampling.number == 1)
    table.samples.place.click()
    idle(table.session.jobs)
    assert labels(table) == ["Stroke", "Dye"]
    assert seeds(table) == [3] and len(table.samples.grid.buttons) == 1


def test_without_a_selection_the_placed_one_fills_the_photo(table: Table, qtbot: QtBot, idle: Wait) -> None:
    make(table, qtbot)
    table.samples.place.click()
    idle(table.session.jobs)
    assert steps(table)[-1].mask is None and np.ptp(image(table.session)) == 0


def test_painting_on_keeps_the_choice_for_the_new_selection(table: Table, qtbot: QtBot, idle: Wait) -> None:
    make(table, qtbot)
    table.sampling.choose(3)
    select(table, HOLE)
    assert table.sampling.number == 3 and not table.sampling.is_seen
    table.sampling.go_on()  # what Enter on the photo means
    idle(table.session.jobs)
    assert steps(table)[-1].operation == Dye(seed=5)
    assert image(table.session)[30, 45, 0] == np.float32(0.5) and image(table.session)[5, 5, 0] < 0.4


def test_what_was_made_for_another_selection_is_not_put_into_this_one(table: Table, qtbot: QtBot, idle: Wait) -> None:
    select(table, HOLE)
    make(table, qtbot)
    assert table.sampling.is_seen
    select(table, Box(0, 10, 0, 10))
    assert not table.sampling.is_seen and red_at(table, 45, 30) != 77
    table.sampling.place()
    idle(table.session.jobs)
    assert image(table.session)[5, 5, 0] == np.float32(0.3) and image(table.session)[30, 45, 0] != np.float32(0.3)


def test_a_seed_can_be_used_again(table: Table, qtbot: QtBot) -> None:
    make(table, qtbot)
    table.sampling.choose(4)
    table.samples.seed.click()
    assert table.samples.what.value() == Dye(seed=6)
    make(table, qtbot)
    assert seeds(table) == [6, 7, 8, 9]


def test_more_like_this_keeps_the_seed_and_twists(table: Table, qtbot: QtBot) -> None:
    make(table, qtbot)
    table.sampling.choose(2)
    table.samples.alike.click()
    wait_for(table, qtbot, 8)
    assert [one.operation for one in table.sampling.made[4:]] == [Dye(seed=4, twist=twist) for twist in (1, 2, 3, 4)]
    assert table.samples.grid.buttons[5].text() == "4 ~ 2"
    assert table.samples.grid.buttons[5].accessibleName() == "Sample 6, seed 4, variation 2"
    table.sampling.choose(6)
    table.samples.alike.click()
    wait_for(table, qtbot, 12)
    assert [one.twist for one in table.sampling.made[8:]] == [5, 6, 7, 8]
    assert samples.twisted(Dye(), 51).twist == 1  # beyond the last the first comes again


def test_a_wrong_parameter_is_told(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    table.session.failed.connect(told.append)
    monkeypatch.setattr(table.samples.what.form, "_cls", lambda **values: Dye(**{**values, "seed": 1000}))
    table.samples.what.button.click()
    assert told == ["Seed must be between 0 and 99, not 1000."]


def test_a_sample_dropped_where_something_is_selected_goes_into_the_selection(
    table: Table, qtbot: QtBot, idle: Wait
) -> None:
    select(table, HOLE)
    make(table, qtbot)
    drop(table, 4, 5, 5)
    idle(table.session.jobs)
    assert (image(table.session)[HOLE.slices] == np.float32(0.6)).all() and image(table.session)[5, 5, 0] < 0.4


def test_pulling_a_sample_away_begins_a_drag_and_chooses_nothing(
    table: Table, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(table, qtbot)
    pulled: list[int] = []
    button = table.samples.grid.buttons[2]
    monkeypatch.setattr(table.samples.grid, "drag", pulled.append)
    qtbot.mousePress(button, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    qtbot.mouseMove(button, QPoint(60, 60))
    qtbot.mouseRelease(button, Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    assert pulled == [3] and table.sampling.number == 1


def test_a_wide_selection_keeps_no_pixels(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_KEPT", 100)
    selection = samples.selected(whole(image(table.session)), image(table.session).shape)
    made = samples.make_for_selection(view(table.session), Dye(), selection, Progress())
    assert made.placed is None and made.size == (64, 96)


@dataclass(frozen=True)
class Mean(Operation):
    """Everything becomes as bright as the whole photo."""

    title, group, id = "Mean", "sample", "mean"
    seed: int = param(0, "Seed", low=0, high=9)

    seen: ClassVar[list[tuple[int, ...]]] = []

    @property
    def context(self) -> None:
        return None

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        self.seen.append(image.shape[:2])
        return np.full_like(image, image.mean())


def test_nobody_waits_for_all_of_a_large_photo(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    selection = samples.selected(HOLE, image(table.session).shape)
    Mean.seen.clear()
    exact = samples.make_for_selection(view(table.session), Mean(), selection, Progress())
    assert Mean.seen == [(64, 96)] and exact.placed is not None
    monkeypatch.setattr(samples, "_WAIT", 1000)
    quick = samples.make_for_selection(view(table.session), Mean(), selection, Progress())
    assert Mean.seen[1:] == [(40, 50)] and quick.placed is None and quick.size == (20, 30)
    assert samples.make_for_selection(view(table.session), Dye(), selection, Progress()).placed is not None


@dataclass(frozen=True)
class Recall(Operation):
    """Everything becomes as bright as the photo was when it was opened."""

    title, group, id = "Recall", "sample", "recall"
    recalls = True
    seed: int = param(0, "Seed", low=0, high=9)
    level: float | None = field(default=None, metadata={"settled": True})

    @property
    def context(self) -> None:
        return None

    def settle(self, image: Image) -> "Recall":
        return self if self.level is not None else replace(self, level=float(image.mean()))

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        assert self.level is not None
        return np.full_like(image, self.level)


def test_what_looks_at_the_photo_as_it_was_opened_does_so_for_samples_too(
    table: Table, idle: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.session.apply(Dye(seed=9))
    idle(table.session.jobs)
    shown = view(table.session)
    assert shown.image.mean() > 0.85 > 0.7 > shown.document.source.mean()
    expected = round(255 * float(shown.document.source.mean()))
    square = samples.make_square(shown.document, shown.image, None, Recall(), Progress())
    monkeypatch.setattr(samples, "_WAIT", 1000)
    selection = samples.selected(HOLE, shown.image.shape)
    quick = samples.make_for_selection(shown, Recall(), selection, Progress())
    assert abs(square.thumbnail.pixelColor(96, 64).red() - expected) <= 1
    assert abs(quick.thumbnail.pixelColor(96, 64).red() - expected) <= 1 and quick.placed is None
