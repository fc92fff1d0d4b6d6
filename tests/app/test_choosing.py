"""Candidates for a repair: they come one by one, are seen in place, put aside, and one becomes the step."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app import candidates
from app.jobs import Jobs
from app.main_window import MainWindow
from engine.errors import Cancelled
from engine.image import Image, Mask, frozen
from engine.operation import Operation, Step, apply
from engine.params import param
from engine.progress import Progress
from tests.app.hands import at, key
from tests.app.steps import image, view

Wait = Callable[[Jobs], None]
CONTROL = Qt.KeyboardModifier.ControlModifier
KEY = Qt.Key


@dataclass(frozen=True)
class Roll(Operation):
    """Fills with a colour that the seed decides; waits for `let` before each but the trials."""

    title, group, needs_mask, id = "Roll", "repair", True, "roll"
    shade: float = param(0.1, "Shade", low=0, high=1)
    seed: int = param(3, "Seed", low=0, high=99)

    gate: ClassVar[threading.Semaphore] = threading.Semaphore(0)

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        if image.shape[:2] == (12, 40):
            while not self.gate.acquire(timeout=0.005):
                progress(0.5)
            try:
                progress(0.6)
            except Cancelled:
                self.gate.release()  # it was meant for the next one
                raise
        return np.full_like(image, (self.seed % 10) / 10)


@dataclass(frozen=True)
class Grain(Operation):
    """Fills with nothing but grain."""

    title, group, needs_mask, id = "Grain", "repair", True, "grain"
    seed: int = param(0, "Seed", low=0, high=99)

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        noise = np.random.default_rng(self.seed).normal(0, 0.08, image.shape)
        return np.clip(0.5 + noise, 0, 1).astype(np.float32)


@pytest.fixture
def desk(opened: MainWindow, idle: Wait) -> Iterator[MainWindow]:
    """A hole of 12 x 40 px, and step 3 rolls."""
    Roll.gate = threading.Semaphore(0)
    opened.panel.repair.fill([Roll, Grain])
    opened.session.edit_selection("Stroke", hole)
    yield opened
    Roll.gate.release(100)


def hole(array: np.ndarray) -> np.ndarray:
    result = np.zeros_like(array)
    result[30:42, 30:70] = 255
    return result


def let(window: MainWindow, qtbot: QtBot, count: int) -> None:
    """So many more candidates are made."""
    wanted = len(window.choosing.made) + count
    Roll.gate.release(count)
    qtbot.waitUntil(lambda: len(window.choosing.made) == wanted)


def start(window: MainWindow, qtbot: QtBot, count: int) -> None:
    key(window, qtbot, KEY.Key_Return)
    qtbot.waitUntil(lambda: window.choosing.is_open)
    let(window, qtbot, count)


def labels(window: MainWindow) -> list[str]:
    return [entry.label for entry in window.session.history.entries]


def colour(window: MainWindow) -> int:
    """The red in the middle of the hole on the screen."""
    window.actions_by_name["tint"].setChecked(False)
    return window.canvas.grab().toImage().pixelColor(at(window, 48, 36)).red()


def seen(window: MainWindow) -> int:
    """The seed whose grey is on the screen."""
    return round(colour(window) / 25.5)


def test_candidates_come_one_by_one_and_the_first_is_seen_at_once(desk: MainWindow, qtbot: QtBot) -> None:
    start(desk, qtbot, 1)
    assert desk.strip.isVisible() and desk.choosing.number == 1 and seen(desk) == 3
    assert [button.isEnabled() for button in desk.strip.buttons] == [True, True, False, False, False]
    assert "2 of 4" in desk.session.jobs.title
    let(desk, qtbot, 3)
    assert desk.session.jobs.running is None
    assert [one.seed for one in desk.choosing.made] == [3, 4, 5, 6]
    assert labels(desk) == ["Stroke"]
    assert not desk.actions_by_name["export"].isEnabled()  # which would not export what is seen
    key(desk, qtbot, KEY.Key_Escape)
    assert desk.actions_by_name["export"].isEnabled()


def test_keys_choose_step_and_put_aside(desk: MainWindow, qtbot: QtBot) -> None:
    start(desk, qtbot, 4)
    key(desk, qtbot, KEY.Key_3)
    assert (desk.choosing.number, seen(desk), desk.strip.label.text()) == (3, 5, "Candidate 3, seed 5")
    key(desk, qtbot, KEY.Key_Left)
    assert seen(desk) == 4
    key(desk, qtbot, KEY.Key_X)
    assert desk.choosing.aside == {2} and seen(desk) == 5
    key(desk, qtbot, KEY.Key_Left)
    assert seen(desk) == 3  # the one put aside is passed over
    key(desk, qtbot, KEY.Key_2, KEY.Key_X)  # but can be taken back
    assert desk.choosing.aside == set() and seen(desk) == 4
    key(desk, qtbot, KEY.Key_0)
    assert desk.choosing.number == 0 and not desk.strip.accept.isEnabled()
    assert colour(desk) == 108  # the photo as it is


def test_accepting_is_one_step_with_that_seed(desk: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    before = image(desk.session)
    start(desk, qtbot, 2)
    key(desk, qtbot, KEY.Key_2, KEY.Key_Return)  # while the third is being made
    idle(desk.session.jobs)
    assert labels(desk) == ["Stroke", "Roll"] and not desk.strip.isVisible()
    step = view(desk.session).document.steps[-1]
    assert step.operation == Roll(seed=4)
    Roll.gate.release(1)
    assert np.array_equal(image(desk.session), apply(Step(Roll(seed=4), step.mask), before))
    assert not desk.message.isVisible()  # nothing is said to have been stopped
    desk.session.undo()
    idle(desk.session.jobs)
    assert np.array_equal(image(desk.session), before)


def test_four_more_keep_the_ones_before(desk: MainWindow, qtbot: QtBot) -> None:
    start(desk, qtbot, 4)
    qtbot.keyClick(desk.canvas, KEY.Key_Return, CONTROL)
    let(desk, qtbot, 4)
    assert [one.seed for one in desk.choosing.made] == [3, 4, 5, 6, 7, 8, 9, 10]
    key(desk, qtbot, KEY.Key_7)
    assert seen(desk) == 9


def test_escape_leaves_the_photo_as_it_was(desk: MainWindow, qtbot: QtBot) -> None:
    start(desk, qtbot, 2)
    key(desk, qtbot, KEY.Key_Escape)
    assert not desk.strip.isVisible() and desk.session.jobs.running is None
    assert labels(desk) == ["Stroke"] and colour(desk) == 108


def test_the_cancel_button_keeps_those_that_are_made(desk: MainWindow, qtbot: QtBot) -> None:
    start(desk, qtbot, 2)
    desk.status.cancel.click()
    assert desk.choosing.is_open and len(desk.strip.buttons) == 3
    key(desk, qtbot, KEY.Key_2, KEY.Key_Return)
    qtbot.waitUntil(lambda: labels(desk) == ["Stroke", "Roll"])


def test_painting_on_ends_the_choice(desk: MainWindow, qtbot: QtBot) -> None:
    start(desk, qtbot, 2)
    seeds = [one.seed for one in desk.choosing.made]
    desk.session.edit_selection("Stroke", np.zeros_like)
    assert not desk.strip.isVisible() and desk.session.jobs.running is None
    assert "Ctrl+Enter" in desk.message.text.text()  # it may not have been meant
    desk.session.undo()
    qtbot.keyClick(desk.canvas, KEY.Key_Return, CONTROL)
    let(desk, qtbot, 2)
    assert [one.seed for one in desk.choosing.made] == seeds


def test_where_seeds_change_nothing_but_grain_the_step_is_made(desk: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    desk.panel.repair.choose("grain")
    key(desk, qtbot, KEY.Key_Return)
    qtbot.waitUntil(lambda: labels(desk) == ["Stroke", "Grain"])
    assert not desk.strip.isVisible()


def test_candidates_can_be_asked_for_all_the_same(desk: MainWindow, qtbot: QtBot) -> None:
    desk.panel.repair.choose("grain")
    qtbot.keyClick(desk.canvas, KEY.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: len(desk.choosing.made) == 4)


def test_the_buttons_do_what_the_keys_do(desk: MainWindow, qtbot: QtBot) -> None:
    start(desk, qtbot, 2)
    desk.strip.buttons[2].click()
    assert seen(desk) == 4
    desk.strip.reject.click()
    assert desk.choosing.aside == {2} and seen(desk) == 3
    desk.strip.accept.click()
    qtbot.waitUntil(lambda: labels(desk) == ["Stroke", "Roll"])


def test_shapes_are_told_from_grain() -> None:
    random = np.random.default_rng(0)
    mask = np.zeros((90, 120), np.float32)
    mask[20:60, 30:90] = 1
    grain = random.normal(0, 0.1, (90, 120, 3)).astype(np.float32) * mask[..., None]
    shape = np.kron(random.normal(0, 0.05, (9, 12, 3)), np.ones((10, 10, 1))).astype(np.float32) * mask[..., None]
    assert not candidates.differ_in_shape(grain, mask)
    assert candidates.differ_in_shape(shape, mask)
    assert not candidates.differ_in_shape(shape / 100, mask)


def test_seeds_begin_again_beyond_the_largest() -> None:
    assert candidates.with_seed(Roll(), 99).seed == 99
    assert candidates.with_seed(Roll(), 100).seed == 0
    assert candidates.has_seed(Roll()) and frozen(np.zeros((2, 2))).shape == (2, 2)
