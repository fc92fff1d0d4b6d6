"""Grain that is made beside the real grain, measured on each smooth crop itself and on its whole photo.

`is_smooth` chooses the crops, which knows nothing of how grain is measured or made. What is real: old photos less the
light and shade of each crop; noisy photos of a camera less the clean ones, where whatever measures saw only the noisy.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from engine.filling import film, film_measure
from engine.image import LUMA
from engine.progress import Progress
from tests.benchmarks.denoising import read

Row = dict[str, object]
SIDE = 64  # px of the crops
WINDOW = 32  # px in which spectra are looked at
_MOST = 6  # crops of a photo, evenly spread over all that are smooth
_SEEDS = 6  # of grain made for each crop, so that it is not chance that is compared


class Crop(NamedTuple):
    """A piece of a photo."""

    seen: np.ndarray  # (SIDE, SIDE, 3), with its grain
    base: np.ndarray  # the same without

    @property
    def grain(self) -> np.ndarray:
        return shadeless(self.seen - self.base)


class Spectra(NamedTuple):
    """Mean power of real and of made grain in rings from 1/16 to 1/2 cycles/px: of brightness, and of the channels."""

    real: np.ndarray  # (15, 4)
    made: np.ndarray  # the same

    @property
    def decibels(self) -> np.ndarray:
        """How far the made brightness is above the real one, in the rings (15,)."""
        return 10 * np.log10(np.maximum(self.made[:, 0], 1e-12) / self.real[:, 0])

    @property
    def variance(self) -> float:
        """The made one as a share of the real one, of the channels in these rings."""
        values = np.arange(WINDOW // 16, WINDOW // 2 + 1)  # in a ring, in proportion
        real, made = (values @ power[:, 1:].sum(axis=1) for power in self)
        return float(made / real)

    def row(self, photo: str, measured: str) -> Row:
        off = np.abs(self.decibels)
        where: Row = {"photo": photo, "measured on": measured}
        return where | {"worst ring dB": float(off.max()), "rings dB": float(off.mean()), "variance": self.variance}


def is_smooth(piece: np.ndarray, least: float, most: float) -> bool:
    """Whether a piece (SIDE, SIDE, 3) of a photo is grain on light and shade and hardly anything else.

    It is neither dark nor light nor clipped, and the brightness less a surface of second degree has a deviation between
    `least` and `most`, less than half of which a Gaussian of 4 px leaves (no waves), is as strong in all four quarters
    and in every direction to a factor of 2, and has nothing that stands out by 6 robust deviations (cracks, dust).
    """
    if not _is_lit(piece):
        return False
    rest = shadeless(piece) @ LUMA
    quarters = rest.reshape(2, SIDE // 2, 2, SIDE // 2).var(axis=(1, 3))
    directions = np.linalg.eigvalsh(np.cov(np.stack([slope.ravel() for slope in np.gradient(rest)])))
    return bool(
        least < rest.std() < most
        and cv2.GaussianBlur(rest, (0, 0), 4).std() < rest.std() / 2
        and quarters.max() < 2 * quarters.min()
        and directions[1] < 2 * directions[0]
        and np.abs(rest).max() < 6 * 1.4826 * np.median(np.abs(rest))
    )


def _is_lit(piece: np.ndarray) -> bool:
    return 0.1 < (piece @ LUMA).mean() < 0.9 and ((piece <= 0) | (piece >= 1)).mean() < 0.01


def shadeless(piece: np.ndarray) -> np.ndarray:
    """A piece (H, W, C) less the surface of second degree that fits it best."""
    basis = _surfaces(*piece.shape[:2])
    flat = piece.reshape(len(basis), -1)
    return (flat - basis @ (basis.T @ flat)).reshape(piece.shape)


@cache
def _surfaces(height: int, width: int) -> np.ndarray:
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.linalg.qr(np.stack([np.ones_like(x), y, x, y * y, x * x, x * y], axis=2).reshape(-1, 6))[0]


def photos(data: Path, quick: bool) -> Iterator[tuple[str, np.ndarray, list[Crop]]]:
    """Each photo that has smooth crops, with at most _MOST of them."""
    for file in sorted((data / "real_noise_nam" / "noisy").iterdir())[:: 4 if quick else 1]:
        noisy, clean = read(file), read(data / "real_noise_nam" / "gt" / file.name.replace("noise", "gt"))
        found = camera_crops(noisy, clean)
        if found:
            yield f"camera {file.stem[:2]}", noisy, found
    for folder in ("old_faded", "old_scratched"):
        for file in sorted((data / folder).iterdir())[:: 3 if quick else 1]:
            photo = read(file)
            found = old_crops(photo)
            if found:
                yield f"{folder[4:]} {file.stem}", photo, found


def camera_crops(noisy: np.ndarray, clean: np.ndarray) -> list[Crop]:
    """Smooth crops of a noisy photo where the clean one is less than half as strong as the noise."""
    found = [Crop(noisy[where], clean[where]) for where in smooth_places(noisy)]
    return _some([one for one in found if (shadeless(one.base) @ LUMA).std() < (one.grain @ LUMA).std() / 2])


def old_crops(photo: np.ndarray) -> list[Crop]:
    """Smooth crops of a photo of which there is no clean one."""
    pieces = [photo[where] for where in smooth_places(photo)]
    return _some([Crop(one, (one - shadeless(one)).astype(np.float32)) for one in pieces])


def smooth_places(photo: np.ndarray) -> list[tuple[slice, slice]]:
    """Where pieces are smooth: of 1 to 10 of 255, and at most twice that of the smoothest fiftieth of lit pieces."""
    step = SIDE // 2
    corners = [(y, x) for y in range(0, len(photo) - SIDE + 1, step) for x in range(0, photo.shape[1] - SIDE + 1, step)]
    places = [(slice(y, y + SIDE), slice(x, x + SIDE)) for y, x in corners]
    places = [where for where in places if _is_lit(photo[where])]
    if not places:
        return []
    quiet = float(np.quantile([(shadeless(photo[where]) @ LUMA).std() for where in places], 0.02))
    return [where for where in places if is_smooth(photo[where], 1 / 255, min(10 / 255, 2 * quiet))]


def _some(found: list[Crop]) -> list[Crop]:
    return [found[number] for number in np.unique(np.linspace(0, len(found) - 1, _MOST).astype(int))] if found else []


def compare(crop: Crop, grain: film.Film) -> Spectra:
    """The crop's grain and grain like `grain` put on the crop without."""
    made = [film.put(crop.base, grain, slice(None), seed, Progress()) - crop.base for seed in range(_SEEDS)]
    return Spectra(_spectra(crop.grain), np.mean([_spectra(shadeless(one)) for one in made], axis=0))


