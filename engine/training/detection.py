"""How well damage is found: precision and recall with a tolerance, and how much is marked where nothing is."""

import cv2
import numpy as np

_LEVELS = 256  # thresholds that are told apart
TOLERANCE = 2  # px


class Findings:
    """Counts over pictures of what was found; add pictures, then ask.

    A pixel that is marked is right if damage is within the tolerance, one that is damaged is found if a marked one is
    within the tolerance. Judge by these and not by the share of clean pixels left alone: nearly all are clean.
    """

    def __init__(self, tolerance: int = TOLERANCE) -> None:
        side = 2 * tolerance + 1
        self._disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        self._right, self._wrong, self._damaged = (np.zeros(_LEVELS) for _ in range(3))

    def add(self, probability: np.ndarray, truth: np.ndarray, counts: np.ndarray) -> None:
        """One picture, all (H, W): probabilities float32 0..1, bool where damage is, bool where it may be judged.

        Elsewhere damage need not be found, and marking is wrong only at some distance from all damage that is there.
        """
        near = cv2.dilate(truth.astype(np.uint8), self._disc) > 0
        reached = cv2.dilate(probability.astype(np.float32), self._disc)
        self._right += _histogram(probability[near])
        self._wrong += _histogram(probability[~near & counts])
        self._damaged += _histogram(reached[truth & counts])

    def precision(self) -> np.ndarray:
        """Which share of the pixels marked at each threshold is right; 1 where none is marked. (256,)"""
        right, wrong = _above(self._right), _above(self._wrong)
        return np.where(right + wrong > 0, right / np.maximum(1, right + wrong), 1.0)

    def recall(self) -> np.ndarray:
        """Which share of the damaged pixels is found at each threshold i / 256. (256,)"""
        found = _above(self._damaged)
        return found / max(1.0, float(found[0]))

    def f1(self) -> np.ndarray:
        """The harmonic mean of precision and recall at each threshold. (256,)"""
        precision, recall = self.precision(), self.recall()
        return 2 * precision * recall / np.maximum(1e-9, precision + recall)

    def area(self) -> float:
        """The area under precision over recall, 0..1: the mean precision over the damage, easy to hard."""
        recall = np.append(self.recall(), 0.0)
        return float((self.precision() * -np.diff(recall)).sum())


def marked(probability: np.ndarray, threshold: float) -> float:
    """The share of the pixels above the threshold, in per cent: on a clean photo all of them are false."""
    return 100 * float(np.mean(probability > threshold))


def _histogram(values: np.ndarray) -> np.ndarray:
    return np.bincount(np.minimum(_LEVELS - 1, (values * _LEVELS).astype(np.int64)), minlength=_LEVELS).astype(float)


def _above(histogram: np.ndarray) -> np.ndarray:
    """How many values are at least i / 256."""
    return histogram[::-1].cumsum()[::-1]
