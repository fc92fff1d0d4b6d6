"""Finding damage: precision and recall within 2 px on simulated damage never trained on, and what repair then gains."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from engine import models
from engine.detectors.damage import Damage
from engine.document import Document
from engine.image import Image, Mask, frozen
from engine.masks import grow
from engine.operation import Step, apply
from engine.operations.fill import Fill
from engine.progress import Progress
from engine.recipe import Recipe
from engine.training import metrics
from engine.training.damage import Example
from engine.training.damage_film import read_film, split
from engine.training.detection import Findings, marked
from engine.training.photos import read_folder, read_photo
from engine.training.recipe import HELD_OUT
from engine.training.recipes import damage as recipe
from tests.benchmarks.denoising import SETS, read_all

Row = dict[str, object]
_ENOUGH = 45.0  # dB: who would see a difference
_OTHERS = {"McMaster": "mcmaster18", "nam": "real_noise_nam/gt"}  # further photos that simulated damage is found on
_EACH = 8  # pictures of each photo that was held out of training; half of them degraded
_STEPS = np.linspace(0, 1, 9)  # sensitivities of the curve where there are no probabilities


def measure(data: Path, quick: bool) -> list[Row]:
    """A row for each method: best F1 over all thresholds and area under precision over recall (not where lines and
    spots have thresholds of their own), for the net also on other photos than CBSD68, those held out of its training
    among them, which are larger; F1, precision and recall of the masks at the sensitivities 0.5 and 0.3, not grown; how
    much of clean photos is marked at these, per cent, grown; and core-seconds a megapixel."""
    pictures = list(_held(data, quick))
    clean = {title: read_all(data / folder, 4 if quick else None) for title, folder in SETS.items()}
    rows: list[Row] = []
    for method in _methods():
        row: Row = {"method": method} | ({} if method == "careful" else _curve(method, pictures))
        if method == "learned":
            for title, folder in _OTHERS.items():
                row[f"best F1 {title}"] = _curve(method, list(_held(data, quick, folder)))["best F1"]
            row["best F1 held out"] = _curve(method, list(_held_out(data, quick)))["best F1"]
        for sensitivity in (0.5, 0.3):
            row |= _masks(Damage(method=method, sensitivity=sensitivity, grow=0), pictures)
            detector = Damage(method=method, sensitivity=sensitivity)
            start, pixels = time.process_time(), 0
            for title, photos in clean.items():
                shares = [marked(detector.detect(photo, Progress()), 0.5) for photo in photos]
                row[f"{title} false % at {sensitivity}"] = float(np.mean(shares))
                pixels += sum(photo[..., 0].size for photo in photos)
            row["s/MP"] = (time.process_time() - start) / pixels * 1e6
        rows.append(row)
    return rows


def measure_end_to_end(data: Path, quick: bool) -> list[Row]:
    """A row for each method and sensitivity: simulated damage found and filled, PSNR (dB) against leaving it and
    against filling the true mask, of pictures with damage, each 45 dB at most: who would see more; and the recipe
    `auto` on clean photos."""
    pictures = list(_held(data, quick))[: 16 if quick else 136 : 2]  # none that is degraded
    pictures = [one for one in pictures if one.labels.any()]
    before = [_near(_image(one.damaged), one) for one in pictures]
    known = [_filled(one, grow(frozen(_truth(one)[0].astype(np.float32)), 1)) for one in pictures]
    rows: list[Row] = []
    for method in _methods():
        for sensitivity in (0.3, 0.5):
            detector = Damage(method=method, sensitivity=sensitivity)
            after = [_filled(one, detector.detect(_image(one.damaged), Progress())) for one in pictures]
            row: Row = {"method": method, "sensitivity": sensitivity, "left": float(np.mean(before))}
            row |= {"found and filled": float(np.mean(after)), "true mask filled": float(np.mean(known))}
            gains = np.subtract(after, before)
            rows.append(row | {"median gain": float(np.median(gains)), "worst gain": float(gains.min())})
    for title, folder in SETS.items():
        rows.append({"method": f"auto, clean {title}"} | _auto(read_all(data / folder, 3 if quick else None)))
    return rows


def _auto(photos: list[Image]) -> Row:
    """How much `auto` changes clean photos: the median and the least PSNR, how many reach 45 dB, the most that is made
    up in per cent."""
    scores: list[float] = []
    filled: list[float] = []
    for photo in photos:
        document = Recipe.parse(["auto"]).apply(Document(photo))
        scores.append(min(99.0, metrics.psnr(document.render(), photo)))
        masks = [step.mask for step in document.steps if step.mask is not None]
        filled.append(sum(marked(mask, 0) for mask in masks))
    found: Row = {"median": float(np.median(scores)), "least": min(scores), "most filled %": max(filled)}
    return found | {"above 45 dB": f"{sum(score >= 45 for score in scores)} of {len(scores)}"}


def _methods() -> list[str]:
    return ["learned", "careful", "classical"] if models.is_shipped("damage-u32") else ["classical"]


def _held(data: Path, quick: bool, folder: str = "cbsd68") -> Iterator[Example]:
    photos = read_folder(data / folder, torch.device("cpu"))
    film = split(read_film(data.parent / "train" / "damage"))[1]
    yield from recipe.held(photos[:8] if quick else photos, film)


def _held_out(data: Path, quick: bool) -> Iterator[Example]:
    """The same on pieces of the photos that the recipes hold out, at their full size."""
    train = data.parent / "train"
    photos = [read_photo(file) for file in sorted((train / "photos").iterdir())[-HELD_OUT:]]
    yield from recipe.held(photos * (1 if quick else _EACH), split(read_film(train / "damage"))[1])


def _image(pixels: torch.Tensor) -> Image:
    return frozen(pixels.permute(1, 2, 0).contiguous().numpy())


def _truth(example: Example) -> tuple[np.ndarray, np.ndarray]:
    """Where damage is and where it counts, bool (H, W) each."""
    return example.labels.amax(0).numpy(), example.counts[0].numpy()


def _chances(image: Image, method: str) -> np.ndarray:
    """The net's probabilities, or where there are none, from which sensitivity on a pixel is marked. (H, W)"""
    if method == "learned":
        return models.load("damage-u32").probabilities(image).max(axis=2)
    masks = [Damage(method=method, sensitivity=float(one), grow=0).detect(image, Progress()) for one in _STEPS]
    return np.max([mask * np.float32(1 - 0.9 * one) for mask, one in zip(masks, _STEPS, strict=True)], axis=0)


def _curve(method: str, pictures: list[Example]) -> Row:
    findings = Findings()
    for example in pictures:
        findings.add(_chances(_image(example.damaged), method), *_truth(example))
    return {"best F1": float(findings.f1().max()), "area": findings.area()}


def _masks(detector: Damage, pictures: list[Example]) -> Row:
    findings = Findings()
    for example in pictures:
        findings.add(detector.detect(_image(example.damaged), Progress()), *_truth(example))
    at = f"at {detector.sensitivity}"
    scores = {"F1": findings.f1(), "precision": findings.precision(), "recall": findings.recall()}
    return {f"{name} {at}": float(score[128]) for name, score in scores.items()}


def _filled(example: Example, mask: Mask) -> float:
    """How near it is after filling, dB."""
    damaged = _image(example.damaged)
    return _near(apply(Step(Fill(), mask), damaged) if mask.any() else damaged, example)


def _near(image: Image, example: Example) -> float:
    """PSNR to the reference, dB, `_ENOUGH` at most."""
    return min(_ENOUGH, metrics.psnr(image, _image(example.reference)))