def pooled(some: list[Spectra]) -> Spectra:
    """The mean over crops of a photo."""
    return Spectra(np.mean([one.real for one in some], axis=0), np.mean([one.made for one in some], axis=0))


def _spectra(grain: np.ndarray) -> np.ndarray:
    return np.stack([spectrum(grain @ axis) for axis in (LUMA, *np.eye(3))], axis=1)


def spectrum(grain: np.ndarray) -> np.ndarray:
    """The mean power of a piece (H, W) in rings from 1/16 to 1/2 cycles/px, by windows of WINDOW px."""
    line = np.hanning(WINDOW + 1)[:-1]
    pieces = np.lib.stride_tricks.sliding_window_view(grain, (WINDOW, WINDOW))[:: WINDOW // 2, :: WINDOW // 2]
    power = (np.abs(np.fft.fft2(pieces.reshape(-1, WINDOW, WINDOW) * np.outer(line, line))) ** 2).mean(axis=0)
    side = np.fft.fftfreq(WINDOW)
    ring = np.round(np.hypot(side[:, None], side[None]) * WINDOW).astype(int).ravel()
    return (np.bincount(ring, power.ravel()) / np.bincount(ring))[WINDOW // 16 : WINDOW // 2 + 1]


def measure(data: Path, quick: bool) -> list[Row]:
    """How far the spectra of made and real brightness are apart, dB, and the made variance as a share of the real one:
    a row for each crop on which alone grain was measured, and one for all crops of each photo that was measured as a
    whole; then medians, and shares within 1 dB and 10 %."""
    rows: list[Row] = []
    for name, photo, crops in photos(data, quick):
        whole = film_measure.measure(photo)
        rows += [compare(crop, film_measure.measure(crop.seen)).row(name, "crop") for crop in crops]
        rows.append(pooled([compare(crop, whole) for crop in crops]).row(name, "photo"))
    kinds = [(kind, place) for place in ("crop", "photo") for kind in ("camera", "faded", "scratched")]
    return rows + [row for kind, place in kinds for row in _summary(kind, place, rows)]


def _summary(kind: str, place: str, rows: list[Row]) -> list[Row]:
    """A row of medians, and one of shares within; none without such rows."""
    some = [row for row in rows if str(row["photo"]).startswith(kind) and row["measured on"] == place]
    if not some:
        return []
    columns = {name: np.array([row[name] for row in some], float) for name in list(some[0])[2:]}
    fine = {name: np.abs(found - 1) < 0.1 if name == "variance" else found < 1 for name, found in columns.items()}
    title: Row = {"photo": f"{kind}, {len(some)}", "measured on": place}
    return [
        {**title, **{name: float(np.median(found)) for name, found in columns.items()}, "what": "median"},
        {**title, **{name: float(found.mean()) for name, found in fine.items()}, "what": "share within 1 dB, 10 %"},
    ]
