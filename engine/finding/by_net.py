"""Damage from what a net says of each pixel: a threshold, and which pieces are meant.

Masks here are of 0 and 1 and of any dtype, which the answer has too: in bytes those of a huge photo take a quarter of
what they take as Mask.
"""

import cv2
import numpy as np

Marks = np.ndarray  # (H, W), 0 or 1

_SEEN = 0.04  # difference, 0..1, that can be seen
_BAND = 512  # rows that are looked at together
_MOST_RIM = 4  # px
_BESIDE, _GROUND_REACH = (7, 9), 12  # px from damage: the ring that shows how a photo varies anyway; where ground is
_DIFFERS = 1.3, 3 / 255  # times as much as that ring, and by so much more: a rim that can be seen
_VARIES = 31  # px, side of the window in which it is looked at how much a photo varies
_EVEN = 0.01  # deviation, 0..1, that is added: on even ground anything would stand out
_SUFFICES = 300  # px of damage from which on rings can be judged
_AMONG, _CROWDED = 65, 0.015  # px, side of the window in which pieces are alone or not; share of it that is a crowd
_CLOSED, _RING, _LINKS = 2, 60, 280  # px: gaps that are closed; a ring's inside; of line for each ring of a chain
_GROUND = 31  # px, side of the window whose median is the ground that damage lies on


def threshold(usual: float, sensitivity: float, span: float = 14.0) -> float:
    """The probability, 0..1, from which on a pixel is damage: that of the log-odds `usual` at sensitivity 0.5, of
    `span` / 2 more at 0 and less at 1."""
    return float(1 / (1 + np.exp(-usual - span * (0.5 - sensitivity))))


def find(probability: np.ndarray, least: float) -> Marks:
    """Where damage is, in bytes (H, W), of the probabilities (H, W): what is above `least`, 0..1.

    That weaker pixels count beside surer ones, and that pieces of one or two do not, was tried: both score worse.
    """
    return (probability > least).view(np.uint8)


def narrow(found: Marks, size: int) -> Marks:
    """A mask without what is wider than `size` px; the narrow rest of such pieces stays."""
    result, reach = np.empty_like(found), 2 * size + 4
    for top in range(0, len(found), _BAND):  # distances in a huge photo would take as much again
        first, last = max(0, top - reach), top + _BAND + reach
        band = _narrow(found[first:last], size)
        result[top : top + _BAND] = band[top - first : top - first + _BAND]
    return result


