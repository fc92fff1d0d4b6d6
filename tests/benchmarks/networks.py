"""What the recurrent nets, the blind net and the noise estimate reach on the test photos, by the operations."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Files

from engine import files, models, noise
from engine.document import Document
from engine.image import Image, frozen
from engine.operation import Operation, Step, apply
from engine.operations.jpeg import Jpeg
from engine.operations.old_photo import OldPhoto
from engine.operations.streaks import Streaks
from engine.progress import Progress
from engine.training import damage, metrics, patterns
from engine.training.recipes.noise_level import add_noise
from engine.training.recipes.streaks import held_scene
from engine.training.scoring import through_jpeg
from tests.benchmarks.denoising import SETS, camera_pairs, read_all

Row = dict[str, object]
_LEVELS = (5, 10, 15, 25, 50)


def measure_jpeg(data: Path, quick: bool) -> list[Row]:
    """A row for each set and quality: the file, and what `jpeg` gains on it after each pass, told by the file, and
    at its default not told; dB."""
    rows: list[Row] = []
    for title, folder in SETS.items():
        photos = read_all(data / folder, 3 if quick else None)
        for quality in (10, 20, 30):
            before: list[float] = []
            gains: list[list[float]] = []
            for photo in photos:
                opened = _as_file(photo, quality)
                start = metrics.psnr(opened.image, photo)
                scores = _passes(Jpeg(passes=6), opened)
                scores.append(apply(Step(Jpeg()), opened.image))  # no file tells the quality
                before.append(start)
                gains.append([metrics.psnr(one, photo) - start for one in scores])
            mean = np.mean(gains, axis=0)
            row: Row = {"set": title, "quality": quality, "JPEG": float(np.mean(before))}
            row |= {f"pass {number}": float(mean[number - 1]) for number in range(1, 7)}
            rows.append(row | {"not told": float(mean[6])})
    return rows


def _as_file(photo: Image, quality: int) -> files.Photo:
    """The photo as it comes from a JPEG file, colours at half the resolution."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        Files.fromarray(np.round(photo * 255).astype(np.uint8)).save(path, quality=quality)
        return files.read(path)


def _passes(operation: Operation, photo: files.Photo) -> list[Image]:
    """The photo after each pass of the operation."""
    offered: list[Image] = []
    progress = Progress(keep=lambda image, _operation: offered.append(image))
    last = Document(photo.image, facts=photo.metadata.facts()).then(Step(operation)).render(progress)
    return [*offered, last]


def measure_streaks(data: Path, quick: bool) -> list[Row]:
    """A row for each set: simulated damage never trained on, what `streaks` gains after each pass, and what it does to
    clean photos; dB. Nothing while its weights are not shipped."""
    if not models.is_shipped(Streaks.weights):
        return []
    film = damage.read_film(data.parent / "train" / "damage")
    rows: list[Row] = []
    for title, folder in SETS.items():
        photos = read_all(data / folder, 3 if quick else None)
        before: list[float] = []
        gains: list[list[float]] = []
        for index, photo in enumerate(photos):
            reference, damaged = damaged_pair(photo[:256, :256], film, index)
            start = metrics.psnr(damaged, reference)
            answers = _passes(Streaks(passes=6), _untold(damaged))
            before.append(start)
            gains.append([metrics.psnr(one, reference) - start for one in answers])
        clean = [metrics.psnr(apply(Step(Streaks()), photo), photo) for photo in photos]
        row: Row = {"set": title, "damaged": float(np.mean(before))}
        row |= {f"pass {number}": float(value) for number, value in enumerate(np.mean(gains, axis=0), start=1)}
        rows.append(row | {"clean photos": float(np.mean(clean)), "worst": min(clean)})
    return rows


def damaged_pair(photo: np.ndarray, film: dict[str, list[np.ndarray]], seed: int) -> tuple[Image, Image]:
    """A photo (H, W, 3) with the scene's decoys, and with its damage as well, both as files of 8 bits."""
    height, width = photo.shape[:2]
    layers = damage.Layers(held_scene(film, max(height, width), seed).planes[..., :height, :width])
    generator = torch.Generator().manual_seed(seed)
    reference = layers.decorate(torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None], generator)
    pair = reference, damage.apply(reference, layers)
    found = [frozen(np.round(one[0].permute(1, 2, 0).numpy().clip(0, 1) * 255) / np.float32(255)) for one in pair]
    return found[0], found[1]


def measure_level(data: Path, quick: bool) -> list[Row]:
    """A row for each kind of picture and noise: how far the measured level is off, and how often more than 10 %."""
    sets = {title: read_all(data / folder, 4 if quick else None) for title, folder in SETS.items()}
    generator = torch.Generator().manual_seed(0)
    sets["patterns"] = [_pattern(photo, generator) for photo in sets["McMaster"]]
    rows: list[Row] = []
    for title, photos in sets.items():
        for kind, width in (("white", 0.0), ("blurred by 0.6 px", 0.6), ("blurred by 1 px", 1.0)):
            ratios = [
                noise.level(_with_noise(photo, sigma, width, index)).sigma * 255 / sigma
                for index, photo in enumerate(photos)
                for sigma in _LEVELS
            ]
            off = np.abs(np.array(ratios) - 1)
            rows.append({"set": title, "noise": kind, "mean off": float(off.mean()), "within 10 %": np.mean(off < 0.1)})
        clean = [noise.level(photo).told * 255 for photo in photos]
        rows.append({"set": title, "noise": "none: level told", "mean off": float(np.mean(clean)), "most": max(clean)})
    return rows


def _pattern(photo: Image, generator: torch.Generator) -> Image:
    pixels = torch.from_numpy(np.round(photo * 255).astype(np.uint8)).permute(2, 0, 1)
    return frozen(patterns.generate(256, pixels, generator).permute(1, 2, 0).numpy() / np.float32(255))


def _with_noise(photo: Image, sigma: float, width: float, seed: int) -> Image:
    noisy = add_noise(torch.from_numpy(np.array(photo)).permute(2, 0, 1), sigma / 255, width, seed)
    return frozen(noisy.permute(1, 2, 0).numpy().copy())


def measure_old_photo(data: Path, quick: bool) -> list[Row]:
    """What `old-photo` gains, told nothing, on real camera noise and JPEGs, and what it leaves of clean photos; dB."""
    rows = [_gains("real camera noise", [(_untold(noisy), clean) for noisy, clean in camera_pairs(data, quick)])]
    for title, folder in SETS.items():
        photos = read_all(data / folder, 3 if quick else None)
        untold = [(_untold(frozen(through_jpeg(photo, 10))), photo) for photo in photos]
        rows.append(_gains(f"{title}, JPEG 10", untold))
        rows.append(_gains(f"{title}, JPEG 10, told by the file", [(_as_file(one, 10), one) for one in photos]))
        kept = [metrics.psnr(apply(Step(OldPhoto()), frozen(photo)), photo) for photo in photos]
        rows.append({"photos": f"{title}, clean", "median": float(np.median(kept)), "worst": min(kept)})
    return rows


def _untold(image: Image) -> files.Photo:
    """The image as if it came from a file that tells nothing."""
    return files.Photo(image, None, files.Metadata("png"))


def _gains(name: str, pairs: list[tuple[files.Photo, Image]]) -> Row:
    before = [metrics.psnr(noisy.image, reference) for noisy, reference in pairs]
    after = [metrics.psnr(_passes(OldPhoto(), noisy)[-1], reference) for noisy, reference in pairs]
    gains = np.subtract(after, before)
    return {"photos": name, "before": float(np.mean(before)), "gain": float(gains.mean()), "worst": float(gains.min())}
