"""What the bilateral filter must do: smooth within edges."""

import numpy as np

from engine.image import frozen
from engine.operation import Step, apply
from engine.operations.bilateral import Bilateral


def test_noise_goes_and_the_edge_stays() -> None:
    clean = np.full((64, 64, 3), 0.2, np.float32)
    clean[:, 32:] = 0.8
    noise = np.random.default_rng(0).normal(0, 10 / 255, clean.shape)
    result = apply(Step(Bilateral(radius=2.0, strength=20.0)), frozen((clean + noise).astype(np.float32)))
    rest = result - clean
    assert rest[:, :30].std() < 0.4 * noise.std()
    assert np.abs(rest[:, 31:33]).mean() < noise.std()


def test_strength_0_gives_the_input() -> None:
    image = frozen(np.random.default_rng(0).random((20, 20, 3)).astype(np.float32))
    assert np.array_equal(apply(Step(Bilateral(strength=0.0)), image), image)


def test_fine_steps_of_16_bits_survive() -> None:
    ramp = frozen(np.repeat(np.linspace(0.5, 0.502, 80, dtype=np.float32)[None, :, None], 20, 0).repeat(3, 2))
    result = apply(Step(Bilateral()), ramp)
    assert (np.diff(result[10, 8:-8, 0]) > 0).all()
