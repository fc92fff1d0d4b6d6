"""Damage from what a net says of each pixel: thresholds with hysteresis, and which pieces are meant."""

import cv2
import numpy as np

from engine.image import Mask, frozen

_WEAKER = 0.7  # in log-odds: how far below the threshold what joins surer pixels counts as well
_SMALLEST = 4  # px of area: less is a chance
_GROUND = 31  # px, side of the window whose median is the ground that damage lies on


def threshold(best: float, sensitivity: float, span: float = 8.0) -> float:
    """The probability, 0..1, from which on a pixel is damage: `best` at sensitivity 0.5, `span` / 2 in log-odds more at
    0 and less at 1."""
    odds = np.log(best / (1 - best)) + span * (0.5 - sensitivity)
    return float(1 / (1 + np.exp(-odds)))


def find(probability: np.ndarray, least: float) -> Mask:
    """Where damage is, 0 or 1 (H, W), of the probabilities (H, W): what is above `least`, 0..1, and what joins it and
    is not far below (Canny 1986, section VIII, for edges), in pieces of some pixels."""
    weak = 1 / (1 + np.exp(_WEAKER) * (1 - least) / least)
    labels, area = _pieces(probability > weak)
    sure = np.bincount(labels[probability > least], minlength=len(area)) > 0
    kept = sure & (area >= _SMALLEST)
    kept[0] = False  # the ground
    return frozen(kept[labels].astype(np.float32))


def narrow(found: Mask, size: int) -> Mask:
    """Those pieces of a mask of 0 and 1 that are nowhere wider than `size` px."""
    if not found.any():
        return found
    labels, area = _pieces(found > 0)
    # beyond the border it goes on: a tear is as wide as is seen of it
    inside = cv2.distanceTransform(found.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    half = np.zeros(len(area), np.float32)
    np.maximum.at(half, labels.ravel(), inside.ravel())
    kept = 2 * half - 1 <= size
    kept[0] = False
    return frozen(kept[labels].astype(np.float32))


def only_lighter(found: Mask, image: np.ndarray, lighter: bool) -> Mask:
    """Those pieces of a mask of 0 and 1 that are on the whole lighter, or not, than the photo (H, W, 3) around."""
    if not found.any():
        return found
    plane = cv2.convertScaleAbs(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), alpha=255)
    above = plane.astype(np.float32) - cv2.medianBlur(plane, _GROUND)
    labels, area = _pieces(found > 0)
    mean = np.bincount(labels.ravel(), above.ravel(), len(area)) / np.maximum(area, 1)
    kept = mean > 0 if lighter else mean < 0
    kept[0] = False
    return frozen(kept[labels].astype(np.float32))


def _pieces(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The connected pieces of a bool (H, W): labels (H, W), 0 for the ground, and areas by label in px."""
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(chosen.astype(np.uint8), connectivity=8)
    return np.asarray(labels), np.asarray(stats)[:, cv2.CC_STAT_AREA]
