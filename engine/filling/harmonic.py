"""The harmonic fill: a smooth membrane over the hole, and the multigrid solver that makes it quick."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from engine.progress import Progress

_SparseMatrix: TypeAlias = Any  # scipy's come without types
_EXACT = 1e-6  # of 0..1: the solver stops when a turn would change less
_DIRECT = 4000  # unknowns up to which a system is factorised instead of coarsened


def fill(image: np.ndarray, unknown: np.ndarray, progress: Progress) -> np.ndarray:
    """A copy of `image` (H, W, C), float32 in 0..1, with the pixels of `unknown` (H, W), bool, filled.

    The fill solves Laplace's equation with the values of the rim, nothing flowing through the picture's edge, exactly
    to 1e-5, so it stays within the range of the rim. At least one pixel must be known. Raises Cancelled.
    """
    where = np.argwhere(unknown)
    system, rim = _laplace_system(image, unknown, where)
    result = image.copy()
    result[unknown] = _solve(system, rim, where, progress)
    return result


def _laplace_system(image: np.ndarray, unknown: np.ndarray, where: np.ndarray) -> tuple[_SparseMatrix, np.ndarray]:
    """The matrix (n, n) of the five-point Laplacian on the unknown pixels `where` (n, 2), and its right side (n, C):
    for each the sum of its known neighbours."""
    index = np.full(unknown.shape, -1)
    index[unknown] = np.arange(len(where))
    degree = np.zeros(len(where))
    rim = np.zeros((len(where), image.shape[2]))
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for shift in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        other = where + shift
        inside = ((other >= 0) & (other < unknown.shape)).all(axis=1)
        y, x = other[inside].T
        degree[inside] += 1
        known = ~unknown[y, x]
        own = np.flatnonzero(inside)
        rim[own[known]] += image[y[known], x[known]]
        pairs.append((own[~known], index[y[~known], x[~known]]))
    rows, columns = (np.concatenate(side) for side in zip(*pairs, strict=True))
    links = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(where), len(where)))
    return (sparse.diags(degree) - links).tocsr(), rim


def _solve(system: _SparseMatrix, right: np.ndarray, where: np.ndarray, progress: Progress) -> np.ndarray:
    """x of system @ x = right (n, C), all columns at once, by conjugate gradients with a V-cycle as preconditioner."""
    precondition = _multigrid(system, where, progress.part(0.0, 0.3))
    solution = precondition(right)
    rest = right - system @ solution
    direction, energy = np.zeros_like(right), np.ones(right.shape[1])
    progress = progress.part(0.3, 1.0)
    for turn in range(200):
        progress(turn / (turn + 10))
        better = precondition(rest)
        if np.abs(better).max() < _EXACT:
            break
        new = (rest * better).sum(axis=0)
        direction = better + direction * (new / energy if turn else 0.0)
        energy = np.maximum(new, 1e-30)
        ahead = system @ direction
        step = new / np.maximum((direction * ahead).sum(axis=0), 1e-30)
        solution += step * direction
        rest -= step * ahead
    return solution


def _multigrid(system: _SparseMatrix, where: np.ndarray, progress: Progress) -> Callable[[np.ndarray], np.ndarray]:
    """An approximate inverse of `system`, whose unknowns lie at the pixels `where` (n, 2): a V-cycle over squares of
    3 x 3 unknowns, then of 3 x 3 squares and so on, by smoothed aggregation (Vanek, Mandel and Brezina 1996)."""
    progress(0.5)
    if len(where) <= _DIRECT:
        return linalg.splu(system.tocsc()).solve
    cell = where // 3
    key, member = np.unique(cell[:, 0] * (cell[:, 1].max() + 1) + cell[:, 1], return_inverse=True)
    count = len(where)
    gather = sparse.csr_matrix((np.ones(count), (np.arange(count), member)), shape=(count, len(key)))
    damped = sparse.diags(2 / 3 / system.diagonal())
    spread = (gather - damped @ (system @ gather)).tocsr()
    collect = spread.T.tocsr()
    coarse = np.stack(np.divmod(key, cell[:, 1].max() + 1), axis=1)
    solve_coarse = _multigrid((collect @ system @ spread).tocsr(), coarse, progress)

    def cycle(right: np.ndarray) -> np.ndarray:
        # As many smoothing steps before as after, or the cycle would not be symmetric, which the gradients need.
        answer = damped @ right
        answer += damped @ (right - system @ answer)
        answer += spread @ solve_coarse(collect @ (right - system @ answer))
        answer += damped @ (right - system @ answer)
        answer += damped @ (right - system @ answer)
        return answer

    return cycle
