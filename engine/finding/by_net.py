"""Damage from what a net says of each pixel: a threshold, and which pieces are meant."""

import cv2
import numpy as np

from engine.image import Mask, frozen

_AGREED = 0.3  # share of a piece
_BESIDE, ALONG, _KNOWN = 3, 17, 0.95  # px reached by a finer line; px, and share of them that it must reach
_GROUND = 31  # px, side of the window whose median is the ground that damage lies on


def threshold(usual: float, sensitivity: float, span: float = 14.0) -> float:
    """The probability, 0..1, from which on a pixel is damage: that of the log-odds `usual` at sensitivity 0.5, of
    `span` / 2 more at 0 and less at 1."""
    return float(1 / (1 + np.exp(-usual - span * (0.5 - sensitivity))))


def find(probability: np.ndarray, least: float) -> Mask:
    """Where damage is, 0 or 1 (H, W), of the probabilities (H, W): what is above `least`, 0..1.

    That weaker pixels count beside surer ones, and that pieces of one or two do not, was tried: both score worse.
    """
    return frozen((probability > least).astype(np.float32))


def narrow(found: Mask, size: int) -> Mask:
    """A mask of 0 and 1 without what is wider than `size` px; the narrow rest of such pieces stays."""
    inside = cv2.distanceTransform((found > 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    core = 2 * inside - 1 > size
    if not core.any():
        return found
    around = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return frozen(found * (around > size / 2 + 1.5))  # the core, as wide as it is, and its rounded corners


def unknown(found: Mask, finer: Mask) -> Mask:
    """What a mask of 0 and 1 of a reduced photo, (h, w), tells that a `finer` one, (H, W), does not: without the lines
    that run along those of the finer one, which knows their width better."""
    small = cv2.resize(finer, found.shape[1::-1], interpolation=cv2.INTER_AREA)
    near = cv2.dilate((small > 0).astype(np.float32), np.ones((_BESIDE,) * 2))
    known, all_of_it = (cv2.boxFilter(plane, -1, (ALONG,) * 2) for plane in (found * near, found))
    return frozen(found * (known < _KNOWN * all_of_it))


def agreeing(found: Mask, other: Mask) -> Mask:
    """Those pieces of a mask of 0 and 1 of which another has found a good part as well, within a pixel."""
    labels, area = _pieces(found > 0)
    near = cv2.dilate(other, np.ones((3, 3), np.uint8))
    kept = np.bincount(labels.ravel(), near.ravel(), len(area)) >= _AGREED * area
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
