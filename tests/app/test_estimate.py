"""The time that a job still takes: smooth, silent while nothing is known, and led by earlier jobs at first."""

from collections.abc import Callable

import pytest

from app.estimate import Estimate
from app.status_bar import duration


def clock(times: list[float]) -> Callable[[], float]:
    return lambda: times.pop(0)


def test_the_time_left_is_what_the_pace_promises() -> None:
    estimate = Estimate(clock([100.0, 110.0, 120.0]))
    assert estimate.left(0.25) == pytest.approx(30)
    assert estimate.left(0.5) == pytest.approx(20)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (4.4, "4 s"), (59, "1 min"), (61, "1 min"), (131, "2 min 10 s"), (3600, "1 h"), (3900, "1 h 5 min")],
)
def test_a_time_is_said_in_few_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_time_left_is_smooth_and_says_nothing_too_early() -> None:
    estimate = Estimate(clock([0.0, 0.1, 10.0, 11.0]))
    assert estimate.left(0.5) is None
    assert estimate.left(0.5) == pytest.approx(10)
    left = estimate.left(0.25)  # the pace fell: 33 s by this report alone
    assert left is not None and 9 < left < 18


def test_what_earlier_jobs_took_is_said_at_once() -> None:
    estimate = Estimate(clock([0.0, 0.0, 0.5]), expected=30)
    assert estimate.left(0) == 30
    assert estimate.left(0.01) == pytest.approx(29.5)


def test_what_earlier_jobs_took_counts_less_and_less() -> None:
    times = [0.0] + [0.04 * report for report in range(1, 1001)]
    estimate = Estimate(clock(times), expected=10)  # but this job takes 40 s
    left = [estimate.left(time / 40) for time in times[1:]]
    assert all(one is not None for one in left)
    said = {share: (left[int(1000 * share) - 1] or 0) / (40 * (1 - share)) for share in (0.1, 0.3, 0.6, 0.9)}
    assert said[0.1] < said[0.3] < said[0.6]
    assert said[0.6] == pytest.approx(1, abs=0.03) and said[0.9] == pytest.approx(1, abs=0.03)
