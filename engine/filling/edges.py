"""The fill by edges: from a smooth start colours flow into the hole along edges and hardly across them."""

import cv2
import numpy as np
from scipy import sparse

from engine.filling import harmonic, holes
from engine.progress import Progress

_CONTRAST = 0.02  # of 0..1 per px: steeper is an edge
_BLUR = 1.0  # px, before edges are looked for
_TURNS = 8  # of finding edges and flowing along them, at each size; half as many
_LARGE = 20_000  # px in a hole and more, where a smaller picture gave a good start
_COARSEST = 3  # px, half the width of the hole in the smallest picture
_MARGIN = 8  # px around the hole that are looked at
_CELL = 128  # px: holes in such a square are filled together


def fill(image: np.ndarray, unknown: np.ndarray, hole: np.ndarray, progress: Progress) -> np.ndarray:
    """A copy of `image` (H, W, C), float32 in 0..1, with the pixels of `hole` (H, W), bool, filled from those that are
    not `unknown` (H, W), bool, which the hole is a part of.

    Edge-enhancing diffusion that has come to rest (Weickert and Welk 2006, section 3.3; one tensor for all channels),
    from coarse to fine, so that edges find each other over wide holes; a fixed number of turns. Within the range of
    the known pixels of the image. Raises Cancelled.
    """
    result, total, done = image.copy(), int(hole.sum()), 0
    for tight, own in holes.find(hole, _CELL):
        box, share = tight.grown(_MARGIN, hole.shape), int(own.sum())
        part = progress.part(done / total, (done + share) / total)
        filled = _fill_window(image[box.slices], unknown[box.slices], part)
        result[tight.slices][own] = filled[holes.within(tight, box).slices][own]
        done += share
    return result


def _fill_window(image: np.ndarray, hole: np.ndarray, progress: Progress) -> np.ndarray:
    """Fills one window: first a picture of half the size, if the hole is wide, for a start."""
    if min(hole.shape) < 2:  # edges need squares of four pixels
        return harmonic.fill(image, hole, progress)
    low, high = image[~hole].min(axis=0), image[~hole].max(axis=0)
    inner = float(cv2.distanceTransform(np.pad(hole, 1).astype(np.uint8), cv2.DIST_L2, 3).max())
    small, small_hole = harmonic.halve(image, hole)
    if inner > _COARSEST and not small_hole.all():
        answer = _fill_window(small, small_hole, progress.part(0.0, 0.25))
        start = cv2.resize(answer, hole.shape[::-1], interpolation=cv2.INTER_LINEAR).reshape(image.shape)
        progress = progress.part(0.25, 1.0)
    else:
        start = harmonic.fill(image, hole, progress.part(0.0, 0.2))
        progress = progress.part(0.2, 1.0)
    current = np.where(hole[..., None], start, image).astype(np.float32)
    flow = _Flow(hole)
    turns = _TURNS if np.count_nonzero(hole) < _LARGE else _TURNS // 2
    for turn in range(turns):
        part = progress.part(turn / turns, (turn + 1) / turns)
        current[hole] = np.clip(flow.settle(current, _find_tensors(current), part), low, high)
    return current


def _find_tensors(image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Diffusion tensors (yy, xx, yx), each (H - 1, W - 1), between the pixels of `image` (H, W, C): 1 along edges, less
    across them the steeper they are (Perona and Malik 1990, eq. 13)."""
    soft = cv2.GaussianBlur(image, (0, 0), _BLUR).reshape(image.shape)
    down, across = np.diff(soft, axis=0), np.diff(soft, axis=1)
    y = (down[:, 1:] + down[:, :-1]) / 2
    x = (across[1:] + across[:-1]) / 2
    yy, xx, yx = (y * y).sum(axis=2), (x * x).sum(axis=2), (y * x).sum(axis=2)
    middle, half = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    least = 1 / (1 + (middle + half) / _CONTRAST**2)  # across
    # I - (1 - least) v v^T, where v is the direction of most change
    share = (1 - least) / np.maximum(2 * half, 1e-12)
    return 1 - share * (yy - middle + half), 1 - share * (xx - middle + half), -share * yx


class _Flow:
    """The system of equations of one hole, whose weights change while its links stay."""

    def __init__(self, hole: np.ndarray) -> None:
        self._hole = hole
        self._where = np.argwhere(hole)
        self._number = np.full(hole.size, -1)
        self._number[np.flatnonzero(hole)] = np.arange(len(self._where))

    def settle(
        self, image: np.ndarray, tensors: tuple[np.ndarray, np.ndarray, np.ndarray], progress: Progress
    ) -> np.ndarray:
        """The hole's pixels (n, C) where the flow with these tensors comes to rest.

        Each square of four pixels holds half of its tensor's energy on two sides across and two down, and plus and
        minus half of the mixed part on its diagonals.
        """
        yy, xx, yx = (np.pad(plane, 1) for plane in tensors)  # squares outside the picture hold nothing
        across = (xx[:-1, 1:-1] + xx[1:, 1:-1]) / 2  # (H, W - 1)
        down = (yy[1:-1, :-1] + yy[1:-1, 1:]) / 2  # (H - 1, W)
        slant = yx[1:-1, 1:-1] / 2
        height, width = self._hole.shape
        place = np.arange(height * width).reshape(height, width)
        links = [
            (place[:, :-1], place[:, 1:], across),
            (place[:-1], place[1:], down),
            (place[:-1, :-1], place[1:, 1:], slant),
            (place[:-1, 1:], place[1:, :-1], -slant),
        ]
        count = len(self._where)
        diagonal, right = np.zeros(count), np.zeros((count, image.shape[2]))
        rows, columns, weights = [], [], []
        flat = image.reshape(-1, image.shape[2])
        for one, other, weight in links:
            for here, there in ((one.ravel(), other.ravel()), (other.ravel(), one.ravel())):
                own = self._number[here] >= 0
                here, there, value = self._number[here[own]], there[own], weight.ravel()[own]
                diagonal[here] += value
                beyond = self._number[there]
                known = beyond < 0
                right[here[known]] += value[known, None] * flat[there[known]]
                rows.append(here[~known])
                columns.append(beyond[~known])
                weights.append(-value[~known])
        matrix = sparse.coo_matrix(
            (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(count, count)
        )
        system = (matrix + sparse.diags(diagonal)).tocsr()
        return harmonic.solve(system, right, self._where, progress, turns=20)
