"""What our own encoder of materials sees in pictures, and how samples compare with what is real by it."""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from engine import models
from engine.nets.trunk import Classifier
from engine.training import sampling_metrics

NAME = "materials-encoder"
_BATCH = 256
_PER_BIN = 20  # samples for each bin of NDB, at least


class Encoded(NamedTuple):
    """Pictures as the encoder sees them."""

    features: np.ndarray  # (n, 128)
    classes: np.ndarray  # (n, classes), probabilities


@torch.no_grad()
def encode(images: np.ndarray) -> Encoded:
    """Pictures uint8 (n, H, W, 3) by the shipped encoder. Raises RestoreError where its weights are missing."""
    threads = torch.get_num_threads()
    net, device, _ = models.load(NAME, precise=True).net()
    torch.set_num_threads(threads)  # models take as many as are good for them; a training goes on as it began
    return encode_with(net, images, device)


@torch.no_grad()
def encode_with(net: nn.Module, images: np.ndarray, device: str | torch.device = "cpu") -> Encoded:
    """The same by any classifier."""
    assert isinstance(net, Classifier)
    features: list[np.ndarray] = []
    classes: list[np.ndarray] = []
    for start in range(0, len(images), _BATCH):
        batch = torch.from_numpy(images[start : start + _BATCH]).permute(0, 3, 1, 2).to(device).float() / 255
        seen = net.features(batch)
        features.append(seen.cpu().numpy())
        classes.append(net.last(seen).softmax(1).cpu().numpy())
    return Encoded(np.concatenate(features), np.concatenate(classes))


def compare(images: Encoded, learned: Encoded, held: Encoded) -> dict[str, float]:
    """Every metric of samples, beside what was learned from and what is held out; see `sampling_metrics`."""
    found, train, real = images.features, learned.features, held.features
    density, coverage = sampling_metrics.fidelity(real, found)
    birthday = sampling_metrics.birthday(real, found)
    return {
        "density": density,
        "coverage": coverage,
        "NDB/K": sampling_metrics.different_bins(train, found, min(100, len(found) // _PER_BIN)),
        "KID": sampling_metrics.kernel_distance(real, found),
        "distance": sampling_metrics.mean_distance(found),
        "nearest of 64": birthday.nearest,
        "to real": birthday.ratio,
        "train/held": sampling_metrics.memorised(found, train, real),
        "classes": sampling_metrics.effective_classes(images.classes),
    }
