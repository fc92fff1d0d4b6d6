"""Degradations on batches: how good photos are made bad for training, on whatever device the batch is."""

import torch
from torch import Tensor


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
    kind = torch.rand(count, 1, 1, 1, generator=generator)
    by_channel = torch.where(kind < 0.125, torch.rand(count, 3, 1, 1, generator=generator) * 1.5, 1.0)
    ramp = torch.linspace(0, 1, size) * torch.rand(count, 1, 1, 1, generator=generator)
    across = torch.rand(count, 1, 1, 1, generator=generator) < 0.5
    ramp = torch.where(across, ramp.expand(count, 1, size, size), ramp.expand(count, 1, size, size).transpose(2, 3))
    shape = torch.where(kind > 0.875, 1 - ramp, 1.0)
    return (sigma.view(-1, 1, 1, 1) * by_channel * shape).expand(count, 3, size, size).to(device)


def add_gaussian(batch: Tensor, sigma: Tensor, generator: torch.Generator) -> Tensor:
    """White Gaussian noise of the planes `sigma`; half of the batch clipped and rounded to 8 bits, as files are.

    Grey pictures mostly get the same noise in all channels, as grey scans have: nothing else in training would teach
    the net that its three channels may agree. Both (B, 3, H, W) in 0..1, on one device; `generator` lives on the CPU,
    so that every device sees the same seed.
    """
    seed = int(torch.randint(2**31, (1,), generator=generator))
    noise = torch.randn(batch.shape, device=batch.device, generator=torch.Generator(batch.device).manual_seed(seed))
    grey = (batch == batch[:, :1]).flatten(1).all(1).view(-1, 1, 1, 1)
    mostly = (torch.rand(len(batch), 1, 1, 1, generator=generator) < 0.8).to(batch.device)
    noise = torch.where(grey & mostly, noise[:, :1], noise)
    noisy = batch + sigma * noise
    filed = (torch.rand(len(batch), 1, 1, 1, generator=generator) < 0.5).to(batch.device)
    return torch.where(filed, noisy.clamp(0, 1).mul(255).round().div(255), noisy)
