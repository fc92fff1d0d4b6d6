"""PSNR (dB) and SSIM of every denoiser, told the true level, beside OpenCV's non-local means.

Rows "un-clipped" add Gaussian noise as papers do, to floating point numbers that may leave 0..1; only the network can
be given these. Rows "8 bit" clip and round the noisy photo first, as files are.
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Files

from engine import models, operations, params
from engine.image import Image, frozen
from engine.operation import Operation, Step, apply
from engine.operations.denoise import Denoise
from engine.training import metrics

Denoiser = Callable[[np.ndarray, float], np.ndarray]  # a noisy photo and sigma x 255

SETS = {"CBSD68": "cbsd68", "McMaster": "mcmaster18"}
SIGMAS = (15, 25, 50)
UNTOLD = ("jpeg", "old-photo")  # not told a level: measured elsewhere
NETS = (("denoise-u24", 1), ("denoise-u24", 2), ("denoise-attention", 1), ("denoise-attention", 8))  # and views
SHARE = {"bilateral": 1.5}  # strength for a noise level of 1, where that is not 1: the best of 1.5 to 4 at all three


def measure(data: Path, quick: bool) -> list[dict[str, object]]:
    """A row for each set, kind of noise and denoiser; columns are PSNR and SSIM at each sigma (x 255)."""
    denoisers = [word for word, cls in operations.ALL.items() if cls.group == "noise" and word not in UNTOLD]
    rows: list[dict[str, object]] = []
    for title, folder in SETS.items():
        photos = read_all(data / folder, 4 if quick else None)
        rows.append(_row(title, "un-clipped", "noisy", photos, _as_it_is, clipped=False))
        for net in map(_Net, *zip(*NETS, strict=True)):
            rows.append(_row(title, "un-clipped", str(net), photos, net, clipped=False))
        rows.append(_row(title, "8 bit", "noisy", photos, _as_it_is, clipped=True))
        for word in denoisers:
            rows.append(_row(title, "8 bit", word, photos, _Told(operations.ALL[word]), clipped=True))
        for quality in ("fast", "best"):
            told = _Told(Denoise, quality=quality)
            rows.append(_row(title, "8 bit", f"denoise, {quality}", photos, told, clipped=True))
        rows.append(_row(title, "8 bit", "OpenCV NLM", photos, opencv_nlm, clipped=True))
    return rows


def measure_real(data: Path, quick: bool) -> list[dict[str, object]]:
    """A row for each method; columns are the mean PSNR on pairs of real camera noise and the worst gain."""
    pairs = camera_pairs(data, quick)
    denoise, nlm = Denoise(), operations.ALL["nlm"]()
    methods: dict[str, Callable[[Image], np.ndarray]] = {
        "noisy": lambda noisy: noisy,
        "denoise, level measured": lambda noisy: apply(Step(denoise), noisy),
        "denoise, level measured, fast": lambda noisy: apply(Step(Denoise(quality="fast")), noisy),
        "denoise, level 10 told": lambda noisy: apply(Step(Denoise(automatic=False, sigma=10)), noisy),
        "nlm at its default": lambda noisy: apply(Step(nlm), noisy),
        "OpenCV NLM, level 10 told": lambda noisy: opencv_nlm(noisy, 10),
    }
    rows: list[dict[str, object]] = []
    for name, method in methods.items():
        scores = [metrics.psnr(method(noisy), reference) for noisy, reference in pairs]
        gains = [
            score - metrics.psnr(noisy, reference) for score, (noisy, reference) in zip(scores, pairs, strict=True)
        ]
        rows.append({"method": name, "PSNR": float(np.mean(scores)), "worst gain": min(gains)})
    return rows


def measure_grey(data: Path, quick: bool) -> list[dict[str, object]]:
    """A row for each denoiser; columns are PSNR and SSIM on the grey photos of Set12, noise equal in all channels."""
    photos = read_all(data / "set12_gray", 4 if quick else None)
    return [
        _row("Set12 grey", "un-clipped", name, photos, method, clipped=False, grey=True)
        for name, method in {
            "noisy": _as_it_is,
            **{str(net): net for net in map(_Net, *zip(*NETS, strict=True))},
        }.items()
    ]


def camera_pairs(data: Path, quick: bool) -> list[tuple[Image, Image]]:
    """Photos with real camera noise and their references."""
    names = sorted(path.name for path in (data / "real_noise_nam" / "noisy").glob("*.png"))[:: 5 if quick else 1]
    return [_pair(data / "real_noise_nam", name) for name in names]


def _pair(folder: Path, name: str) -> tuple[Image, Image]:
    """A noisy photo and its reference."""
    noisy, reference = folder / "noisy" / name, folder / "gt" / name.replace("noise", "gt")
    return read(noisy), read(reference)


def read(path: Path) -> Image:
    """A photo of 8 bits."""
    with Files.open(path) as file:
        return frozen(np.asarray(file.convert("RGB"), np.float32) / 255)


def read_all(folder: Path, limit: int | None = None) -> list[Image]:
    """The photos of a folder in name order, only the first `limit`."""
    suffixes = {".png", ".jpg", ".tif", ".bmp"}
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in suffixes)[:limit]
    return [read(path) for path in files]


def _row(
    title: str, kind: str, name: str, photos: list[Image], denoiser: Denoiser, clipped: bool, grey: bool = False
) -> dict[str, object]:
    row: dict[str, object] = {"set": title, "noise": kind, "denoiser": name}
    for sigma in SIGMAS:
        scores: list[tuple[float, float]] = []
        for index, photo in enumerate(photos):
            shape = (*photo.shape[:2], 1) if grey else photo.shape
            noise = np.random.default_rng(1000 * sigma + index).standard_normal(shape, np.float32)
            noisy = photo + np.float32(sigma / 255) * noise
            noisy = frozen(np.round(noisy.clip(0, 1) * 255) / np.float32(255)) if clipped else noisy
            restored = denoiser(noisy, sigma)
            scores.append((metrics.psnr(restored, photo), metrics.ssim(restored, photo)))
        row[f"PSNR {sigma}"], row[f"SSIM {sigma}"] = (float(value) for value in np.mean(scores, axis=0))
    return row


def _as_it_is(noisy: np.ndarray, _sigma: float) -> np.ndarray:
    return noisy


class _Net:
    """A net of the app on numbers that no file could hold."""

    def __init__(self, name: str, views: int) -> None:
        self._name, self._views = name, views

    def __str__(self) -> str:
        return f"{self._name} x {self._views}"

    def __call__(self, noisy: np.ndarray, sigma: float) -> np.ndarray:
        return models.load(self._name)(noisy, *[sigma / 255] * 3, views=self._views)


class _Told:
    """An operation of the app with its noise level set to the true one, everything else at its default."""

    def __init__(self, cls: type[Operation], **others: str) -> None:
        self._cls, self._others = cls, others

    def __call__(self, noisy: Image, sigma: float) -> Image:
        names = {one.name for one in params.describe(self._cls)}
        told = SHARE.get(self._cls.id, 1) * float(sigma)
        values = {"automatic": False, "sigma" if "sigma" in names else "strength": told}
        known = {name: value for name, value in values.items() if name in names}
        return apply(Step(params.load(self._cls, known | self._others)), noisy)


def opencv_nlm(noisy: Image, sigma: float) -> np.ndarray:
    """OpenCV's fastNlMeansDenoisingColored; of strengths 0.4 to 1.2 times the level 0.6 scores best at all three."""
    pixels = np.round(noisy * 255).astype(np.uint8)
    return cv2.fastNlMeansDenoisingColored(pixels, None, 0.6 * sigma, 0.6 * sigma) / np.float32(255)
