"""The metrics of samplers know a good sampler from one that collapsed, one that copies and one that is off."""

import numpy as np
import pytest

from engine.training import sampling_metrics as metrics


def cloud(count: int, seed: int, dimensions: int = 16) -> np.ndarray:
    """Features of two kinds of things."""
    random = np.random.default_rng(seed)
    points = random.standard_normal((count, dimensions))
    points[:, 0] += 4 * (random.random(count) < 0.5)
    return points.astype(np.float32)


def collapsed(count: int, kinds: int = 12) -> np.ndarray:
    """Always the same few things, hardly varied."""
    random = np.random.default_rng(9)
    return cloud(kinds, 5)[random.integers(kinds, size=count)] + 1e-3 * cloud(count, 6)


REAL, HELD, GOOD = cloud(1000, 0), cloud(1000, 1), cloud(1000, 2)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_coverage_of_the_same_distribution_is_known(k: int) -> None:
    found = metrics.fidelity(REAL, GOOD, k)
    assert found.coverage == pytest.approx(1 - 0.5**k, abs=0.04)
    assert found.density == pytest.approx(1, abs=0.1)


def test_density_and_coverage_tell_what_is_missing_and_what_is_off() -> None:
    one_kind = GOOD[GOOD[:, 0] < 2]
    assert metrics.fidelity(REAL, one_kind).coverage < 0.6
    assert metrics.fidelity(REAL, one_kind).density > 0.8
    assert metrics.fidelity(REAL, collapsed(1000)).coverage < 0.15
    assert metrics.fidelity(REAL, GOOD + 10) == (0, 0)


def test_density_and_coverage_by_hand() -> None:
    real, made = np.array([[0.0], [1.0], [3.0]]), np.array([[0.5], [10.0]])
    # balls of radius 1, 1 and 2: the first made sample lies in two of them, the second in none
    assert metrics.fidelity(real, made, k=1) == (1.0, pytest.approx(2 / 3))


def test_bins_differ_as_often_as_the_test_errs_or_nearly_all() -> None:
    assert metrics.different_bins(REAL, GOOD, 50) < 0.16
    assert metrics.different_bins(REAL, collapsed(1000), 50) > 0.7
    lopsided = np.concatenate([GOOD[GOOD[:, 0] < 2], GOOD[GOOD[:, 0] >= 2][:100]])
    assert metrics.different_bins(REAL, lopsided, 50) > 0.3
    assert metrics.different_bins(REAL, GOOD, 50) == metrics.different_bins(REAL, GOOD, 50)


def test_bins_of_two_clusters_by_hand() -> None:
    real = np.repeat([[0.0], [10.0]], 100, axis=0)
    shares = {60: 0.0, 70: 1.0}  # of 100: z = 1.64 and z = 3.29, each against a half of 200
    for share, answer in shares.items():
        made = np.repeat([[0.0], [10.0]], [share, 100 - share], axis=0)
        assert metrics.different_bins(real, made, 2) == answer


def test_kernel_distance_is_that_of_a_double_loop() -> None:
    real, made = cloud(13, 0, 6), cloud(9, 1, 6) + 0.5

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.dot(a.astype(float), b.astype(float)) / 6 + 1) ** 3

    def mean(one: np.ndarray, other: np.ndarray) -> float:
        pairs = [(i, j) for i in range(len(one)) for j in range(len(other)) if one is not other or i != j]
        return sum(kernel(one[i], other[j]) for i, j in pairs) / len(pairs)

    direct = mean(real, real) + mean(made, made) - 2 * mean(real, made)
    assert metrics.kernel_distance(real, made) == pytest.approx(direct, rel=1e-9)


def test_kernel_distance_has_no_bias() -> None:
    found = [metrics.kernel_distance(cloud(60, 2 * seed), cloud(60, 2 * seed + 1)) for seed in range(60)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))
    assert min(found) < 0  # a biased one never is
    assert metrics.kernel_distance(REAL, GOOD + 0.5) > 10 * abs(metrics.kernel_distance(REAL, GOOD))


def test_mean_distance_by_hand_and_of_a_collapsed_sampler() -> None:
    assert metrics.mean_distance(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]])) == pytest.approx(10 / 3)
    assert metrics.mean_distance(GOOD) == pytest.approx(metrics.mean_distance(REAL), rel=0.03)


def test_birthdays_betray_a_collapsed_sampler() -> None:
    assert metrics.birthday(REAL, GOOD).ratio == pytest.approx(1, abs=0.15)
    assert metrics.birthday(REAL, collapsed(1000)).ratio < 0.02
    assert metrics.birthday(REAL, collapsed(1000)).nearest < 0.01
    assert metrics.birthday(REAL, collapsed(1000, 100_000)).ratio == pytest.approx(1, abs=0.15)


def test_copies_of_training_samples_are_noticed() -> None:
    assert metrics.memorised(GOOD, REAL, HELD) == pytest.approx(1, abs=0.05)
    assert metrics.memorised(REAL[::-1][:300] + 0.01 * GOOD[:300], REAL, HELD) < 0.05
    assert metrics.memorised(HELD, REAL, HELD) > 100


def test_classes_that_occur_are_counted() -> None:
    assert metrics.effective_classes(np.eye(8)) == pytest.approx(8)
    assert metrics.effective_classes(np.eye(8)[[0, 0, 1, 1]]) == pytest.approx(2)


def pictures(count: int, seed: int, coarse: int = 8, fine: float = 0.1) -> np.ndarray:
    """Noise in squares of `coarse` px, and finer noise on it."""
    random = np.random.default_rng(seed)
    squares = np.kron(random.random((count, 64 // coarse, 64 // coarse, 3)), np.ones((1, coarse, coarse, 1)))
    return (255 * np.clip(squares + fine * random.standard_normal(squares.shape), 0, 1)).astype(np.uint8)


def test_sliced_wasserstein_is_small_for_the_same_and_tells_the_level_that_is_off() -> None:
    real, good = pictures(64, 0), pictures(64, 1)
    same = metrics.sliced_wasserstein(real, good)
    assert len(same) == 3  # 64, 32 and 16 px
    assert max(same) < 0.06
    blocky = metrics.sliced_wasserstein(real, pictures(64, 2, coarse=32))
    assert blocky[2] > 3 * same[2]
    clean = metrics.sliced_wasserstein(real, pictures(64, 1, fine=0))
    assert clean[0] > 1.5 * same[0] and clean[2] < 1.1 * same[2]
