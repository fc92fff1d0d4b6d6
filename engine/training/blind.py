"""What happens to a photo before it is ours: noise of every kind, blur, scaling, JPEG and age, in random order.

After BSRGAN (Zhang et al. 2021) and SCUNet (Zhang et al. 2022). Everything takes and gives batches (B, 3, H, W) in 0..1
on whatever device they are; amounts are (B, 1, 1, 1) on it. Random draws come from a generator on the CPU, so that
every device sees the same.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.training import jpeg
from engine.training.degrade import normal, on, rounded

Degradation = Callable[[Tensor, torch.Generator], Tensor]


def _amounts(batch: Tensor, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Uniform numbers between `low` and `high`, one for each picture. (B, 1, 1, 1)"""
    return on(batch, low + (high - low) * torch.rand(len(batch), 1, 1, 1, generator=generator))


def _levels(batch: Tensor, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Numbers from `low` to `high`, in 255ths, even in their logarithms: faint noise is more usual. (B, 1, 1, 1)"""
    share = torch.rand(len(batch), 1, 1, 1, generator=generator)
    return on(batch, low / 255 * (high / low) ** share)


def _some(batch: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Which pictures of the batch, a `share` of them on average, bool (B, 1, 1, 1)."""
    return on(batch, torch.rand(len(batch), 1, 1, 1, generator=generator) < share)


def gaussian_blur(batch: Tensor, sigma: Tensor, across: Tensor | None = None) -> Tensor:
    """Blurred by a Gaussian of `sigma` px down and `across` px (the same, if not given) sideways, 0..4 each."""
    radius = 9 if batch.is_cuda or max(float(one.max()) for one in (sigma, across) if one is not None) > 2 else 6
    count, channels, height, _ = batch.shape
    place = torch.arange(-radius, radius + 1, device=batch.device, dtype=torch.float32).view(1, 1, -1)
    kernels: list[Tensor] = []
    for one in (sigma, sigma if across is None else across):
        taps = torch.exp(-0.5 * (place / one.view(-1, 1, 1).clamp(min=1e-3)) ** 2)
        kernels.append((taps / taps.sum(2, keepdim=True)).expand(count, channels, -1).reshape(count * channels, 1, -1))
    planes = F.pad(batch, (radius,) * 4, mode="reflect").reshape(1, count * channels, height + 2 * radius, -1)
    planes = F.conv2d(planes, kernels[0][..., None], groups=count * channels)
    return F.conv2d(planes, kernels[1][:, :, None], groups=count * channels).reshape(batch.shape)


def blur(batch: Tensor, generator: torch.Generator) -> Tensor:
    """A little out of focus: up to 1.6 px, not always the same both ways."""
    sigma = _amounts(batch, 0.1, 1.6, generator)
    return gaussian_blur(batch, sigma, sigma * _amounts(batch, 0.7, 1.3, generator))


def resize(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Made smaller or larger and back, all pictures alike: softens, and correlates what noise there is."""
    factor = 0.55 * (1.3 / 0.55) ** float(torch.rand(1, generator=generator))
    mode = ("area", "bilinear", "bicubic")[int(torch.randint(3, (1,), generator=generator))]
    size = [round(side * factor) for side in batch.shape[2:]]
    corners = None if mode == "area" else False
    other = F.interpolate(batch, size, mode=mode, align_corners=corners, antialias=mode != "area" and factor < 1)
    back = "bilinear" if torch.rand(1, generator=generator) < 0.5 else "bicubic"
    return F.interpolate(other, batch.shape[2:], mode=back, align_corners=False, antialias=factor > 1).clamp(0, 1)


def white(batch: Tensor, generator: torch.Generator) -> Tensor:
    """White Gaussian noise of 2 to 25/255: grey, of independent colours, or with a random covariance of these."""
    sigma = _levels(batch, 2, 25, generator)
    noise = normal(batch, generator)
    grey = normal(batch[:, :1], generator).expand_as(batch)
    mix = torch.randn(len(batch), 3, 3, generator=generator)
    mix = on(batch, mix / mix.norm(dim=2, keepdim=True))
    joint = torch.einsum("bpc,bchw->bphw", mix, noise)
    kind = _amounts(batch, 0, 1, generator)
    return batch + sigma * torch.where(kind < 0.4, noise, torch.where(kind < 0.8, grey, joint))


def sharpen(batch: Tensor, generator: torch.Generator) -> Tensor:
    """As scanners and editors sharpen, too much at times, with rims of light and dark: 0.3 to 2 times what a Gaussian
    of 0.5 to 2 px takes away is added."""
    detail = batch - gaussian_blur(batch, _amounts(batch, 0.5, 2.0, generator))
    return (batch + _amounts(batch, 0.3, 2.0, generator) * detail).clamp(0, 1)


def poisson(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Photon noise, approximated by a Gaussian whose variance grows with brightness; 2 to 20/255 on white."""
    sigma = _levels(batch, 2, 20, generator)
    return batch + sigma * batch.clamp(0, 1).sqrt() * normal(batch, generator)


def speckle(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Noise in proportion to brightness, 2 to 20/255 on white."""
    return batch + _levels(batch, 2, 20, generator) * batch * normal(batch, generator)


def coarse(batch: Tensor, generator: torch.Generator, most: float = 22) -> Tensor:
    """Noise blurred by 0.4 to 2 px, 1.5/255 to `most`/255 strong, as cameras that guess two of
    three colours leave and scanned film has, whose grain is strongest in mid-tones. Colours share nothing to all."""
    shared = _amounts(batch, 0, 1, generator)
    noise = shared.sqrt() * normal(batch[:, :1], generator) + (1 - shared).sqrt() * normal(batch, generator)
    noise = gaussian_blur(noise, _amounts(batch, 0.4, 2.0, generator))
    noise = noise / _deviation(noise)
    light = batch.clamp(0, 1).mean(1, keepdim=True)
    film = torch.where(_some(batch, 0.5, generator), 0.4 + 2.4 * light * (1 - light), 1.0)
    return batch + _levels(batch, 1.5, most, generator) * film * noise


def camera(batch: Tensor, generator: torch.Generator) -> Tensor:
    """What a digital camera leaves: photon noise of a Bayer mosaic, interpolated, so that red and blue are coarser than
    green; white balance and saturation make it colourful, and the camera takes away more of its colours than of its
    brightness. 1.5 to 12/255 strong."""
    noise = (0.1 + 0.9 * batch.clamp(0, 1)).sqrt() * normal(batch, generator)
    red, blue = (_amounts(batch, 1.0, 2.2, generator) for _ in range(2))
    noise = _demosaicked(noise * torch.cat((red, torch.ones_like(red), blue), 1))
    bright = gaussian_blur(noise.mean(1, keepdim=True), _amounts(batch, 0.1, 0.8, generator))
    colours = noise - noise.mean(1, keepdim=True)
    colours = gaussian_blur(colours, _amounts(batch, 0.3, 3.0, generator))
    # what is left of them is about as strong as the brightness, however much they were blurred
    colours = colours / _deviation(colours) * _deviation(bright) * _amounts(batch, 0.3, 1.5, generator)
    noise = bright + colours
    return batch + _levels(batch, 1.5, 12, generator) * noise / _deviation(noise)


def _demosaicked(planes: Tensor) -> Tensor:
    """What bilinear interpolation makes of a Bayer mosaic of the planes (B, 3, H, W). Same shape."""
    rows = torch.arange(planes.shape[2], device=planes.device).view(1, 1, -1, 1) % 2
    columns = torch.arange(planes.shape[3], device=planes.device).view(1, 1, 1, -1) % 2
    there = torch.cat(((1 - rows) * (1 - columns), (rows + columns) % 2, rows * columns), dim=1)
    quarter = planes.new_tensor([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4  # of red and blue there are a quarter
    half = planes.new_tensor([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4
    kernels = torch.stack((quarter, half, quarter))[:, None]
    return F.conv2d(F.pad(planes * there, (1, 1, 1, 1), mode="reflect"), kernels, groups=3)


def _deviation(batch: Tensor) -> Tensor:
    """The standard deviation of each picture. (B, 1, 1, 1)"""
    return batch.flatten(1).std(1).clamp(min=1e-6).view(-1, 1, 1, 1)


def squeeze(batch: Tensor, generator: torch.Generator) -> Tensor:
    """JPEG of quality 10 to 95, more of the better ones, the grid of blocks anywhere."""
    quality = 10 + (86 * torch.rand(len(batch), generator=generator).sqrt()).floor()
    halved = torch.rand(len(batch), generator=generator) < 0.6
    y, x = torch.randint(16, (2,), generator=generator).tolist()
    return jpeg.compress(batch.clamp(0, 1), quality, halved, (y, x))


def paper(batch: Tensor, generator: torch.Generator) -> Tensor:
    """The relief of the paper of a scanned print, 0.5 to 4/255: honeycomb waves or fibres, the same in all colours."""
    height, width = batch.shape[2:]
    y = torch.arange(height, device=batch.device).view(1, 1, -1, 1)
    x = torch.arange(width, device=batch.device).view(1, 1, 1, -1)
    turn, period = _amounts(batch, 0, 3.14159, generator), _amounts(batch, 3, 12, generator)
    phase = [_amounts(batch, 0, 6.28319, generator) for _ in range(3)]
    waves = [
        torch.cos(6.28319 / period * (x * torch.cos(turn + 1.0472 * k) + y * torch.sin(turn + 1.0472 * k)) + phase[k])
        for k in range(3)
    ]
    honeycomb = torch.stack(waves).sum(0) / 1.225
    fibres = gaussian_blur(
        normal(batch[:, :1], generator),
        _amounts(batch, 0.4, 1.2, generator),
        _amounts(batch, 1.5, 3, generator),
    )
    fibres = fibres / _deviation(fibres)
    relief = torch.where(_some(batch, 0.5, generator), honeycomb, fibres)
    return batch + _amounts(batch, 0.5 / 255, 4 / 255, generator) * relief


def fade(batch: Tensor, generator: torch.Generator) -> Tensor:
    """What light does to a print: less contrast, a cast, sometimes sepia. For references too: it is not noise."""
    low = on(batch, 0.25 * torch.rand(len(batch), 3, 1, 1, generator=generator))
    high = on(batch, 1 - 0.35 * torch.rand(len(batch), 3, 1, 1, generator=generator))
    grey = batch.mean(1, keepdim=True)
    muted = torch.lerp(batch, grey.expand_as(batch), _amounts(batch, 0, 1, generator))
    return torch.where(_some(batch, 0.3, generator), low + muted * (high - low), batch)


_SHARES: tuple[tuple[Degradation, float], ...] = (
    (blur, 0.35),
    (resize, 0.3),
    (white, 0.25),
    (poisson, 0.2),
    (speckle, 0.1),
    (coarse, 0.6),
    (squeeze, 0.3),
    (paper, 0.15),
)


def degrade(batch: Tensor, generator: torch.Generator) -> Tensor:
    """The pictures after some of all that, in an order that differs from batch to batch; at the end a file of 8 bits,
    mostly a JPEG. A tenth stays as it is."""
    result = batch
    for index in torch.randperm(len(_SHARES), generator=generator).tolist():
        function, share = _SHARES[index]
        result = torch.where(_some(batch, share, generator), function(result, generator), result)
    result = torch.where(_some(batch, 0.6, generator), squeeze(result, generator), rounded(result))
    return torch.where(_some(batch, 0.1, generator), rounded(batch), result)
