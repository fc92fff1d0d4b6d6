"""How good a sampler is: whether what it makes looks real, is as varied as what is real, and is not copied."""

from typing import NamedTuple

import numpy as np
import torch
from scipy.spatial import distance
from scipy.special import ndtr
from torch import Tensor
from torch.nn import functional as F

_ROUNDS = 50  # of k-means, at most
_GROUP = 64  # samples among which the nearest pair is looked for
_PATCH = 7  # px, side of the descriptors of the sliced Wasserstein distance
_PATCHES = 64  # of each image
_PROJECTIONS = 256
_SMALLEST = 16  # px, side of the coarsest level of a pyramid


class Fidelity(NamedTuple):
    """How near what is made lies to what is real, and how much of what is real it reaches."""

    density: float  # 1 for the same distribution, more where it keeps to the middle; may exceed 1
    coverage: float  # 0..1, about 1 - 2 ** -k for the same distribution and as many samples


class Birthday(NamedTuple):
    """The nearest pair among few samples."""

    nearest: float  # distance of the features
    ratio: float  # to the nearest pair among as many real ones; near 0: the same few things are made again and again


def fidelity(real: np.ndarray, made: np.ndarray, k: int = 5) -> Fidelity:
    """Density and coverage (Naeem et al. 2020, eq. 5 and 6) of features (n, d) and (m, d); n must be more than k.

    Around each real sample lies a ball that reaches its k-th nearest real neighbour. Density is the number of balls
    that a made sample lies in, divided by k; coverage the share of the balls that hold a made sample.
    """
    radius = np.partition(distance.cdist(real, real), k, axis=1)[:, k]  # the nearest, at 0, is the sample itself
    inside = distance.cdist(real, made) <= radius[:, None]
    return Fidelity(float(inside.sum(axis=0).mean() / k), float(inside.any(axis=1).mean()))


def different_bins(real: np.ndarray, made: np.ndarray, bins: int = 100, seed: int = 0, level: float = 0.05) -> float:
    """NDB/K (Richardson and Weiss 2018): the share of `bins` whose proportions differ, of features (n, d), (m, d).

    The bins are Voronoi cells of a k-means clustering of the real features; a bin counts as different where a
    two-proportion z-test rejects at `level`. About `level` for the same distribution, 0..1.
    """
    centres = _k_means(real, bins, seed)
    counts = [np.bincount(_nearest(one, centres), minlength=bins) for one in (real, made)]
    shares = [count / len(one) for count, one in zip(counts, (real, made), strict=True)]
    pooled = (counts[0] + counts[1]) / (len(real) + len(made))
    deviation = np.sqrt(pooled * (1 - pooled) * (1 / len(real) + 1 / len(made)))
    z = np.abs(shares[0] - shares[1]) / np.maximum(deviation, 1e-12)
    return float((2 * ndtr(-z) < level).mean())


def kernel_distance(real: np.ndarray, made: np.ndarray) -> float:
    """KID (Binkowski et al. 2018): the unbiased squared MMD of features (n, d), (m, d), both at least 2, with the
    kernel (x . y / d + 1) ** 3. 0 on average for the same distribution, where it may be slightly negative.

    Only comparable with others on the same features.
    """

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a.astype(np.float64) @ b.T / a.shape[1] + 1) ** 3

    def within(a: np.ndarray) -> float:
        values = kernel(a, a)
        return float((values.sum() - np.trace(values)) / (len(a) * (len(a) - 1)))

    return within(real) + within(made) - 2 * float(kernel(real, made).mean())


def mean_distance(features: np.ndarray) -> float:
    """The mean Euclidean distance of all pairs of features (n, d), n at least 2: falls where a sampler collapses."""
    return float(distance.pdist(features).mean())


def birthday(real: np.ndarray, made: np.ndarray, size: int = _GROUP) -> Birthday:
    """The birthday test (Arora and Zhang 2017) on features (n, d), (m, d): a sampler of N things likely makes one twice
    among sqrt(N) samples. What is told is the median over all groups of `size`; both need at least one such group.
    """
    nearest, usual = (float(np.median(_nearest_pairs(one, size))) for one in (made, real))
    return Birthday(nearest, nearest / max(usual, 1e-12))


def memorised(made: np.ndarray, train: np.ndarray, held: np.ndarray) -> float:
    """How far the nearest training sample is from what is made, relative to the nearest held-out one: the ratio of the
    medians over the made features (m, d). Near 0: training samples are copied.

    1 for what is new, if there are as many training samples (n, d) as held-out ones; more of them lie nearer, so
    compare with the ratio for real samples that are in neither.
    """
    near, far = (np.median(distance.cdist(made, one).min(axis=1)) for one in (train, held))
    return float(near / max(float(far), 1e-12))


