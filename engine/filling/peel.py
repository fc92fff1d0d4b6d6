"""Peeling: the first filling of a small hole, one layer of pixels after another from its rim inwards."""

import cv2
import numpy as np

from engine.filling import patches
from engine.filling.patches import Matches, Scene
from engine.progress import Progress

_PAIRS = 20_000_000  # targets times patches compared in all: beyond, fewer patches are looked at
_ALIKE = 1.1  # a patch that is at most so much less like the target than the best one may be chosen in its place


def fill(scene: Scene, random: np.random.Generator, progress: Progress) -> Matches:
    """Fills the hole of `scene` in place and returns a match for each of its targets.

    Each pixel of a layer comes from a patch chosen at random from those most like its surroundings, among all patches
    or, if the hole is large, many of them; only what is known or filled is compared (Newson et al. 2014, section 3.5).
    """
    usable, found = _candidates(scene, random), np.full(len(scene.targets), -1, np.int64)
    missing = scene.hole.copy()
    total = int(missing.sum())
    while missing.any():
        progress(1 - missing.sum() / total)
        layer = missing & (cv2.dilate((~missing).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
        places = np.flatnonzero(layer)
        for chunk in patches.chunks(places):
            _fill_layer(scene, chunk, missing, usable, found, random)
        missing &= ~layer
    return _complete(scene, found, random)


def redraw(scene: Scene, random: np.random.Generator, progress: Progress) -> Matches:
    """The same for a hole that holds a drawing already: its pixels come from the patches most like that."""
    usable, found = _candidates(scene, random), np.full(len(scene.targets), -1, np.int64)
    missing = np.zeros_like(scene.hole)
    for chunk in progress.each(patches.chunks(np.flatnonzero(scene.hole))):
        _fill_layer(scene, chunk, missing, usable, found, random)
    return _complete(scene, found, random)


def _candidates(scene: Scene, random: np.random.Generator) -> np.ndarray:
    """The places of the patches that are compared, ascending."""
    usable = np.flatnonzero(scene.usable)
    most = max(200, _PAIRS // len(scene.targets))
    return np.sort(random.choice(usable, most, replace=False)) if len(usable) > most else usable


def _fill_layer(
    scene: Scene,
    places: np.ndarray,
    missing: np.ndarray,
    usable: np.ndarray,
    found: np.ndarray,
    random: np.random.Generator,
) -> None:
    """Fills the pixels at `places` from the best of the `usable` patches and notes these in `found`."""
    stride, reach = missing.shape[1], patches.REACH
    y, x = np.divmod(places, stride)
    low_y, low_x = (side - 1 - reach for side in scene.size)
    centres = np.clip(y, reach, low_y) * stride + np.clip(x, reach, low_x)
    known = ~missing.ravel()[centres[:, None] + patches.shifts(scene)]  # (n, SIDE ** 2)
    channels = scene.image.shape[2]
    share = np.repeat(known, channels, axis=1).astype(np.float32)
    wanted = patches.cut(scene, centres) * share
    own = (wanted**2).sum(axis=1)
    best = np.empty(len(places), np.int64)
    sources = patches.cut(scene, usable)
    squares = sources**2
    step = max(1, 4_000_000 // len(usable))
    for start in range(0, len(places), step):
        rows = slice(start, start + step)
        cost = own[rows, None] - 2 * wanted[rows] @ sources.T + share[rows] @ squares.T
        limit = _ALIKE * np.maximum(cost.min(axis=1), 1e-6 * share[rows].sum(axis=1))
        lottery = np.where(cost <= limit[:, None], random.random(cost.shape, np.float32), -1)
        best[rows] = usable[lottery.argmax(axis=1)]
    free = channels - scene.fixed
    scene.flat[places, :free] = scene.flat[best + places - centres, :free]
    found[scene.index[centres]] = best


def _complete(scene: Scene, found: np.ndarray, random: np.random.Generator) -> Matches:
    """Matches where the patches at the rim, in which no pixel was filled, take what the nearest one found."""
    has = np.ones(scene.hole.size, np.uint8)
    has[scene.targets[found >= 0]] = 0
    _far, numbers = cv2.distanceTransformWithLabels(
        has.reshape(scene.hole.shape), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    label = np.asarray(numbers, np.int32).ravel()
    owner = np.zeros(label.max() + 1, np.int64)
    owner[label[has == 0]] = np.flatnonzero(has == 0)
    nearest = owner[label[scene.targets]]
    source = found[scene.index[nearest]] + scene.targets - nearest
    source = np.clip(source, 0, scene.hole.size - 1)
    lost = np.flatnonzero(~scene.usable[source])
    source[lost] = random.choice(np.flatnonzero(scene.usable), len(lost))
    return Matches(source, np.zeros(len(source), np.float32))
