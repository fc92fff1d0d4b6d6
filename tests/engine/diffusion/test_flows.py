"""What every smoothing flow keeps: the range of the pixels and their mean; and what falls: the total variation."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from engine.diffusion import edge_enhancing, perona_malik, total_variation
from engine.diffusion.evolving import count, variation

SIGMA = 25 / 255
FLOWS: dict[str, Callable[[np.ndarray], Iterator[np.ndarray]]] = {
    "perona-malik": lambda planes: perona_malik.flow(planes, 0.7 * SIGMA, 4.0),
    "edge-enhancing": lambda planes: edge_enhancing.flow(planes, 0.35 * SIGMA, 4.0),
    "total-variation": lambda planes: total_variation.flow(planes, SIGMA),
}
each_flow = pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS.keys())


def planes(channels: int = 3, noise: float = SIGMA) -> np.ndarray:
    """A disc, slanted stripes and a shading with noise; not clipped. (C, 60, 80)"""
    y, x = np.mgrid[:60, :80].astype(np.float32)
    clean = 0.2 + 0.3 * x / 80 + 0.3 * ((y - 30) ** 2 + (x - 25) ** 2 < 300) + 0.2 * (np.sin(0.4 * x + 0.15 * y) > 0)
    shades = np.linspace(1, 0.6, channels, dtype=np.float32)[:, None, None]
    return (clean * shades + np.random.default_rng(0).normal(0, noise, (channels, 60, 80))).astype(np.float32)


@each_flow
@pytest.mark.parametrize("channels", [1, 3])
def test_no_pixel_leaves_the_range_of_the_picture(flow: Callable, channels: int) -> None:
    start = planes(channels)
    low, high = start.min(axis=(1, 2)), start.max(axis=(1, 2))
    for now in flow(start):
        assert (now.min(axis=(1, 2)) >= low - 1e-6).all()
        assert (now.max(axis=(1, 2)) <= high + 1e-6).all()


@each_flow
def test_the_mean_stays(flow: Callable) -> None:
    start = planes()
    for now in flow(start):
        assert np.abs(now.mean(axis=(1, 2), dtype=np.float64) - start.mean(axis=(1, 2), dtype=np.float64)).max() < 1e-5


@pytest.mark.parametrize("flow", [flow for name, flow in FLOWS.items() if name != "total-variation"])  # its own test
@pytest.mark.parametrize("channels", [1, 3])
def test_the_total_variation_falls_at_every_step(flow: Callable, channels: int) -> None:
    energies = [variation(planes(channels)), *(variation(now) for now in flow(planes(channels)))]
    assert len(energies) > 10
    assert all(after < before * (1 + 1e-6) for before, after in zip(energies, energies[1:], strict=False))
    assert energies[-1] < 0.5 * energies[0]


@each_flow
def test_rows_and_columns_flow_alike(flow: Callable) -> None:
    *_, last = flow(planes())
    *_, other = flow(np.ascontiguousarray(planes().transpose(0, 2, 1)))
    assert np.abs(other.transpose(0, 2, 1) - last).max() < 1e-4


@each_flow
def test_what_it_is_given_stays_as_it_is(flow: Callable) -> None:
    start = planes()
    list(flow(start))
    assert np.array_equal(start, planes())


def test_variation_of_a_step_is_its_height_times_its_length() -> None:
    step = np.zeros((2, 10, 12), np.float32)
    step[0, :, 5:] = 3
    step[1, :, 5:] = 4
    assert variation(step) == pytest.approx(50)


@pytest.mark.parametrize(("time", "steps"), [(0.0, 1), (0.1, 1), (0.2, 1), (0.21, 2), (2.0, 10), (30.0, 150)])
def test_steps_are_never_longer_than_allowed(time: float, steps: int) -> None:
    assert count(time, 0.2) == steps
