"""Degradations on batches: how good photos are made bad for training, on whatever device the batch is."""

import torch
from torch import Tensor
from torch.nn import functional as F


def sample_sigma(count: int, generator: torch.Generator) -> Tensor:
    """Noise levels of a batch: a tenth 0, half of the rest in [0, 25], half in [0, 75]. Returns (count,) in 0..1."""
    draw = torch.rand(count, generator=generator)
    high = torch.where(torch.rand(count, generator=generator) < 0.5, 25.0, 75.0)
    clean = torch.rand(count, generator=generator) < 0.1
    return torch.where(clean, 0.0, draw * high / 255)


def sigma_map(sigma: Tensor, size: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """Planes of noise levels around `sigma` (B,): mostly constant; an eighth differ by channel, an eighth are ramps.

    Returns float32 (B, 3, size, size) in 0..1, what the net is told and what the noise obeys.
    """
    count = len(sigma)
    kind, level, slope, side = (
        torch.rand(count, planes, 1, 1, generator=generator).to(device) for planes in (1, 3, 1, 1)
    )
    by_channel = torch.where(kind < 0.125, level * 1.5, 1.0)
    ramp = torch.linspace(0, 1, size, device=device) * slope
    across = side < 0.5
    ramp = torch.where(across, ramp.expand(count, 1, size, size), ramp.expand(count, 1, size, size).transpose(2, 3))
    shape = torch.where(kind > 0.875, 1 - ramp, 1.0)
    return (sigma.view(-1, 1, 1, 1).to(device) * by_channel * shape).expand(count, 3, size, size)


def tell(sigma: Tensor, coarse: Tensor, generator: torch.Generator) -> Tensor:
    """What the net is told of the noise planes `sigma` (B, 3, H, W): mostly the truth, else more, at most 75/255.

    Coarse noise, (B,) bool, is told as up to three times what it is, since that is what an estimate makes of it; a
    twentieth of the white noise up to twice, so that a strength beyond 1 does no harm. Never less: then noise may stay.
    """
    draw = torch.rand(len(sigma), generator=generator)
    more = torch.where(torch.rand(len(sigma), generator=generator) < 0.05, 1 + draw, 1.0)
    factor = torch.where(coarse, 1 + 2 * draw, more).view(-1, 1, 1, 1).to(sigma.device)
    return (sigma * factor).clamp(max=75 / 255).maximum(sigma)


def normal(like: Tensor, generator: torch.Generator) -> Tensor:
    """White noise of deviation 1 in the shape of `like` and on its device; `generator`, on the CPU, gives the seed."""
    seed = int(torch.randint(2**31, (1,), generator=generator))
    return torch.randn(like.shape, device=like.device, generator=torch.Generator(like.device).manual_seed(seed))


def on(like: Tensor, draws: Tensor) -> Tensor:
    """The draws on the device of `like`, without waiting for what a GPU has yet to do."""
    return draws.to(like.device, non_blocking=True)


def add_gaussian(batch: Tensor, sigma: Tensor, coarse: Tensor, generator: torch.Generator) -> Tensor:
    """Gaussian noise of the planes `sigma`, white or, where `coarse` (B,) says so, blurred by 0.4 to 1.2 px as that of
    developed camera files is; half of the batch clipped and rounded to 8 bits, as files are.

    Grey pictures mostly get the same noise in all channels, as grey scans have: nothing else in training would teach
    the net that its three channels may agree. Both (B, 3, H, W) in 0..1, on one device; `generator` lives on the CPU,
    so that every device sees the same seed.
    """
    noise = normal(batch, generator)
    noise = torch.where(coarse.view(-1, 1, 1, 1).to(batch.device), _blurred(noise, generator), noise)
    grey = (batch == batch[:, :1]).flatten(1).all(1).view(-1, 1, 1, 1)
    mostly = (torch.rand(len(batch), 1, 1, 1, generator=generator) < 0.8).to(batch.device)
    noise = torch.where(grey & mostly, noise[:, :1], noise)
    noisy = batch + sigma * noise
    filed = (torch.rand(len(batch), 1, 1, 1, generator=generator) < 0.5).to(batch.device)
    return torch.where(filed, rounded(noisy), noisy)


def rounded(batch: Tensor) -> Tensor:
    """As files hold it: clipped, 8 bits."""
    return batch.clamp(0, 1).mul(255).round().div(255)


def _blurred(noise: Tensor, generator: torch.Generator) -> Tensor:
    """White noise (B, C, H, W) blurred by one random Gaussian, still of deviation 1."""
    width = 0.4 + 0.8 * float(torch.rand(1, generator=generator))
    taps = torch.exp(-0.5 * (torch.arange(-4, 5, device=noise.device) / width) ** 2)
    taps = (taps / taps.norm()).expand(noise.shape[1], 1, 1, -1)
    padded = F.pad(noise, (4, 4, 4, 4), mode="circular")
    return F.conv2d(F.conv2d(padded, taps, groups=noise.shape[1]), taps.transpose(2, 3), groups=noise.shape[1])
