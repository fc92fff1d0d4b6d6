"""Documents: never modified, rendered from the last remembered step."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest

from engine.document import Document, Rendered
from engine.errors import Cancelled, RestoreError
from engine.image import Image, Mask, frozen
from engine.operation import Operation, Step
from engine.operations.crop import Crop
from engine.operations.flip import Flip
from engine.operations.rotate import Rotate
from engine.params import param
from engine.progress import Progress

SOURCE = frozen(np.random.default_rng(0).random((20, 30, 3)).astype(np.float32) * 0.5)


@dataclass(frozen=True)
class Lighter(Operation):
    """Adds 0.1 and counts how often it ran."""

    title = "Lighter"
    group = "repair"
    runs = [0]  # noqa: RUF012 - shared on purpose

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        self.runs[0] += 1
        progress(0.5)
        return image + np.float32(0.1)


@pytest.fixture(autouse=True)
def no_runs() -> None:
    Lighter.runs[0] = 0


def test_then_leaves_the_document_alone() -> None:
    document = Document(SOURCE)
    after = document.then(Step(Lighter()))
    assert document.steps == () and len(after.steps) == 1
    assert document.render() is SOURCE
    assert np.allclose(after.render(), SOURCE + 0.1)


def test_rendering_goes_on_from_what_is_remembered() -> None:
    one = Document(SOURCE).then(Step(Lighter()))
    one.render()
    two = one.then(Step(Lighter()))
    assert not two.is_rendered() and one.is_rendered()
    two.render()
    two.render()
    assert Lighter.runs[0] == 2
    assert two.is_rendered()


def test_equal_steps_apart_are_not_confused() -> None:
    document, mask = Document(SOURCE), np.zeros((20, 30), np.float32)
    mask[3, 3] = 1
    everywhere = document.then(Step(Lighter())).render()
    there = document.then(Step(Lighter(), frozen(mask))).render()
    assert (everywhere != there).any()
    assert np.array_equal(there[0], SOURCE[0])


def test_what_was_forgotten_is_rendered_again_to_the_same() -> None:
    document = Document(SOURCE, rendered=Rendered(limit=1))
    for _ in range(3):
        document = document.then(Step(Lighter()))
    first = document.render()
    other = Document(SOURCE, document.steps[:1], document.rendered)
    other.render()
    assert not document.is_rendered()
    assert np.array_equal(document.render(), first)


def test_at_most_the_limit_is_remembered_but_always_the_newest() -> None:
    rendered, steps = Rendered(limit=2 * SOURCE.nbytes), [(Step(Lighter()),) for _ in range(3)]
    for one in steps:
        rendered.put(one, SOURCE)
    assert [rendered.get(one) is not None for one in steps] == [False, True, True]
    rendered.get(steps[1])
    rendered.put(steps[0], SOURCE)
    assert rendered.get(steps[2]) is None and rendered.get(steps[1]) is not None


def test_cancelled_rendering_keeps_the_finished_steps() -> None:
    document = Document(SOURCE).then(Step(Lighter())).then(Step(Lighter()))

    def stop(fraction: float) -> None:
        if fraction > 0.6:
            raise Cancelled

    with pytest.raises(Cancelled):
        document.render(Progress(stop))
    document.render()
    assert Lighter.runs[0] == 3  # the first once, the second cancelled and again


def test_progress_goes_up_over_all_steps() -> None:
    said: list[float] = []
    document = Document(SOURCE).then(Step(Lighter())).then(Step(Flip())).then(Step(Lighter()))
    document.render(Progress(said.append))
    assert said == sorted(said) and said[0] == 0 and said[-1] == 1


def test_alpha_moves_along_with_what_moves_pixels_only() -> None:
    document = Document(SOURCE)
    for operation in (Lighter(), Rotate("90"), Crop(left=2, top=3), Lighter(), Flip()):
        document = document.then(Step(operation))
    alpha = frozen(np.repeat(np.random.default_rng(1).random((20, 30, 1)).astype(np.float32), 3, 2))
    moved = document.move(alpha)
    assert moved.shape == document.render().shape
    assert np.array_equal(moved, np.flip(np.rot90(alpha, -1)[3:, 2:], 1))
    assert np.array_equal(document.move(SOURCE), document.move(frozen(SOURCE.copy())))


@dataclass(frozen=True)
class Told(Operation):
    """Takes the quality of the file."""

    title = "Told"
    group = "repair"
    quality: int = param(50, "Quality", low=1, high=100)

    def informed(self, facts: Mapping[str, float]) -> "Told":
        return Told(round(facts.get("jpeg quality", self.quality)))

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        return image


def test_operations_learn_what_the_file_says_and_documents_hand_it_on() -> None:
    document = Document(SOURCE, facts={"jpeg quality": 80}).then(Step(Lighter())).then(Step(Told()))
    assert document.steps[1].operation == Told(80)
    assert Document(SOURCE).then(Step(Told())).steps[0].operation == Told(50)


def test_a_step_is_replaced_or_left_out_and_those_after_it_stay() -> None:
    document = Document(SOURCE, facts={"jpeg quality": 80})
    for operation in (Lighter(), Told(), Lighter()):
        document = document.then(Step(operation))
    first, _second, third = document.steps
    without = document.revised(first, None)
    assert without.steps == document.steps[1:] and len(document.steps) == 3
    assert np.allclose(without.render(), SOURCE + 0.1)
    other = document.revised(third, Step(Told(1)))
    assert other.steps[:2] == document.steps[:2] and other.steps[2].operation == Told(80)
    with pytest.raises(ValueError, match="not a step"):
        document.revised(Step(Lighter()), None)


def test_steps_that_move_pixels_are_not_revised() -> None:
    document = Document(SOURCE).then(Step(Flip())).then(Step(Lighter()))
    for step, by in ((document.steps[0], None), (document.steps[1], Step(Flip()))):
        with pytest.raises(RestoreError, match="undone"):
            document.revised(step, by)
