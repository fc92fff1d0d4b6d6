"""What blur kernels are: even, whole, and as wide as told."""

import numpy as np
import pytest

from engine.diffusion import kernels


def spread(kernel: np.ndarray) -> tuple[float, float, float]:
    """Second moments down, across and mixed, px^2."""
    axis = np.arange(len(kernel)) - len(kernel) // 2
    y, x = axis[:, None], axis[None]
    return float((kernel * y * y).sum()), float((kernel * x * x).sum()), float((kernel * y * x).sum())


@pytest.mark.parametrize(
    "kernel",
    [
        *(kernels.gaussian(size) for size in (0.3, 1.6, 8.0)),
        *(kernels.disc(size) for size in (0.3, 1.0, 2.5, 12.0)),
        *(kernels.motion(size, angle) for size in (0.3, 5.0, 30.0) for angle in (-90, -33, 0, 45)),
    ],
)
def test_is_odd_positive_whole_and_the_same_turned_around(kernel: np.ndarray) -> None:
    assert len(kernel) % 2 == 1 and kernel.dtype == np.float32
    assert kernel.min() >= 0 and kernel.sum() == pytest.approx(1)
    assert np.allclose(kernel, kernel[::-1, ::-1], atol=1e-6)


@pytest.mark.parametrize("sigma", [0.8, 2.0, 5.0])
def test_a_gaussian_has_its_deviation(sigma: float) -> None:
    assert spread(kernels.gaussian(sigma))[0] == pytest.approx(sigma**2, rel=0.02)


@pytest.mark.parametrize("radius", [1.0, 2.5, 9.0])
def test_a_disc_has_its_radius(radius: float) -> None:
    # a disc's variance along an axis is a quarter of its squared radius; a pixel adds a twelfth
    assert spread(kernels.disc(radius))[1] == pytest.approx(radius**2 / 4, abs=0.1 + 0.06 * radius)


@pytest.mark.parametrize("angle", [0.0, 30.0, 45.0, 90.0, -60.0])
def test_a_line_lies_at_its_angle_and_has_its_length(angle: float) -> None:
    down, across, mixed = spread(kernels.motion(24, angle))
    assert down + across == pytest.approx(24**2 / 12, rel=0.03)
    turned = np.rad2deg(np.arctan2(-2 * mixed, across - down)) / 2  # rows go down, angles up
    assert np.abs((turned - angle + 90) % 180 - 90) < 1


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, -60.0])
def test_a_straight_drawn_line_is_the_one_that_is_told(angle: float) -> None:
    turn = np.deg2rad(angle)
    drawn = kernels.drawn([(3, 5), (3 + 12 * np.cos(turn), 5 - 12 * np.sin(turn))])
    assert len(drawn) % 2 == 1 and drawn.dtype == np.float32 and drawn.sum() == pytest.approx(1)
    assert spread(drawn) == pytest.approx(spread(kernels.motion(12, angle)), abs=0.3)


def test_a_drawn_line_keeps_its_form_and_moves_nothing() -> None:
    kernel = kernels.drawn([(0, 0), (10, 0), (10, 6)])  # to the right, then down
    side = len(kernel) // 2
    axis = np.arange(-side, side + 1)
    assert abs((kernel * axis).sum()) < 1e-5 and abs((kernel * axis[:, None]).sum()) < 1e-5
    y, x = np.nonzero(kernel > 0.01)
    assert np.ptp(x) in (10, 11) and np.ptp(y) in (6, 7)
    assert kernel[: y.min() + 2, :side].sum() > 0.35 > 0.05 > kernel[y.max() - 1 :, :side].sum()
    assert kernels.drawn([]).shape == kernels.drawn([(3, 4)]).shape == (1, 1)
