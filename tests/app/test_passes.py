"""Work in passes: the photo is seen after each of them, and what was seen last stays when it is stopped."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.jobs import Jobs
from app.rendering import Stepped
from app.session import Session
from engine.image import Box, Image
from tests.app.steps import Brighten, Polish, image, shown, stroke, view

Wait = Callable[[Jobs], None]


@pytest.fixture
def session(qtbot: QtBot, photo: Path) -> Iterator[Session]:
    Polish.begin()
    made = Session()
    with qtbot.waitSignal(made.opened):
        made.open(photo)
    yield made
    made.close()


def make_passes(session: Session, qtbot: QtBot, passes: int) -> None:
    """Let the running job make so many, one after the other, until each is seen."""
    for _ in range(passes):
        before = session.shown
        Polish.let(1)
        qtbot.waitUntil(lambda before=before: session.shown is not before)


def brighter(photo: Image, passes: int) -> Image:
    for _ in range(passes):
        photo = np.minimum(1, photo + np.float32(0.1))
    return photo


def pixels_shown(session: Session) -> np.ndarray:
    assert session.shown is not None
    return shown(session.shown.display)


def test_the_photo_is_seen_after_each_pass(session: Session, qtbot: QtBot, idle: Wait) -> None:
    before = session.view
    original = image(session)
    told: list[Stepped | None] = []
    session.jobs.offered.connect(told.append)
    session.apply(Polish(4))
    for number in (1, 2, 3):
        make_passes(session, qtbot, 1)
        assert (pixels_shown(session) == np.floor(brighter(original, number) * 255 + 0.5)).all()
        assert session.view is before and not session.history.entries
    Polish.let(1)
    idle(session.jobs)
    assert [one and one.passes for one in told] == [(1, 4), (2, 4), (3, 4), None]
    assert session.shown is session.view
    assert (image(session) == brighter(original, 4)).all()
    assert [entry.label for entry in session.history.entries] == ["Polish"]


def test_cancel_keeps_the_last_pass_as_a_step(session: Session, qtbot: QtBot, idle: Wait) -> None:
    original = image(session)
    session.apply(Polish(4))
    make_passes(session, qtbot, 2)
    with qtbot.waitSignal(session.kept, timeout=100) as told:
        session.jobs.cancel()
    assert told.args == [2, 4] and session.jobs.running is None
    assert (image(session) == brighter(original, 2)).all()
    assert (pixels_shown(session) == np.floor(image(session) * 255 + 0.5)).all()
    assert [entry.label for entry in session.history.entries] == ["Polish, pass 2"]
    document = view(session).document
    assert document.steps[-1].operation == Polish(2)
    assert document.is_rendered() and document.render() is image(session)
    assert session.history.unsaved


def test_what_was_kept_is_undone_and_redone_without_working_again(session: Session, qtbot: QtBot, idle: Wait) -> None:
    original = image(session)
    session.apply(Polish(4))
    make_passes(session, qtbot, 3)
    session.jobs.cancel()
    session.undo()
    idle(session.jobs)
    assert (image(session) == original).all() and not session.history.unsaved
    session.redo()
    idle(session.jobs)  # no further pass is let: working again would never end
    assert (image(session) == brighter(original, 3)).all()
    session.apply(Brighten(0.25))
    idle(session.jobs)
    assert (image(session) == np.minimum(1, brighter(original, 3) + np.float32(0.25))).all()


def test_outside_the_selection_nothing_changes_at_any_time(session: Session, qtbot: QtBot) -> None:
    original, before = image(session), pixels_shown(session)
    box = Box(10, 30, 40, 60)
    stroke(session, box)
    session.apply(Polish(3))
    make_passes(session, qtbot, 1)
    different = (pixels_shown(session) != before).any(axis=2)
    assert different[box.slices].all() and different.sum() == 400
    session.jobs.cancel()
    different = (image(session) != original).any(axis=2)
    assert different[box.slices].all() and different.sum() == 400
    assert view(session).document.steps[-1].mask is not None


def test_a_repair_after_a_stroke_that_is_stopped_is_one_entry(session: Session, qtbot: QtBot) -> None:
    stroke(session, Box(10, 20, 40, 60))
    session.apply(Polish(3), clear=True)
    make_passes(session, qtbot, 1)
    session.jobs.cancel()
    assert [entry.label for entry in session.history.entries] == ["Polish, pass 1"]
    assert session.selection.is_empty()


def test_before_the_first_pass_cancel_changes_nothing(session: Session, qtbot: QtBot) -> None:
    before = session.view
    session.kept.connect(pytest.fail)
    session.apply(Polish(4))
    qtbot.wait(30)
    session.jobs.cancel()
    assert session.view is before and not session.history.entries


@pytest.mark.parametrize("by", ["another step", "the same step", "opening", "closing"])
def test_what_is_stopped_by_something_else_keeps_nothing(
    session: Session, qtbot: QtBot, photo: Path, idle: Wait, by: str
) -> None:
    original, before = image(session), session.view
    session.kept.connect(pytest.fail)
    session.apply(Polish(4))
    make_passes(session, qtbot, 2)
    if by == "closing":
        session.close()
    elif by == "opening":
        session.open(photo)
    else:
        session.apply(Brighten() if by == "another step" else Polish(2))
    assert session.shown is session.view is before  # and not what is given up
    Polish.let(4)  # the job that gives way may still take one
    if by != "closing":
        idle(session.jobs)
    expected = {"another step": brighter(original, 0) + np.float32(0.25), "the same step": brighter(original, 2)}
    assert (image(session) == np.minimum(1, expected.get(by, original))).all()
    assert len(session.history.entries) == (by in expected)


def test_a_failure_after_some_passes_leaves_the_photo_as_it_was(session: Session, qtbot: QtBot, idle: Wait) -> None:
    before = session.view
    session.apply(Polish(2, fails=True))
    make_passes(session, qtbot, 1)
    with qtbot.waitSignal(session.failed):
        Polish.let(1)
    assert session.shown is session.view is before and not session.history.entries


def test_passes_of_an_earlier_step_are_not_made_and_not_seen_again(session: Session, qtbot: QtBot, idle: Wait) -> None:
    Polish.let(3)
    session.apply(Polish(3))
    idle(session.jobs)
    polished = image(session)
    view(session).document.rendered._images.clear()  # as if memory had been short
    session.jobs.offered.connect(pytest.fail)
    session.apply(Brighten(0.25))
    idle(session.jobs)
    assert (image(session) == np.minimum(1, polished + np.float32(0.25))).all()


def test_passes_made_again_for_an_undo_are_not_seen_and_not_kept(session: Session, qtbot: QtBot, idle: Wait) -> None:
    Polish.let(3)
    session.apply(Polish(3))
    idle(session.jobs)
    session.apply(Brighten(0.25))
    idle(session.jobs)
    before = session.view
    view(session).document.rendered._images.clear()
    session.jobs.offered.connect(pytest.fail)
    session.undo()
    Polish.let(2)
    qtbot.waitUntil(lambda: len(Polish.made) == 4)
    session.jobs.cancel()
    qtbot.wait(20)
    assert session.view is before and session.history.position == 2


@pytest.mark.parametrize("stopped", [False, True])
def test_images_on_the_way_are_not_held(session: Session, qtbot: QtBot, idle: Wait, stopped: bool) -> None:
    session.apply(Polish(5))
    make_passes(session, qtbot, 3)
    if stopped:
        session.jobs.cancel()
    Polish.let(2)
    idle(session.jobs)
    session.apply(Brighten(0))  # the worker has come to an end with the one before
    idle(session.jobs)
    gc.collect()
    assert Polish.alive() == (1 if stopped else 0)  # the kept one is the photo itself
