"""Grain is strongest at mid-grey, keeps brightness, looks like what was told, and comes back after cleaning."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from engine.document import Document
from engine.image import Image, frozen, is_grey
from engine.operation import Step, apply
from engine.operations.grain import Grain
from engine.operations.median import Median

GIVEN = Grain(match=False, sigma=6, size=1.5, colour=0.3)


def flat(level: float, side: int = 200) -> Image:
    return frozen(np.full((side, side, 3), level, np.float32))


def strength(operation: Grain, level: float) -> float:
    return float((apply(Step(operation), flat(level)) - np.float32(level)).std() * 255)


def test_it_is_as_strong_as_told_at_mid_grey_and_fades_in_black_and_white() -> None:
    found = [strength(GIVEN, level) for level in (0.0, 0.03, 0.2, 0.5, 0.8, 0.97, 1.0)]
    assert found[3] == pytest.approx(6, rel=0.03)
    assert found[0] == found[6] == 0
    assert found[:4] == sorted(found[:4]) and found[3:] == sorted(found[3:], reverse=True)
    assert strength(replace(GIVEN, amount=0.5), 0.5) == pytest.approx(3, rel=0.03)


@pytest.mark.parametrize("level", [0.01, 0.05, 0.5, 0.99])
def test_brightness_stays_on_average(level: float) -> None:
    assert apply(Step(replace(GIVEN, sigma=20, size=0.5)), flat(level)).mean() == pytest.approx(level, abs=0.0006)


@pytest.mark.parametrize("size", [0.5, 2.0, 8.0])
def test_size_is_where_the_correlation_has_fallen_to_a_third(size: float) -> None:
    noise = apply(Step(replace(GIVEN, size=size)), flat(0.5, 512))[..., 1] - 0.5
    power = np.fft.ifft2(np.abs(np.fft.fft2(noise)) ** 2).real
    line = (power[0] + power[:, 0])[:64] / (2 * power[0, 0])
    length = float(np.interp(-1 / np.e, -line[: line.argmin()], np.arange(line.argmin())))
    assert length == pytest.approx(max(0.7, size), rel=0.12)  # the pixels' own correlation is a triangle


@pytest.mark.parametrize("colour", [0.0, 0.4, 1.0])
def test_colour_is_how_independent_the_channels_are(colour: float) -> None:
    nearly_grey = frozen(flat(0.5) + np.array([0, 0, 0.01], np.float32))
    noise = apply(Step(replace(GIVEN, colour=colour)), nearly_grey).reshape(-1, 3)
    assert np.corrcoef(noise.T)[0, 1:] == pytest.approx([1 - colour] * 2, abs=0.05)


def test_grey_photos_stay_grey_and_get_all_of_it() -> None:
    result = apply(Step(replace(GIVEN, colour=1.0)), flat(0.5))
    assert is_grey(result)
    assert result.std() * 255 == pytest.approx(6, rel=0.03)


def test_each_seed_has_its_own_grain() -> None:
    one, other = (apply(Step(replace(GIVEN, seed=seed)), flat(0.5)) - 0.5 for seed in (1, 2))
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.05


def test_grain_that_was_cleaned_away_comes_back_as_it_was() -> None:
    y, x = np.mgrid[:200, :240].astype(np.float32) / 240
    photo = np.stack([0.3 + 0.4 * x, 0.4 + 0.2 * y, 0.6 - 0.2 * x], axis=2)
    grainy = apply(Step(Grain(match=False, sigma=9, size=1.2, colour=0.2)), frozen(photo))
    document = Document(grainy).then(Step(Median(size=9)))
    cleaned = document.render()
    assert rest(cleaned).std() < 0.35 * rest(grainy).std()
    again = document.then(Step(Grain())).render()
    assert rest(again).std() == pytest.approx(rest(grainy).std(), rel=0.1)
    settled = document.told(Grain())
    assert (settled.sigma, settled.size) == pytest.approx((9, 1.2), rel=0.05)  # type: ignore[attr-defined]


def rest(image: Image) -> np.ndarray:
    """What a Gaussian of 3 px takes away."""
    return image - ndimage.gaussian_filter(image, (3, 3, 0))