def _narrow(found: Marks, size: int) -> Marks:
    inside = cv2.distanceTransform((found > 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    core = 2 * inside - 1 > size
    if not core.any():
        return found
    around = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return found * (around > size / 2 + 1.5)  # the core, as wide as it is, and its rounded corners


def standing_out(found: Marks, image: np.ndarray, reach: int) -> Marks:
    """The part of a mask that differs from the photo (H, W, 3) outside it, within some `reach` px, and the
    gaps in it: where a line is that a reduced photo shows broader than it is."""
    result = np.zeros_like(found)
    for top in range(0, len(found), _BAND):  # a huge photo needs no second one
        first, last = max(0, top - 2 * reach), top + _BAND + 2 * reach
        if found[first:last].any():
            band = _standing_out(found[first:last].astype(np.float32), image[first:last], reach)
            result[top : top + _BAND] = band[top - first : top - first + _BAND]
    return result


def _standing_out(found: np.ndarray, image: np.ndarray, reach: int) -> np.ndarray:
    side = (2 * reach + 1,) * 2
    known = 1 - found[..., None]
    share = cv2.boxFilter(known, -1, side)[..., None]
    ground = cv2.boxFilter(image * known, -1, side) / np.maximum(share, 1e-3)
    off = (np.abs(image - ground).max(axis=2) > _SEEN) | (share[..., 0] < 1e-3)
    gaps = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach // 4 | 1,) * 2)
    return found * cv2.morphologyEx(found * off, cv2.MORPH_CLOSE, gaps)


def rim(found: Marks, image: np.ndarray) -> int:
    """How many px around a mask the photo (H, W, 3) still shows on the whole that there is damage: 1 to 4.

    Damage that was out of focus, sharpened too much or saved as a JPEG with few colours has changed what lies beside
    it. Where the photo differs from its ground more than it does anyway, at a distance, is such a rim.
    """
    if np.count_nonzero(found) < _SUFFICES:
        return 1
    sums, counts = np.zeros(_BESIDE[1] + 1), np.zeros(_BESIDE[1] + 1)
    around = 2 * _GROUND_REACH
    for top in range(0, len(found), _BAND):  # a huge photo needs no second one
        first, last = max(0, top - around), top + _BAND + around
        if found[first:last].any():
            off, distance = _beside(found[first:last], image[first:last])
            rows = slice(top - first, top - first + _BAND)
            ring = np.rint(np.minimum(distance[rows], _BESIDE[1] + 1)).astype(np.int64)
            near = (ring > 0) & (ring <= _BESIDE[1])
            sums += np.bincount(ring[near], off[rows][near], len(sums))
            counts += np.bincount(ring[near], minlength=len(sums))
    usual = sums[_BESIDE[0] :].sum() / max(1, counts[_BESIDE[0] :].sum())
    off_by_ring = sums / np.maximum(counts, 1)
    seen = (off_by_ring > _DIFFERS[0] * usual) & (off_by_ring > _DIFFERS[1] + usual)
    return int(np.argmin([*seen[1 : _MOST_RIM + 1].tolist(), False])) or 1


def _beside(found: np.ndarray, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far each pixel is from the ground, 0..1, and from damage, in px, infinite where there is no ground. (H, W)
    each"""
    distance = cv2.distanceTransform((found == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    known = (distance > _BESIDE[0] - 1).astype(np.float32)[..., None]
    side = (2 * _GROUND_REACH + 1,) * 2
    share = cv2.boxFilter(known, -1, side)[..., None]
    ground = cv2.boxFilter(image * known, -1, side) / np.maximum(share, 1e-3)
    return np.abs(image - ground).mean(axis=2), np.where(share[..., 0] > 0.05, distance, np.inf)


def contrast(found: Marks, image: np.ndarray) -> float:
    """By how many times the deviation of its surroundings what is in a mask differs from them in brightness,
    in the median over the mask; 0 where that is empty."""
    times: list[np.ndarray] = [np.zeros(0, np.float32)]
    for top in range(0, len(found), _BAND):  # a huge photo needs no second one
        first, last = max(0, top - _VARIES), top + _BAND + _VARIES
        if found[top : top + _BAND].any():
            marked = found[first:last].astype(np.float32)
            grey = cv2.cvtColor(image[first:last], cv2.COLOR_RGB2GRAY)
            known = 1 - cv2.dilate(marked, np.ones((5, 5), np.uint8))
            share = np.maximum(cv2.blur(known, (_VARIES, _VARIES)), 1e-3)
            mean, square = (cv2.blur(plane * known, (_VARIES, _VARIES)) / share for plane in (grey, grey * grey))
            off = np.abs(grey - mean) / (np.sqrt(np.maximum(square - mean * mean, 0)) + _EVEN)
            inner = slice(top - first, top - first + _BAND)
            times.append(off[inner][marked[inner] > 0])
    every = np.concatenate(times)
    return float(np.median(every)) if every.size else 0.0


def alone(found: Marks, others: Marks) -> Marks:
    """Those pieces of a mask around which another has hardly anything: where there are many small things,
    they are leaves before the sky, flowers or sparkles rather than dust."""
    if not found.any():
        return found
    labels, area = _pieces(found > 0)
    crowd = np.zeros(len(area))
    for top in range(0, len(found), _BAND):  # a huge photo needs no second one
        first, last = max(0, top - _AMONG), top + _BAND + _AMONG
        among = cv2.blur(others[first:last].astype(np.float32), (_AMONG, _AMONG))[top - first : top - first + _BAND]
        crowd += _sums(labels[top : top + _BAND], among, len(area))
    kept = crowd < _CROWDED * area
    kept[0] = False
    return kept[labels].astype(found.dtype)


def without_rings(found: Marks, lines: Marks) -> Marks:
    """A mask without those pieces of `lines`, of which it is the surer part, that close small rings again
    and again: chains, nets and lace rather than scratches, hairs and cracks."""
    if not found.any():
        return found
    wide = cv2.dilate((lines > 0).astype(np.uint8), np.ones((2 * _CLOSED + 1,) * 2, np.uint8))
    labels = _pieces(wide > 0)[0]
    _count, grounds, stats, _centres = cv2.connectedComponentsWithStats(1 - wide, connectivity=4)
    rings = np.zeros(int(labels.max()) + 1)
    for number in range(1, len(stats)):
        x, y, width, height, area = stats[number].tolist()
        inside = x > 0 and y > 0 and x + width < wide.shape[1] and y + height < wide.shape[0]
        if inside and area <= _RING:
            first = x + int(np.argmax(grounds[y, x : x + width] == number))
            rings[labels[y, first - 1]] += 1
    length = np.bincount(labels[lines > 0], minlength=len(rings))
    chained = (rings > 1) & (rings * _LINKS > length)
    return found * ~chained[labels]


def only_lighter(found: Marks, image: np.ndarray, lighter: bool) -> Marks:
    """Those pieces of a mask that are on the whole lighter, or not, than the photo (H, W, 3) around."""
    if not found.any():
        return found
    plane = cv2.convertScaleAbs(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), alpha=255)
    above = plane.astype(np.float32) - cv2.medianBlur(plane, _GROUND)
    labels, area = _pieces(found > 0)
    sums = np.zeros(len(area))
    for top in range(0, len(found), _BAND):
        sums += _sums(labels[top : top + _BAND], above[top : top + _BAND], len(area))
    kept = sums > 0 if lighter else sums < 0
    kept[0] = False
    return kept[labels].astype(found.dtype)


def _sums(labels: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """The sum of the values (h, w) at each label (h, w) below `count`: (count,)"""
    there = labels > 0
    return np.bincount(labels[there], values[there], count)


def _pieces(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The connected pieces of a bool (H, W): labels (H, W), 0 for the ground, and areas by label in px."""
    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(chosen.astype(np.uint8), connectivity=8)
    return np.asarray(labels), np.asarray(stats)[:, cv2.CC_STAT_AREA]
