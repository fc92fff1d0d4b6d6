"""Samplers: what our generative nets make from seeds; the only other place than models that runs nets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import models
from engine.progress import Progress

if TYPE_CHECKING:
    import torch

_TILE = 40  # cells of 16 px a side, made at a time
_MARGIN = 10  # cells around, which a made pixel depends on: 5 of 1/16, 4 of 1/8 and so on of the resolution
_NEAR = 0.45  # radians that a twist turns away from what the seed alone gives
_BEYOND = 7919  # apart the seeds of the twists

_RADIUS = 16.0  # px from its rim to its middle of the largest holes that the imagining net is shown

VARIED = 0.7  # standard deviations that latents are moved by at amount 1


def texture(
    name: str,
    size: tuple[int, int],
    seed: int,
    twist: int = 0,
    material: str = "",
    own: bool = False,
    progress: Progress | None = None,
) -> np.ndarray:
    """A picture by the generator `name`, (height, width) = `size` px; (H, W, 3) float32 in 0..1, writable.

    The picture is cut from one that tiles, of the next multiples of 16 px. Where it overlaps the margins of a tile, it
    is the same to 1/1000 whatever the tiles. Raises RestoreError where the weights are missing, Cancelled.
    """
    import torch

    progress = progress or Progress()
    progress(0.0)
    net, device, facts = _net(name, own)
    rows, columns = (max(2, math.ceil(side / 16)) for side in size)
    style, noise = _twisted(
        lambda random: [torch.randn((1, 64), generator=random), *net.latents(1, rows, columns, random)], seed, twist
    )
    classes = None
    if material:
        classes = torch.zeros(1, net.classes)
        classes[0, facts["materials"].index(material)] = 1
        classes = classes.to(device)
    result = np.empty((16 * rows, 16 * columns, 3), np.float32)
    tiles = [(y, x) for y in range(0, rows, _TILE) for x in range(0, columns, _TILE)]
    with torch.inference_mode():
        for y, x in progress.each(tiles):
            box = _Cells(y, min(_TILE, rows - y), rows), _Cells(x, min(_TILE, columns - x), columns)
            fields = [box[1].of(box[0].of(plane, rows, 2), columns, 3).to(device) for plane in noise]
            made = net(style.to(device), fields, classes)[0].permute(1, 2, 0).float().clamp(0, 1).cpu().numpy()
            inner = made[box[0].inner, box[1].inner]
            result[16 * y : 16 * y + inner.shape[0], 16 * x : 16 * x + inner.shape[1]] = inner
    return result[: size[0], : size[1]].copy()


class _Cells:
    """A stretch of cells along one axis of a torus, with a margin, or the whole circle where that is not longer."""

    def __init__(self, start: int, count: int, circle: int) -> None:
        self._whole = count + 2 * _MARGIN >= circle
        self._start = start if self._whole else start - _MARGIN
        self._count = circle if self._whole else count + 2 * _MARGIN
        first = 0 if self._whole else 16 * _MARGIN
        self.inner = slice(first, first + 16 * count)  # px of what is made of these cells that count

    def of(self, plane: torch.Tensor, circle: int, axis: int) -> torch.Tensor:
        """The cells of a plane of noise, which has one or more values for each cell of the circle."""
        each = plane.shape[axis] // circle
        index = (np.arange(self._count * each) + self._start * each) % plane.shape[axis]
        return plane.index_select(axis, _indices(index))


def _indices(index: np.ndarray) -> torch.Tensor:
    import torch

    return torch.from_numpy(index)


def vary(
    image: np.ndarray,
    share: np.ndarray,
    amount: float,
    seed: int,
    twist: int = 0,
    own: bool = False,
    progress: Progress | None = None,
) -> np.ndarray:
    """What to add to the image (H, W, 3) to make another of its kind: its latents in the VAE, moved at random by
    `amount` times `share` (H, W), 0..1, and back, less the image as it comes back unmoved. (H, W, 3) float32

    Raises RestoreError where the weights are missing, Cancelled.
    """
    import torch

    progress = progress or Progress()
    progress(0.0)
    net, device, _ = _net("patches-vae", own)
    x, shape = _padded(image, device)
    moving = torch.nn.functional.avg_pool2d(_padded(share[..., None], device)[0], 16)
    with torch.inference_mode():
        coarse, fine = (guess.mean for guess in net.encode(x))
        progress(0.3)
        (noise,) = _twisted(lambda random: [torch.randn(coarse.shape, generator=random)], seed, twist)
        moved = coarse + VARIED * amount * moving * noise.to(device)
        expected = net.expect(moved).mean - net.expect(coarse).mean
        before = net.decode(coarse, fine)
        progress(0.6)
        after = net.decode(moved, fine + expected)
    progress(1.0)
    return _cut(after - before, shape)


def blend(one: np.ndarray, other: np.ndarray, share: float, own: bool = False) -> tuple[np.ndarray, ...]:
    """Two patches (H, W, 3) and what is between their latents, as they come back from the VAE: one, between, other,
    each (H, W, 3), not clipped. Raises RestoreError where the weights are missing."""
    import torch

    net, device, _ = _net("patches-vae", own)
    (first, shape), (second, _) = _padded(one, device), _padded(other, device)
    with torch.inference_mode():
        latents = [[guess.mean for guess in net.encode(x)] for x in (first, second)]
        between = [torch.lerp(a, b, share) for a, b in zip(*latents, strict=True)]
        return tuple(_cut(net.decode(*pair), shape) for pair in (latents[0], between, latents[1]))


def imagine(image: np.ndarray, unknown: np.ndarray, seed: int, progress: Progress | None = None) -> np.ndarray:
    """A coarse picture (H, W, 3) of what may be where the image (H, W, 3) is `unknown` (H, W), bool, another for each
    seed; elsewhere the image, as coarse. The photo is reduced until the hole is as small as those the net was trained
    for. Raises RestoreError where the weights are missing, Cancelled."""
    import cv2
    import torch

    from engine.nets import imaginer

    progress = progress or Progress()
    progress(0.0)
    net, device, _ = _net("imagine-gan", False)
    radius = float(cv2.distanceTransform(np.pad(unknown, 1).astype(np.uint8), cv2.DIST_L2, 3).max())
    smaller = max(1.0, radius / _RADIUS)
    height, width = unknown.shape
    shape = max(8, round(width / smaller)), max(8, round(height / smaller))
    known = (~unknown).astype(np.float32)
    sums, shares = (cv2.resize(one, shape, interpolation=cv2.INTER_AREA) for one in (image * known[..., None], known))
    hole = (shares < 0.5).astype(np.float32)
    photo = sums / np.maximum(shares, 1e-3)[..., None] * (1 - hole)[..., None]
    x, small = _padded(np.concatenate([photo, hole[..., None]], axis=2), device)
    random = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        noise = imaginer.field(1, x.shape[2], x.shape[3], random).to(device)
        made = np.clip(_cut(net(torch.cat((x, noise), dim=1)), small), 0, 1)
    progress(1.0)
    return cv2.resize(made, (width, height), interpolation=cv2.INTER_CUBIC) if smaller > 1 else made


def _net(name: str, own: bool) -> tuple[Any, str, dict[str, Any]]:
    return (models.load_own(name) if own else models.load(name, precise=True)).net()


def _twisted(draw: Any, seed: int, twist: int) -> tuple[Any, ...]:
    """Random tensors of a seed, turned some way towards others where there is a twist; the first, and the rest as a
    list where there is more than one."""
    import torch

    drawn = draw(torch.Generator().manual_seed(seed))
    if twist:
        others = draw(torch.Generator().manual_seed(seed + _BEYOND * twist))
        drawn = [math.cos(_NEAR) * a + math.sin(_NEAR) * b for a, b in zip(drawn, others, strict=True)]
    return (drawn[0], drawn[1:]) if len(drawn) > 1 else (drawn[0],)


def _padded(image: np.ndarray, device: str) -> tuple[torch.Tensor, tuple[int, ...]]:
    """An image (H, W, C) as the nets take it, mirrored to multiples of 16 px; and its shape."""
    import torch

    down, right = (-side % 16 for side in image.shape[:2])
    padded = np.pad(image, ((0, down), (0, right), (0, 0)), mode="symmetric")
    return torch.from_numpy(np.ascontiguousarray(padded)).permute(2, 0, 1)[None].to(device), image.shape


def _cut(x: torch.Tensor, shape: tuple[int, ...]) -> np.ndarray:
    return np.ascontiguousarray(x[0, :, : shape[0], : shape[1]].permute(1, 2, 0).float().cpu().numpy())
