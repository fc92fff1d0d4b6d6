"""The harmonic fill: a smooth membrane over the hole, and the multigrid solver that makes it quick."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse import linalg

from engine.progress import Progress

SparseMatrix: TypeAlias = Any  # scipy's come without types
_EXACT = 1e-6  # of 0..1: the solver stops when a turn would change less
_DIRECT = 4000  # unknowns up to which a system is factorised instead of coarsened


def fill(image: np.ndarray, unknown: np.ndarray, progress: Progress) -> np.ndarray:
    """A copy of `image` (H, W, C), float32 in 0..1, with the pixels of `unknown` (H, W), bool, filled.

    The fill solves Laplace's equation with the values of the rim, nothing flowing through the picture's edge, exactly
    to 1e-5, so it stays within the range of the rim. At least one pixel must be known. Raises Cancelled.
    """
    result = image.copy()
    result[unknown] = span(image, unknown, progress)
    return result


def span(image: np.ndarray, unknown: np.ndarray, progress: Progress) -> np.ndarray:
    """Only the n pixels that `fill` would fill (n, C)."""
    where = np.argwhere(unknown)
    return solve(laplacian(unknown), _sum_rims(image, unknown, where), where, progress).astype(image.dtype)


def laplacian(unknown: np.ndarray) -> SparseMatrix:
    """The matrix (n, n) of the five-point Laplacian on the n pixels of `unknown` (H, W), bool: on its diagonal how many
    neighbours inside the picture each has, -1 for each that is unknown too."""
    where = np.argwhere(unknown)
    index = np.full(unknown.shape, -1)
    index[unknown] = np.arange(len(where))
    degree = np.zeros(len(where))
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for own, (y, x) in neighbours(where, unknown.shape):
        degree[own] += 1
        hole = unknown[y, x]
        pairs.append((own[hole], index[y[hole], x[hole]]))
    rows, columns = (np.concatenate(side) for side in zip(*pairs, strict=True))
    links = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(where), len(where)))
    return (sparse.diags(degree) - links).tocsr()


def halve(image: np.ndarray, unknown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An image (H, W, C) and which of its pixels are unknown (H, W), bool, at half their size, rounded up: means of
    what is known; unknown where any of the four pixels is."""
    height, width, channels = image.shape
    odd = ((0, height % 2), (0, width % 2))
    weight = np.pad((~unknown).astype(np.float32), odd)
    values = np.pad(image, (*odd, (0, 0))) * weight[..., None]
    shape = (weight.shape[0] // 2, 2, weight.shape[1] // 2, 2)
    total = weight.reshape(shape).sum(axis=(1, 3))
    sums = values.reshape(*shape, channels).sum(axis=(1, 3))
    hole = np.asarray(np.pad(unknown, odd).reshape(shape).any(axis=(1, 3)))
    return (sums / np.maximum(total, 1)[..., None]).astype(np.float32), hole


def _sum_rims(image: np.ndarray, unknown: np.ndarray, where: np.ndarray) -> np.ndarray:
    """For each of the unknown pixels `where` (n, 2) the sum of its known neighbours (n, C)."""
    rim = np.zeros((len(where), image.shape[2]))
    for own, (y, x) in neighbours(where, unknown.shape):
        known = ~unknown[y, x]
        rim[own[known]] += image[y[known], x[known]]
    return rim


def neighbours(where: np.ndarray, shape: tuple[int, ...]) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]]:
    """For each of four directions which of the pixels `where` (n, 2) have a neighbour there (m), and its y and x."""
    for shift in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        other = where + shift
        inside = ((other >= 0) & (other < shape)).all(axis=1)
        yield np.flatnonzero(inside), (other[inside, 0], other[inside, 1])


def solve(
    system: SparseMatrix, right: np.ndarray, where: np.ndarray, progress: Progress, turns: int = 200
) -> np.ndarray:
    """x (n, C) of system @ x = right (n, C), to 1e-5, where the n unknowns lie at the pixels `where` (n, 2); `system`
    is symmetric and positive definite. All columns at once, by conjugate gradients with a V-cycle as preconditioner;
    after `turns` of it the answer is taken as it is."""
    precondition = _multigrid(system, where, progress.part(0.0, 0.3))
    solution = precondition(right)
    rest = right - system @ solution
    direction, energy = np.zeros_like(right), np.ones(right.shape[1])
    progress = progress.part(0.3, 1.0)
    for turn in range(turns):
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


def _multigrid(system: SparseMatrix, where: np.ndarray, progress: Progress) -> Callable[[np.ndarray], np.ndarray]:
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
