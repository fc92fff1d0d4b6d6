"""Patches of 7 x 7 px: telling how alike they are, finding for each of many the one most like it, and their votes."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.progress import Progress

SIDE = 7  # px
REACH = SIDE // 2  # px from the centre of a patch to its rim
_FEATURES = 48  # principal components of a patch that are compared
_KNOWN = 10.0  # how much more pixels count that are known: where they do not fit, a seam shows
_CHUNK = 8192  # patches worked on at once: they fit the processor's cache
_JUMPS = (4, 2, 1)  # px between neighbours that tell each other what they found; at most 2 * REACH
_NEAR = np.array([(y, x) for y in range(-REACH, REACH + 1) for x in range(-REACH, REACH + 1)])


@dataclass
class Scene:
    """A picture with a hole; centres of patches are places y * W + x, at least REACH px from the picture's edge. To the
    right and below, H and W may hold more that is copied from."""

    image: np.ndarray  # (H, W, C), float32; the hole's pixels change in place
    hole: np.ndarray  # (H, W), bool
    usable: np.ndarray  # (H * W), bool: centres of patches without hole
    targets: np.ndarray  # (n,), places of the patches with some hole in them, ascending
    index: np.ndarray  # (H * W), which of the targets lies there, -1 = none
    size: tuple[int, int]  # height and width of the picture, in which the hole lies
    fixed: int = 0  # the last so many channels stay as they are: they are only compared

    @property
    def flat(self) -> np.ndarray:
        """The pixels in a row (H * W, C); a view."""
        return self.image.reshape(-1, self.image.shape[2])


@dataclass
class Matches:
    """For each target of a scene the patch that is most like it so far."""

    source: np.ndarray  # (n,), places of usable patches
    cost: np.ndarray  # (n,), how much they differ, by Wanted.compare


def look(
    image: np.ndarray,
    hole: np.ndarray,
    fixed: int = 0,
    size: tuple[int, int] | None = None,
    barred: np.ndarray | None = None,
) -> Scene:
    """The scene of `image` (H, W, C), which it keeps and changes, all but its last `fixed` channels, and its `hole`
    (H, W), bool; of a larger one the picture is the first `size`, and nothing `barred` (H, W), bool, is copied."""
    height, width = size or hole.shape
    touched = _touch(hole)
    targets = np.flatnonzero(touched & _inner(hole.shape, height, width))
    usable = ~(touched if barred is None else _touch(hole | barred)) & _inner(hole.shape, *hole.shape)
    index = np.full(hole.size, -1, np.int32)
    index[targets] = np.arange(len(targets))
    return Scene(np.ascontiguousarray(image), hole, usable.ravel(), targets, index, (height, width), fixed)


def _touch(hole: np.ndarray) -> np.ndarray:
    """Centres of patches with some of the hole in them, bool (H, W)."""
    return cv2.dilate(hole.astype(np.uint8), np.ones((SIDE, SIDE), np.uint8)) > 0


def _inner(shape: tuple[int, ...], height: int, width: int) -> np.ndarray:
    """Centres of patches that lie within the first `height` x `width` px, bool of `shape`."""
    inner = np.zeros(shape, bool)
    inner[REACH : height - REACH, REACH : width - REACH] = True
    return inner


def shifts(scene: Scene) -> np.ndarray:
    """What to add to a patch's centre for each of its pixels, row by row (SIDE ** 2)."""
    return _NEAR[:, 0] * scene.hole.shape[1] + _NEAR[:, 1]


def cut(scene: Scene, places: np.ndarray) -> np.ndarray:
    """The patches at these places, a row each (n, SIDE ** 2 * C)."""
    channels = scene.image.shape[2]
    rows = np.lib.stride_tricks.sliding_window_view(scene.image.reshape(-1), SIDE * channels)[::channels]
    first = np.arange(-REACH, REACH + 1) * scene.hole.shape[1] - REACH  # pieces of rows are copied at once, quicker
    return rows[places[:, None] + first].reshape(len(places), SIDE**2 * channels)


