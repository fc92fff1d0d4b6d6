"""Fill: PSNR (dB) inside seeded damage and seconds; grain and seam of large holes; beside OpenCV's and biharmonic."""

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from engine import params
from engine.image import Box, Image, Mask, bounds, frozen
from engine.operation import Step, apply
from engine.operations.fill import Fill
from engine.training import metrics
from engine.training.holes import KINDS, hole
from tests.benchmarks.denoising import read_all

SIDE = 256  # px of the crops
LARGE = 64  # px, side of the large holes
Filler = Callable[[Image, Mask], np.ndarray]


def measure(data: Path, quick: bool) -> list[dict[str, object]]:
    """A row for each method; columns are the kinds of damage, the seconds for a crop with each of them, and for a large
    hole the grain inside divided by that around (variances), the change across the rim divided by that beside it, and
    the seconds. The mean over crops of two sets; PSNR without grain put back, which no error measure rewards. The last
    row is what the photo has where the large holes were: no fill can be told from it by more than these."""
    photos = [*read_all(data / "mcmaster18", 3 if quick else None), *read_all(data / "cbsd68", 3 if quick else 18)]
    crops = [frozen(_middle(photo)) for photo in photos if min(photo.shape[:2]) >= SIDE]
    masks = {kind: [hole(kind, SIDE, np.random.default_rng(index)) for index in range(len(crops))] for kind in KINDS}
    rows: list[dict[str, object]] = []
    for name in fillers():
        fill, start = fillers(regrain=0.0)[name], time.process_time()
        row: dict[str, object] = {"method": name}
        for kind in KINDS:
            scores: list[float] = []
            for crop, mask in zip(crops, masks[kind], strict=True):
                damaged = frozen(np.where(mask[..., None] > 0, np.float32(1), crop))
                scores.append(metrics.psnr_inside(fill(damaged, mask), crop, mask))
            row[kind] = float(np.mean(scores))
        row["s each"] = (time.process_time() - start) / len(crops) / len(KINDS)
        rows.append(row | _measure_large(fillers()[name], crops[: 4 if quick else 12]))
    whole = _measure_large(lambda crop, _mask: crop, crops[: 4 if quick else 12])
    return [*rows, {"method": "(the photo itself)"} | {name: whole[name] for name in ("large: grain", "seam")}]


def _measure_large(fill: Filler, crops: list[Image]) -> dict[str, float]:
    mask, start = np.zeros((SIDE, SIDE), np.float32), time.process_time()
    middle = slice((SIDE - LARGE) // 2, (SIDE + LARGE) // 2)
    mask[middle, middle] = 1
    results = [fill(crop, frozen(mask)) for crop in crops]
    seconds = (time.process_time() - start) / len(crops)
    grains, seams = zip(*(_judge(result, mask) for result in results), strict=True)
    return {"large: grain": float(np.median(grains)), "seam": float(np.median(seams)), "s": seconds}


def _judge(image: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
    """What a Gaussian of 1.5 px takes away, variance in the hole by that within 24 px of it; mean change across its rim
    by that within 8 px of it."""
    far, near = (cv2.dilate(mask, np.ones((2 * reach + 1,) * 2)) > mask for reach in (24, 8))
    rest = image - cv2.GaussianBlur(image, (0, 0), 1.5)
    across, beside = [], []
    for axis in (0, 1):
        change = np.abs(np.diff(image, axis=axis)).mean(axis=2)
        one, other = mask.take(range(SIDE - 1), axis), mask.take(range(1, SIDE), axis)
        across.append(change[one != other])
        beside.append(change[(one + other == 0) & near.take(range(1, SIDE), axis)])
    grain = float(rest[mask > 0].var() / rest[far].var())
    return grain, float(np.concatenate(across).mean() / np.concatenate(beside).mean())


def _middle(photo: Image) -> np.ndarray:
    top, left = ((side - SIDE) // 2 for side in photo.shape[:2])
    return photo[top : top + SIDE, left : left + SIDE]


def fillers(regrain: float = 1.0) -> dict[str, Filler]:
    """Our methods and those to compare with, by name."""
    found: dict[str, Filler] = {}
    for method in next(one for one in params.describe(Fill) if one.name == "method").choices:
        found[method] = _ours(Fill(method=method, regrain=regrain))
    for method in ("fsr", "auto"):
        found[f"{method}, best"] = _ours(Fill(method=method, quality="best", regrain=regrain))
    found["OpenCV Telea"] = lambda image, mask: _opencv(image, mask, cv2.INPAINT_TELEA)
    found["OpenCV Navier-Stokes"] = lambda image, mask: _opencv(image, mask, cv2.INPAINT_NS)
    found["OpenCV FSR fast"] = _opencv_fsr
    found["biharmonic"] = biharmonic
    if importlib.util.find_spec("patchmatch"):  # pip install pypatchmatch
        found["PyPatchMatch"] = _patchmatch
    return found


def _ours(operation: Fill) -> Filler:
    return lambda image, mask: apply(Step(operation, mask), image)


def _opencv(image: Image, mask: Mask, flag: int) -> np.ndarray:
    pixels = np.round(image * 255).astype(np.uint8)
    return cv2.inpaint(pixels, (mask > 0).astype(np.uint8), 3, flag) / np.float32(255)


def _opencv_fsr(image: Image, mask: Mask) -> np.ndarray:
    pixels = np.round(image * 255).astype(np.uint8)
    result = np.zeros_like(pixels)
    known = np.where(mask > 0, 0, 255).astype(np.uint8)
    cv2.xphoto.inpaint(pixels, known, result, cv2.xphoto.INPAINT_FSR_FAST)
    return result / np.float32(255)


def _patchmatch(image: Image, mask: Mask) -> np.ndarray:
    """The package PyPatchMatch with patches of 7 px, as its examples have them."""
    patchmatch = importlib.import_module("patchmatch")
    pixels = np.round(image * 255).astype(np.uint8)
    filled = patchmatch.inpaint(pixels, (mask > 0).astype(np.uint8) * 255, patch_size=3)
    return np.where(mask[..., None] > 0, filled / np.float32(255), image)


def biharmonic(image: Image, mask: Mask) -> np.ndarray:
    """The thin plate over the hole: the Laplacian of the Laplacian is 0 in it (Damelin and Hoang 2018)."""
    box = bounds(mask, 4)
    hole = mask[box.slices] > 0
    plate = _laplacian(*hole.shape)
    square = (plate @ plate).tocsr()
    inside = np.flatnonzero(hole)
    outside = np.flatnonzero(~hole)
    result = np.array(image)
    part = image[box.slices].reshape(-1, 3)
    right = -square[inside][:, outside] @ part[outside]
    solved = spsolve(square[inside][:, inside].tocsc(), right).reshape(-1, 3)
    _put(result, box, inside, solved.clip(0, 1))
    return result


def _put(image: np.ndarray, box: Box, where: np.ndarray, values: np.ndarray) -> None:
    part = image[box.slices].reshape(-1, 3)
    part[where] = values
    image[box.slices] = part.reshape(image[box.slices].shape)


def _laplacian(height: int, width: int) -> sparse.csr_matrix:
    """The five-point Laplacian on a grid whose border mirrors."""

    def line(length: int) -> sparse.dia_matrix:
        middle = np.full(length, -2.0)
        middle[[0, -1]] = -1
        return sparse.diags([np.ones(length - 1), middle, np.ones(length - 1)], [-1, 0, 1])

    return (sparse.kron(sparse.eye(height), line(width)) + sparse.kron(line(height), sparse.eye(width))).tocsr()
