"""Durations: what is learned from earlier work, how long it is believed, and what a broken file does."""

import json
from dataclasses import dataclass, replace

import pytest
from pytestqt.qtbot import QtBot

from app.durations import NOWHERE, Durations, passes, pixels
from app.settings import Settings
from engine.image import Box, Image, Mask
from engine.operation import Operation
from engine.params import param
from engine.progress import Progress
from tests.app.steps import Bright, Brighten, Turn

MEGAPIXEL = 1_000_000


@dataclass(frozen=True)
class Careful(Operation):
    title = "Careful"
    group = "test"
    method: str = param("fast", "Method", choices={"fast": "Fast", "best": "Best"})
    passes: int = param(2, "Passes", low=1, high=8)
    reach: int = param(3, "Reach", low=1, high=9)
    seed: int = param(0, "Seed", low=0, high=999)
    level: int = param(0, "Level", low=0, high=9, unless="automatic")
    automatic: bool = param(True, "Automatic")
    strength: float = param(1.0, "Strength", low=0, high=1)

    @property
    def context(self) -> int:
        return 16

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        return image


def known(settings: Settings | None = None) -> Durations:
    made = Durations(settings)
    made.use_device("CPU, 2 threads")
    return made


def test_nothing_is_guessed_before_something_is_known() -> None:
    durations = known()
    assert durations.expected(Careful(), MEGAPIXEL) is None
    durations.learn(Careful(), MEGAPIXEL, 3)
    assert durations.expected(Brighten(), MEGAPIXEL) is None


def test_time_goes_with_pixels_and_passes() -> None:
    durations = known()
    durations.learn(Careful(passes=2), 2 * MEGAPIXEL, 6)
    assert durations.expected(Careful(passes=2), MEGAPIXEL) == pytest.approx(3)
    assert durations.expected(Careful(passes=6), 2 * MEGAPIXEL) == pytest.approx(18)


def test_a_small_job_says_nothing_of_a_huge_one() -> None:
    durations = known()
    durations.learn(Careful(), 10_000, 0.3)  # most of it was not spent on pixels
    assert durations.expected(Careful(), 20 * MEGAPIXEL) is None
    assert durations.expected(Careful(), 10_000) == pytest.approx(0.3)


def test_small_jobs_do_not_drown_what_a_large_one_has_shown() -> None:
    durations = known()
    durations.learn(Careful(), 12 * MEGAPIXEL, 24)
    for _ in range(50):
        durations.learn(Careful(), 10_000, 0.3)
    assert durations.expected(Careful(), 12 * MEGAPIXEL) == pytest.approx(24, rel=0.01)


def test_old_values_fade() -> None:
    durations = known()
    durations.learn(Careful(), MEGAPIXEL, 40)  # the models were still being loaded
    for _ in range(6):
        durations.learn(Careful(), MEGAPIXEL, 2)
    assert durations.expected(Careful(), MEGAPIXEL) == pytest.approx(2, rel=0.4)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"method": "best"}, False),
        ({"reach": 4}, False),
        ({"strength": 0.2}, True),
        ({"seed": 7}, True),
        ({"level": 4, "automatic": False}, True),
    ],
)
def test_only_what_decides_the_cost_tells_work_apart(change: dict[str, object], same: bool) -> None:
    durations = known()
    durations.learn(Careful(), MEGAPIXEL, 3)
    found = durations.expected(replace(Careful(), **change), MEGAPIXEL)  # type: ignore[arg-type]
    assert found == (pytest.approx(3) if same else None)


def test_each_device_has_its_own_pace() -> None:
    durations = Durations()
    durations.learn(Careful(), MEGAPIXEL, 3)
    assert durations.expected(Careful(), MEGAPIXEL) is None  # nobody knows yet where that was
    durations.use_device("CPU, 2 threads")
    durations.learn(Careful(), MEGAPIXEL, 3)
    durations.use_device("GPU")
    assert durations.expected(Careful(), MEGAPIXEL) is None


def test_moving_pixels_is_not_worth_remembering() -> None:
    durations = known()
    durations.learn(Turn(), MEGAPIXEL, 3)
    assert durations.expected(Turn(), MEGAPIXEL) is None


def test_the_next_start_knows_what_this_one_learned(qtbot: QtBot) -> None:
    settings = Settings()
    durations = known(settings)
    durations.learn(Careful(), MEGAPIXEL, 3)
    durations.learn(Bright(), MEGAPIXEL, 5)
    settings.sync()
    again = known(Settings())
    assert again.expected(Careful(), MEGAPIXEL) == pytest.approx(3)
    assert again.expected(Bright(), MEGAPIXEL) == pytest.approx(5)


def test_of_many_kinds_of_work_those_done_last_are_remembered() -> None:
    settings = Settings()
    durations = known(settings)
    durations.learn(Careful(), MEGAPIXEL, 3)
    for number in range(120):
        durations.learn(Careful(), MEGAPIXEL, 3)
        durations.learn(Careful(reach=number), MEGAPIXEL, 1)
    assert len(json.loads(settings.text("durations"))) == 100
    assert durations.expected(Careful(reach=1), MEGAPIXEL) is None
    assert durations.expected(Careful(reach=119), MEGAPIXEL) == pytest.approx(1)
    assert durations.expected(Careful(), MEGAPIXEL) == pytest.approx(3)


@pytest.mark.parametrize(
    "text", ["", "{", "7", "[1, 2]", '{"a": 3}', '{"a": [1]}', '{"a": [true, 1]}', '{"a": [-1, 1]}', '{"a": [NaN, 1]}']
)
def test_what_cannot_be_meant_is_ignored(text: str) -> None:
    settings = Settings()
    settings.put("durations", text)
    durations = known(settings)
    durations.learn(Careful(), MEGAPIXEL, 3)
    assert len(json.loads(settings.text("durations"))) == 1
    assert durations.expected(Careful(), MEGAPIXEL) == pytest.approx(3)


def test_a_broken_entry_does_not_take_the_others_along() -> None:
    settings = Settings()
    durations = known(settings)
    durations.learn(Careful(), MEGAPIXEL, 3)
    settings.put("durations", json.dumps(json.loads(settings.text("durations")) | {"broken": "x"}))
    assert known(settings).expected(Careful(), MEGAPIXEL) == pytest.approx(3)


def test_pixels_are_those_of_the_selection_and_its_context() -> None:
    shape = (100, 200, 3)
    assert pixels(Careful(), Box(40, 50, 60, 80), shape) == (10 + 32) * (20 + 32)
    assert pixels(Careful(), Box(0, 10, 0, 20), shape) == (10 + 16) * (20 + 16)
    assert pixels(Careful(), NOWHERE, shape) == 20_000
    assert pixels(Bright(), Box(0, 10, 0, 20), shape) == 20_000  # looks at the whole photo


def test_passes_are_one_where_there_are_none() -> None:
    assert passes(Careful(passes=5)) == 5
    assert passes(Brighten()) == 1