class Features:
    """What is compared of the patches of a scene: their first principal components."""

    def __init__(self, scene: Scene, progress: Progress) -> None:
        self._scene = scene
        places = np.flatnonzero(scene.usable)
        some = cut(scene, places[:: max(1, len(places) // 10_000)])
        some = some - some.mean(axis=0)
        _values, vectors = np.linalg.eigh(some.T @ some)  # ascending
        self._basis = np.ascontiguousarray(vectors[:, -_FEATURES:])
        self.known = np.zeros((scene.hole.size, self._basis.shape[1]), np.float32)
        for chunk in progress.each(chunks(places)):
            self.known[chunk] = cut(scene, chunk) @ self._basis

    def of_targets(self, progress: Progress) -> np.ndarray:
        """Those of the targets as they look now (n, features)."""
        rows = [cut(self._scene, chunk) @ self._basis for chunk in progress.each(chunks(self._scene.targets))]
        return np.concatenate(rows)


class Wanted:
    """What patches should be like to lie at the targets of a scene as these look now."""

    def __init__(self, scene: Scene, features: Features, progress: Progress) -> None:
        self._scene, self._features = scene, features
        self._wanted = features.of_targets(progress)
        known = ~scene.hole.ravel()
        shown = [known[chunk[:, None] + shifts(scene)] for chunk in chunks(scene.targets)]
        self._known = np.concatenate([np.zeros((0, SIDE**2), bool), *shown])
        self._rim = np.asarray(self._known.any(axis=1)) & (scene.fixed == 0)  # a guide says more than the rim

    def compare(self, which: np.ndarray, source: np.ndarray, enough: np.ndarray | None = None) -> np.ndarray:
        """How much the targets `which` (n,) and the patches at `source` (n,) differ (n,): the squared distance of their
        features, and that of the pixels that are known there times _KNOWN; of those whose features differ by `enough`
        (n,) no more is found out."""
        costs = [np.zeros(0, np.float32)]
        for start in range(0, len(source), _CHUNK):
            own, other = which[start : start + _CHUNK], source[start : start + _CHUNK]
            rest = self._wanted.take(own, axis=0) - self._features.known.take(other, axis=0)
            cost = np.einsum("nd,nd->n", rest, rest)
            rim = self._rim[own]
            if enough is not None:
                rim &= cost < enough[start : start + _CHUNK]
            cost[rim] += _KNOWN * self._compare_known(own[rim], other[rim])
            costs.append(cost)
        return np.concatenate(costs)

    def _compare_known(self, which: np.ndarray, source: np.ndarray) -> np.ndarray:
        rest = cut(self._scene, self._scene.targets[which]) - cut(self._scene, source)
        rest *= np.repeat(self._known.take(which, axis=0), self._scene.image.shape[2], axis=1)
        return np.einsum("nd,nd->n", rest, rest)


def chunks(places: np.ndarray) -> list[np.ndarray]:
    """The places, some at a time."""
    return [places[start : start + _CHUNK] for start in range(0, len(places), _CHUNK)]


def search(
    scene: Scene, features: Features, matches: Matches, radius: int, random: np.random.Generator, progress: Progress
) -> None:
    """Looks for better `matches` in place: tries what neighbours found, then places around each one's own, from
    `radius` px away inwards (PatchMatch, Barnes et al. 2009, all targets at once)."""
    wanted = Wanted(scene, features, progress.part(0.0, 0.3))
    everyone = np.arange(len(scene.targets))
    matches.cost = wanted.compare(everyone, matches.source)
    width = scene.hole.shape[1]
    tries = [(jump * y, jump * x) for jump in _JUMPS for y, x in ((0, 1), (1, 0), (0, -1), (-1, 0))]
    for y, x in progress.part(0.3, 0.6).each(tries):
        step = y * width + x
        neighbour = scene.index.take(scene.targets + step, mode="clip")
        heard = np.flatnonzero(neighbour >= 0)
        _try(scene, wanted, matches, heard, matches.source[neighbour[heard]] - step)
    reaches = [radius >> turn for turn in range(radius.bit_length())]
    for reach in progress.part(0.6, 1.0).each(reaches):
        away = random.integers(-reach, reach + 1, (2, len(everyone)))
        y, x = np.divmod(matches.source, width)
        y = np.clip(y + away[0], REACH, scene.hole.shape[0] - 1 - REACH)
        x = np.clip(x + away[1], REACH, width - 1 - REACH)
        _try(scene, wanted, matches, everyone, y * width + x)


def _try(scene: Scene, wanted: Wanted, matches: Matches, which: np.ndarray, source: np.ndarray) -> None:
    """Lets the targets `which` (m,) take the patches at `source` (m,) where these are usable and more like them."""
    new = np.clip(source, 0, len(scene.usable) - 1)
    fresh = scene.usable[new] & (new != matches.source[which])
    which, new = which[fresh], new[fresh]
    cost = wanted.compare(which, new, matches.cost[which])
    better = cost < matches.cost[which]
    matches.source[which[better]] = new[better]
    matches.cost[which[better]] = cost[better]


def vote(scene: Scene, matches: Matches, trust: np.ndarray, progress: Progress) -> None:
    """Gives each pixel of the hole the mean of what the patches over it say, weighted by `trust` (n,) > 0
    (Wexler, Shechtman and Irani 2007, eq. 3)."""
    places = np.flatnonzero(scene.hole)
    flat = scene.flat
    for chunk in progress.each(chunks(places)):
        total = np.zeros((len(chunk), flat.shape[1]), np.float32)
        weight = np.zeros((len(chunk), 1), np.float32)
        for shift in shifts(scene):
            target = scene.index.take(chunk - shift, mode="clip")
            share = np.where(target >= 0, trust[target], 0)[:, None]
            total += share * flat.take(matches.source[target] + shift, axis=0)
            weight += share
        flat[chunk, : total.shape[1] - scene.fixed] = (total / weight)[:, : total.shape[1] - scene.fixed]
