"""Precision and recall with a tolerance, checked against pictures whose answer is known."""

import numpy as np
import pytest

from engine.training.detection import Findings, marked

LINE = np.zeros((40, 40), bool)
LINE[20] = True
ALL = np.ones((40, 40), bool)
HALF = 128  # the threshold 0.5


def _findings(probability: np.ndarray, truth: np.ndarray = LINE, counts: np.ndarray = ALL) -> Findings:
    findings = Findings()
    findings.add(probability.astype(np.float32), truth, counts)
    return findings


def _line(row: int, value: float = 1.0) -> np.ndarray:
    probability = np.zeros((40, 40))
    probability[row] = value
    return probability


@pytest.mark.parametrize(("row", "score"), [(20, 1.0), (22, 1.0), (23, 0.0)])
def test_two_pixels_beside_are_right_and_three_are_not(row: int, score: float) -> None:
    findings = _findings(_line(row))
    assert findings.precision()[HALF] == score and findings.recall()[HALF] == score


def test_half_found_and_as_much_wrong() -> None:
    probability = np.zeros((40, 40))
    probability[20, :18] = 1  # finds 20 columns of 40, with the tolerance
    probability[5, :18] = 1
    findings = _findings(probability)
    assert findings.precision()[HALF] == 0.5 and findings.recall()[HALF] == 0.5
    assert findings.f1()[HALF] == pytest.approx(0.5)


def test_nothing_marked_has_found_nothing() -> None:
    findings = _findings(np.zeros((40, 40)))
    assert findings.recall()[HALF] == 0 and findings.precision()[HALF] == 1


def test_what_does_not_count_is_neither_missed_nor_wrong() -> None:
    counts = ALL.copy()
    counts[20, :20] = False  # half of the line
    counts[5] = False
    probability = _line(5)
    probability[20, 20:] = 1
    findings = _findings(probability, counts=counts)
    assert findings.precision()[HALF] == 1 and findings.recall()[HALF] == 1


def test_area_knows_the_better_of_two() -> None:
    noise = np.random.default_rng(0).random((40, 40))
    perfect, good, chance = (_findings(p).area() for p in (_line(20), 0.9 * noise + _line(20, 0.1), noise))
    assert perfect == pytest.approx(1) and perfect > good + 0.02 > chance + 0.04
    assert chance == pytest.approx(5 / 40, abs=0.06)


def test_share_marked_is_in_per_cent() -> None:
    assert marked(_line(3), 0.5) == pytest.approx(100 / 40)
