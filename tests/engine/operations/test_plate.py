"""What plates promise: any size, seeded, the statistics that they are named for."""

import numpy as np
import pytest

from engine.errors import RestoreError
from engine.image import Image, frozen, is_grey
from engine.operation import Step, apply
from engine.operations import plate as plate_module
from engine.operations.plate import Plate
from engine.progress import Progress

KINDS = ["noise", "uniform", "clouds", "linear", "radial", "leaves"]


def plate(height: int = 96, width: int = 128, **values: object) -> Image:
    return apply(Step(Plate(**values)), frozen(np.zeros((height, width, 3), np.float32)))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (300, 7), (8, 3000)])
def test_any_size(kind: str, shape: tuple[int, int]) -> None:
    result = plate(*shape, kind=kind)
    assert result.shape == (*shape, 3)
    assert np.isfinite(result).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides(kind: str) -> None:
    assert np.array_equal(plate(kind=kind, seed=4), plate(kind=kind, seed=4))
    assert np.abs(plate(kind=kind, seed=4) - plate(kind=kind, seed=5)).mean() > 0.01


@pytest.mark.parametrize("kind", ["clouds", "linear", "radial", "leaves"])
@pytest.mark.parametrize("seed", range(4))
def test_the_seed_decides_the_colours_at_any_size(kind: str, seed: int) -> None:
    def tint(picture: Image) -> np.ndarray:
        mean = picture.mean(axis=(0, 1))
        return mean / mean.sum()

    small, large = tint(plate(128, 128, kind=kind, seed=seed)), tint(plate(300, 500, kind=kind, seed=seed))
    assert np.abs(small - large).max() < 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_colourful_or_grey(kind: str) -> None:
    assert not is_grey(plate(kind=kind))
    assert is_grey(plate(kind=kind, colourful=False))


@pytest.mark.parametrize("kind", KINDS)
def test_contrast_is_felt(kind: str) -> None:
    low, high = (plate(kind=kind, colourful=False, contrast=contrast).std() for contrast in (0.15, 0.9))
    assert high > 2 * low


def test_what_was_there_has_no_influence() -> None:
    other = frozen(np.random.default_rng(0).random((96, 128, 3)).astype(np.float32))
    assert np.array_equal(apply(Step(Plate()), other), plate())


@pytest.mark.parametrize("slope", [0.8, 1.4, 2.0])
def test_clouds_fall_off_as_told(slope: float) -> None:
    size, window = 256, np.hanning(256)
    falls: list[float] = []
    for seed in range(4):
        picture = plate(size, size, kind="clouds", slope=slope, scale=256.0, seed=seed, contrast=0.3, colourful=False)
        power = np.abs(np.fft.fft2((picture[..., 0] - picture.mean()) * window[:, None] * window)) ** 2
        frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.fftfreq(size))
        bands = [(2.0**-k, 2.0 ** (1 - k)) for k in (6, 5, 4, 3)]
        levels = [np.log2(power[(frequency >= low) & (frequency < high)].mean()) / 2 for low, high in bands]
        falls.append(-np.polyfit(range(4), levels, 1)[0])
    assert np.mean(falls) == pytest.approx(slope, abs=0.3)


@pytest.mark.parametrize("kind", ["noise", "uniform"])
def test_noise_is_white(kind: str) -> None:
    rest = plate(128, 128, kind=kind) - 0.5
    assert abs((rest[:, 1:] * rest[:, :-1]).mean()) < 0.03 * (rest**2).mean()
    assert abs(rest.mean()) < 0.01


def test_gradients_have_the_chosen_colours_and_no_steps() -> None:
    result = plate(200, 200, kind="linear", first="#ff8000", second="#000000", seed=3)
    assert result.max() == pytest.approx(1, abs=0.02) and result.min() == pytest.approx(0, abs=0.02)
    assert np.allclose(result[..., 1], result[..., 0] * 128 / 255, atol=1e-3)
    assert np.abs(np.diff(result, axis=1)).max() < 0.02
    with pytest.raises(RestoreError, match="#rrggbb"):
        plate(kind="linear", first="orange")


def test_leaves_are_opaque_shapes_of_many_sizes() -> None:
    result = plate(256, 256, kind="leaves", contrast=1.0, scale=64.0, colourful=False)[..., 0]
    steps = np.abs(np.diff(result, axis=1))
    assert 0.02 < (steps > 0.15).mean() < 0.4  # edges here and there
    assert np.median(steps) < 0.06  # and quiet surfaces between them


@pytest.mark.parametrize("scale", [2.0, 16.0, 4096.0])
def test_leaves_cost_no_more_however_small(scale: float) -> None:
    reports: list[float] = []
    image = frozen(np.zeros((160, 160, 3), np.float32))
    result = apply(Step(Plate(kind="leaves", scale=scale)), image, Progress(reports.append))
    assert result.std() > 0.05
    leaves = plate_module._scatter(4000, 4000, scale, np.random.default_rng(0))
    assert len(leaves) <= 1_000_000
    assert np.pi * (leaves[:, 2] ** 2 * leaves[:, 3]).sum() / 4000**2 > 3  # and still they cover what is there
    here = plate_module._scatter(160, 160, scale, np.random.default_rng(0))
    assert len(reports) > len(here) / 25_000
