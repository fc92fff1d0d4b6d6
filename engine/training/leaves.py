"""Synthetic leaves: occluding textured shapes with the statistics of photos, made on the device.

After VibrantLeaves (Achddou, Gousseau and Ladjal 2025) and the dead leaves model (Matheron 1968; Lee, Mumford and
Huang 2001): radii follow a power law of exponent 3, shapes are discs, rectangles and concave polygons, textures are
1/f^s noise, sinusoids and bi-level mixes in colours drawn from photos, in depth layers of which the far ones blur.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

_SUPERSAMPLING = 2
_REACH = 1.5  # times its radius, how far an outline extends
_HARMONICS = 4  # of the star-shaped outlines


def generate(size: int, palette: Tensor, generator: torch.Generator) -> Tensor:
    """A picture of leaves in colours of the photo `palette`, uint8 (3, H, W). Returns uint8 (3, size, size)."""
    device = palette.device
    fine = size * _SUPERSAMPLING
    layers = 1 + int(torch.randint(3, (1,), generator=generator))
    picture = _layer(fine, palette, generator, full=True)[0]
    for layer in range(1, layers):
        blur = float(torch.rand(1, generator=generator)) * 4 * (layers - layer) / layers
        picture = _blur(picture, blur)
        front, covered = _layer(fine, palette, generator, full=False)
        picture = torch.where(covered, front, picture)
    picture = F.avg_pool2d(picture[None], _SUPERSAMPLING)[0]
    return picture.clamp(0, 1).mul(255).round().to(torch.uint8).to(device)


def _blur(picture: Tensor, sigma: float) -> Tensor:
    if sigma < 0.3:
        return picture
    radius = math.ceil(3 * sigma)
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, device=picture.device) / sigma) ** 2)
    taps = (taps / taps.sum()).expand(3, 1, 1, -1)
    padded = F.pad(picture[None], (radius,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(padded, taps, groups=3), taps.transpose(2, 3), groups=3)[0]


def _uniform(count: int, low: float, high: float, generator: torch.Generator, device: torch.device) -> Tensor:
    return (low + (high - low) * torch.rand(count, generator=generator)).to(device)


def _layer(size: int, palette: Tensor, generator: torch.Generator, full: bool) -> tuple[Tensor, Tensor]:
    """One layer of leaves, the first hit in front. Returns picture (3, size, size) and covered (1, size, size)."""
    device = palette.device
    count = 600 if full else 40
    low, high = 10.0, 0.5 * size
    u = _uniform(count, 0, 1, generator, device)
    radius = ((1 - u) * low**-2 + u * high**-2).rsqrt()  # inverse CDF of r^-3 between low and high
    centre_y = _uniform(count, -0.1 * size, 1.1 * size, generator, device)
    centre_x = _uniform(count, -0.1 * size, 1.1 * size, generator, device)
    turn = _uniform(count, 0, 2 * math.pi, generator, device)
    aspect = torch.exp(_uniform(count, 0, 0.9, generator, device))
    kinds = torch.randint(3, (count,), generator=generator).tolist()  # disc, rectangle, concave outline
    wave = (0.25 * torch.randn(count, _HARMONICS, generator=generator)).to(device)
    phase = (2 * math.pi * torch.rand(count, _HARMONICS, generator=generator)).to(device)

    first = torch.full((size, size), -1, dtype=torch.long, device=device)
    places = torch.stack((centre_y, centre_x, radius * _REACH)).T.tolist()
    for leaf, (cy, cx, reach) in enumerate(places):
        top, bottom = max(0, int(cy - reach)), min(size, int(cy + reach) + 1)
        left, right = max(0, int(cx - reach)), min(size, int(cx + reach) + 1)
        if top >= bottom or left >= right:
            continue
        dy = torch.arange(top - cy, bottom - cy - 0.5, device=device)[:, None]
        dx = torch.arange(left - cx, right - cx - 0.5, device=device)[None]
        inside = _inside(dy, dx, radius[leaf], turn[leaf], aspect[leaf], kinds[leaf], wave[leaf], phase[leaf])
        window = first[top:bottom, left:right]
        window.masked_fill_(inside & (window < 0), leaf)
    first = first.view(-1)
    covered = torch.ones_like(first, dtype=torch.bool) if full else first >= 0
    first = first.clamp(min=0)
    picture = _shade(first, count, size, palette, generator)
    return picture.view(3, size, size), covered.view(1, size, size)


def _inside(
    dy: Tensor, dx: Tensor, radius: Tensor, turn: Tensor, aspect: Tensor, kind: int, wave: Tensor, phase: Tensor
) -> Tensor:
    """Which offsets from its centre a leaf covers. Returns bool (rows, columns)."""
    v = dy * turn.cos() - dx * turn.sin()
    w = (dy * turn.sin() + dx * turn.cos()) * aspect
    squared = v * v + w * w
    if kind == 1:
        return torch.maximum(v.abs(), w.abs()) < 0.8 * radius
    if kind == 2:
        angle = torch.atan2(v, w)
        waves = [wave[n] * torch.cos((n + 2) * angle + phase[n]) for n in range(_HARMONICS)]
        outline = 1 + torch.stack(waves).sum(0)
        return squared < (radius * outline.clamp(0.15, _REACH)) ** 2
    return squared < radius * radius


def _shade(first: Tensor, count: int, size: int, palette: Tensor, generator: torch.Generator) -> Tensor:
    """The texture of leaf `first` at each pixel: two colours of the palette mixed by a pattern. (3, size * size)"""
    device = first.device
    _, height, width = palette.shape
    flat = palette.reshape(3, -1)
    picks = torch.randint(height * width, (2, count), generator=generator).to(device)
    near = flat[:, picks].float().div(255)  # (3, 2, count)
    contrast = _uniform(count, 0, 1, generator, device)
    a = near[:, 0]
    b = a + (near[:, 1] - a) * contrast
    kind = torch.rand(count, generator=generator).to(device)
    bank = torch.stack([_noise(size, s, generator, device) for s in (0.5, 1.0, 1.5, 2.0, 2.5)])  # (5, size * size)
    row = torch.randint(len(bank), (count,), generator=generator).to(device)
    shift = torch.randint(size * size, (count,), generator=generator).to(device)
    place = torch.arange(size * size, device=device)
    noise = bank[row[first], (place + shift[first]) % (size * size)]
    angle = _uniform(count, 0, math.pi, generator, device)
    frequency = torch.exp(_uniform(count, math.log(0.01), math.log(0.35), generator, device)) * 2 * math.pi / 2
    y, x = place // size, place % size
    wave = 0.5 + 0.5 * torch.sin(frequency[first] * (x * angle.cos()[first] + y * angle.sin()[first]))
    warped = 0.5 + 0.5 * torch.sin(frequency[first] * x + 6 * noise)
    k = kind[first]
    mix = torch.where(
        k < 0.67, noise, torch.where(k < 0.75, wave, torch.where(k < 0.83, warped, (noise > 0.5).float()))
    )
    slope = _uniform(count, -0.3, 0.3, generator, device)[first] * (x / size - 0.5)
    return a[:, first] + (b - a)[:, first] * mix + slope


def _noise(size: int, exponent: float, generator: torch.Generator, device: torch.device) -> Tensor:
    """1/f^exponent noise scaled to mean 0.5 and deviation 0.25. (size * size)"""
    white = torch.randn(size, size, generator=generator).to(device)
    frequency = torch.hypot(
        torch.fft.fftfreq(size, device=device)[:, None], torch.fft.rfftfreq(size, device=device)[None]
    )
    frequency[0, 0] = 1 / size
    noise = torch.fft.irfft2(torch.fft.rfft2(white) * frequency**-exponent, s=(size, size))
    return ((noise - noise.mean()) / noise.std() * 0.25 + 0.5).clamp(0, 1).reshape(-1)