def effective_classes(probabilities: np.ndarray) -> float:
    """How many classes occur: the exponential of the entropy of the mean of class probabilities (n, classes)."""
    share = probabilities.mean(axis=0)
    return float(np.exp(-(share * np.log(np.maximum(share, 1e-12))).sum()))


def sliced_wasserstein(real: np.ndarray, made: np.ndarray, seed: int = 0) -> list[float]:
    """Sliced Wasserstein distances of Laplacian pyramids (Karras et al. 2018, section 5), finest level first.

    Images uint8 (n, H, W, 3), equal sides that are 16 px times a power of 2. At each level patches of 7 x 7 px, whose
    channels have mean 0 and deviation 1 over the set, are projected on random directions (Rabin et al. 2011); told is
    the mean distance between sorted projections: some 0.01 to 0.02 for real sets of a thousand images, never quite 0.
    """
    count = min(len(real), len(made))
    generator = torch.Generator().manual_seed(seed)
    pairs = zip(_pyramid(real[:count]), _pyramid(made[:count]), strict=True)
    return [_sliced(one, other, generator) for one, other in pairs]


def _nearest(features: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Which of the centres (K, d) is nearest to each of the features (n, d): (n,)"""
    return distance.cdist(features, centres, "sqeuclidean").argmin(axis=1)


def _k_means(features: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Centres (count, d) by Lloyd's rounds, begun as in k-means++ (Arthur and Vassilvitskii 2007)."""
    random = np.random.default_rng(seed)
    centres = features[random.integers(len(features), size=1)].astype(np.float64)
    far = distance.cdist(features, centres, "sqeuclidean")[:, 0]
    while len(centres) < count:
        odds = far if far.sum() > 0 else np.ones_like(far)
        centres = np.vstack([centres, features[random.choice(len(features), p=odds / odds.sum())]])
        far = np.minimum(far, distance.cdist(features, centres[-1:], "sqeuclidean")[:, 0])
    label = _nearest(features, centres)
    for _ in range(_ROUNDS):
        sizes = np.bincount(label, minlength=count)
        sums = np.zeros_like(centres)
        np.add.at(sums, label, features)
        centres = np.where(sizes[:, None] > 0, sums / np.maximum(1, sizes)[:, None], centres)
        before, label = label, _nearest(features, centres)
        if (label == before).all():
            break
    return centres


def _nearest_pairs(features: np.ndarray, size: int) -> list[float]:
    """The distance of the nearest pair in each group of `size`, a remainder left out."""
    starts = range(0, len(features) - size + 1, size)
    return [float(distance.pdist(features[start : start + size]).min()) for start in starts]


def _pyramid(images: np.ndarray) -> list[Tensor]:
    """Laplacian pyramid (Burt and Adelson 1983) of uint8 (n, H, W, 3): float (n, 3, h, w), finest first."""
    current = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255
    levels: list[Tensor] = []
    while current.shape[2] > _SMALLEST:
        smaller = _blur(current, 1)[..., ::2, ::2]
        spread = torch.zeros_like(current)
        spread[..., ::2, ::2] = smaller
        levels.append(current - _blur(spread, 4))
        current = smaller
    return [*levels, current]


def _blur(planes: Tensor, gain: float) -> Tensor:
    line = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    kernel = (gain * torch.outer(line, line)).expand(3, 1, 5, 5)
    return F.conv2d(F.pad(planes, (2, 2, 2, 2), mode="reflect"), kernel, groups=3)


def _sliced(real: Tensor, made: Tensor, generator: torch.Generator) -> float:
    """The sliced Wasserstein distance of the patches of one level, (n, 3, h, w) both."""
    sets = [_patches(one, generator) for one in (real, made)]
    directions = torch.randn(_PROJECTIONS, sets[0].shape[1], generator=generator)
    directions /= directions.norm(dim=1, keepdim=True)
    one, other = (np.sort((directions @ patches.T).numpy()) for patches in sets)
    return float(np.abs(one - other).mean())


def _patches(level: Tensor, generator: torch.Generator) -> Tensor:
    """Random patches, their channels of mean 0 and deviation 1 over all of them: (n * _PATCHES, 3 * _PATCH ** 2)"""
    windows = level.unfold(2, _PATCH, 1).unfold(3, _PATCH, 1)  # (n, 3, h', w', _PATCH, _PATCH), a view
    count, _channels, height, width = windows.shape[:4]
    index = torch.arange(count).repeat_interleave(_PATCHES)
    y = torch.randint(height, (len(index),), generator=generator)
    x = torch.randint(width, (len(index),), generator=generator)
    patches = windows[index, :, y, x]  # (n * _PATCHES, 3, _PATCH, _PATCH)
    patches = patches - patches.mean(dim=(0, 2, 3), keepdim=True)
    return (patches / patches.std(dim=(0, 2, 3), keepdim=True).clamp_min(1e-6)).flatten(1)
