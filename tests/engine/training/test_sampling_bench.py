"""The bench of samplers: what its words mean, and how often a sample is taken for what it is to be."""

import numpy as np
import pytest

from engine.training.encoder import Encoded
from engine.training.materials import MATERIALS
from tests.benchmarks import bench, sampling


def test_a_word_means_its_measurements() -> None:
    assert bench.chosen("sampling") == ["sampling", "sampling of patches", "sampling of holes", "sampling of grain"]
    assert bench.chosen("fill") == ["fill"] and not bench.chosen("fil")


def test_samples_are_judged_by_what_was_asked_for_and_real_crops_by_what_they_are() -> None:
    random = np.random.default_rng(0)
    kinds = len(MATERIALS)

    def pictures(labels: np.ndarray) -> np.ndarray:
        made = random.integers(0, 255, (len(labels), 64, 64, 3), np.uint8)
        made[:, 0, 0, 0] = labels
        return made

    def encode(images: np.ndarray) -> Encoded:
        return Encoded(images[:, 1:4, 1:4].reshape(len(images), -1) / 255, np.eye(kinds)[images[:, 0, 0, 0]])

    labels = random.integers(0, kinds, 64)
    seen = np.where(np.arange(64) < 16, (labels + 1) % kinds, labels)  # a quarter is taken for something else
    sampler = sampling.Sampler(
        lambda count, _seed: pictures(np.arange(count) % kinds), pictures(np.zeros(128, int)), pictures(seen), labels
    )
    made, real = sampling.score("textures-gan", sampler, encode, 64)
    assert (made["samples"], real["samples"]) == ("made", "real")
    assert made["right %"] == 100 and real["right %"] == pytest.approx(75)
