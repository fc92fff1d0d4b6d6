"""Progress: fractions of fractions, and stopping."""

import numpy as np
import pytest

from engine.errors import Cancelled
from engine.operations.flip import Flip
from engine.progress import Progress


def test_fractions_are_clipped_and_reported() -> None:
    said: list[float] = []
    progress = Progress(said.append)
    for fraction in (-1, 0, 0.5, 1, 7):
        progress(fraction)
    assert said == [0, 0, 0.5, 1, 1]


def test_a_part_of_a_part_reports_its_share_of_the_whole() -> None:
    said: list[float] = []
    part = Progress(said.append).part(0.5, 1.0).part(0.0, 0.5)
    part(0)
    part(1)
    assert said == [0.5, 0.75]


def test_each_reports_before_every_item_and_at_the_end() -> None:
    said: list[float] = []
    assert list(Progress(said.append).each(["a", "b", "c", "d"])) == ["a", "b", "c", "d"]
    assert said == [0, 0.25, 0.5, 0.75, 1]


def test_each_of_nothing_is_done_at_once() -> None:
    said: list[float] = []
    assert list(Progress(said.append).each([])) == []
    assert said == [1]


def test_what_report_raises_ends_the_work_before_the_next_item() -> None:
    done: list[int] = []

    def stop(fraction: float) -> None:
        if fraction >= 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(map(done.append, Progress(stop).each(range(4))))
    assert done == [0, 1]


def test_without_a_report_nothing_happens() -> None:
    Progress()(0.5)


def test_offers_pass_through_parts_to_whoever_keeps_them() -> None:
    kept: list[tuple[object, object]] = []
    image, operation = np.zeros((2, 2, 3), np.float32), Flip()
    Progress(keep=lambda *offer: kept.append(offer)).part(0.2, 0.4).offer(image, operation)
    Progress().offer(image, operation)  # nobody keeps it
    assert len(kept) == 1 and kept[0][0] is image and kept[0][1] is operation
