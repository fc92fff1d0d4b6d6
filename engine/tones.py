"""Tones: what a net must leave as it was while it cleans, and whether a photo has but one."""

import cv2
import numpy as np

from engine.image import LUMA, Image
from engine.progress import Progress

_CELL, _REACH = 8, 16  # px, grid and deviation of the window in which brightness is kept
_BAND = 32 * _CELL  # rows in which it is put back
_LOOKED_AT = 128  # px of the longer side from which the tone of a photo is read
_STRAY = 0.016  # deviation, 0..1, that colours of a photo of one tone may have from those that its brightness tells


def keep_mean(image: np.ndarray, restored: np.ndarray, sigma: float, progress: Progress) -> None:
    """Gives `restored`, in place, the brightness and tint that the image has on the whole: means over some 16 px.

    Told a level that is not the true one, a net without biases shifts them by a share of it. What the mean of noise of
    level `sigma` may be by chance stays as restored, and so do the darkest and lightest tones, where clipping has
    shifted the image's own mean. Works in bands: a huge photo needs no second one.
    """
    tops = range(0, image.shape[0], _BAND)
    cells: list[np.ndarray] = []
    for top in progress.part(0, 0.5).each(tops):
        before, after = image[top : top + _BAND], restored[top : top + _BAND]
        trusted = ((after > 2 * sigma) & (after < 1 - 2 * sigma)).astype(np.float32)
        cells.append(np.concatenate((_by_cell(trusted * (before - after)), _by_cell(trusted)), axis=2))
    means = cv2.GaussianBlur(np.concatenate(cells), (0, 0), _REACH / _CELL)
    shift = means[..., :3] / (means[..., 3:] + 0.05)
    chance = 3 * sigma / (2 * np.sqrt(np.pi) * _REACH)  # deviation of the mean under a Gaussian window, three times
    shift = np.sign(shift) * np.maximum(np.abs(shift) - chance, 0)
    shift = np.pad(shift, ((1, 1), (1, 1), (0, 0)), mode="edge")
    for top in progress.part(0.5, 1).each(tops):
        after = restored[top : top + _BAND]
        rows = shift[top // _CELL : (top + _BAND) // _CELL + 2]
        full = cv2.resize(rows, None, fx=_CELL, fy=_CELL, interpolation=cv2.INTER_LINEAR)
        after += full[_CELL : _CELL + len(after), _CELL : _CELL + after.shape[1]]
        np.clip(after, 0, 1, out=after)


def _by_cell(band: np.ndarray) -> np.ndarray:
    """Means over cells of 8 x 8 px; those cut off at the border repeat its pixels. (H / 8, W / 8, C)"""
    height, width = band.shape[:2]
    band = cv2.copyMakeBorder(band, 0, -height % _CELL, 0, -width % _CELL, cv2.BORDER_REPLICATE)
    return cv2.resize(band, None, fx=1 / _CELL, fy=1 / _CELL, interpolation=cv2.INTER_AREA)


def is_toned(image: Image) -> bool:
    """Whether a photo is black and white, sepia or of another single tone: its colours follow from its brightness."""
    factor = max(1, max(image.shape[:2]) // _LOOKED_AT)
    size = (max(1, image.shape[1] // factor), max(1, image.shape[0] // factor))
    colours = cv2.resize(image, size, interpolation=cv2.INTER_AREA).reshape(-1, 3)
    light = colours @ LUMA
    powers = np.stack((np.ones_like(light), light, light * light), axis=1)
    stray = colours - powers @ np.linalg.lstsq(powers, colours, rcond=None)[0]
    return float(np.sqrt(np.square(stray).mean())) < _STRAY
