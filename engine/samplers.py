"""Samplers: what our generative nets make from seeds; the only other place than models that runs nets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from engine import devices, models
from engine.image import Box
from engine.progress import Progress
from engine.tiles import split

if TYPE_CHECKING:
    import torch

T = TypeVar("T")
Placed: TypeAlias = tuple[Any, str, dict[str, Any]]  # a net, the device that it is on, and its row of the manifest

_CELL = 16  # px, of the coarsest level of the generators and of the VAE
_TILE = 40  # cells a side, made at a time
_MARGIN = 6  # cells around, which made pixels depend on: 3 for 1/8 of the resolution, 1.5 for 1/4, 0.9 for 1/2
_COARSE_TILE = 128  # the same for the features at 1/16 that all begins with
_COARSE_MARGIN = 5
_NEAR = 0.45  # radians that a twist turns away from what the seed alone gives
_BEYOND = 7919  # apart the seeds of the twists

_RADIUS = 24.0  # px from its rim to its middle of the largest holes that the imagining net is shown

VARIED = 0.7  # standard deviations that latents are moved by at amount 1
_SIDE = 768  # px of what the VAE is shown at a time
_OVERLAP = 96  # px around, of which it knows as well


def texture(
    name: str,
    size: tuple[int, int],
    seed: int,
    twist: int = 0,
    material: str = "",
    own: bool = False,
    progress: Progress | None = None,
    variety: float = 1.0,
) -> np.ndarray:
    """A picture by the generator `name`, (height, width) = `size` px; (H, W, 3) float32 in 0..1, writable.

    With less `variety`, 0..1, what the whole picture is like is drawn nearer to the usual, which trades variety for
    looking like its material (the truncation trick of BigGAN, Brock et al. 2019, by scaling).
    The picture is cut from one that tiles, of the next multiples of 16 px, 32 at least. It is made piece by piece, and
    the same to 1/1000 whatever the pieces, which are smaller where memory runs out, in the end on the CPU. Raises
    RestoreError where the weights are missing, Cancelled.
    """
    progress = progress or Progress()
    progress(0.0)
    return _fitting(
        _TILE * _CELL,
        lambda side: _texture(_net(name, own), size, seed, twist, material, variety, side // _CELL, progress),
    )


def _texture(
    placed: Placed,
    size: tuple[int, int],
    seed: int,
    twist: int,
    material: str,
    variety: float,
    tile: int,
    progress: Progress,
) -> np.ndarray:
    """What `texture` gives, by a net on its device, made in squares of `tile` cells a side."""
    import torch

    net, device, facts = placed
    rows, columns = circle = max(2, math.ceil(size[0] / _CELL)), max(2, math.ceil(size[1] / _CELL))
    style, noise = _twisted(
        lambda random: [torch.randn((1, 64), generator=random), *net.latents(1, rows, columns, random)], seed, twist
    )
    classes = None
    if material:
        classes = torch.zeros(1, net.classes)
        classes[0, facts["materials"].index(material)] = 1
        classes = classes.to(device)
    result = np.empty((*size, 3), np.float32)
    with torch.inference_mode():
        style = net.mapped((variety * style).to(device), classes)
        features = torch.empty((1, net.widths[0], rows, columns))
        for box in _around(circle, _COARSE_TILE, _COARSE_MARGIN, progress.part(0.0, 0.1)):
            made = net.begun(style, _pieces(noise[: net.early], box, circle, device)).cpu()
            features[:, :, box[0].slice, box[1].slice] = made[:, :, box[0].inner, box[1].inner]
        for box in _around(circle, tile, _MARGIN, progress.part(0.1, 1.0)):
            began, *fields = _pieces([features, *noise[net.early :]], box, circle, device)
            made = net.finished(began, style, fields)[0].permute(1, 2, 0).float().clamp(0, 1).cpu().numpy()
            top, left = (_CELL * one.inner.start for one in box)
            place = result[_CELL * box[0].slice.start :, _CELL * box[1].slice.start :]  # the last cells may be cut
            place = place[: _CELL * box[0].count, : _CELL * box[1].count]
            place[:] = made[top : top + place.shape[0], left : left + place.shape[1]]
    return result


class _Cells:
    """A stretch of cells along one axis of a torus, with a margin, or the whole circle where that is not longer."""

    def __init__(self, start: int, count: int, circle: int, margin: int) -> None:
        self.count = count
        self.slice = slice(start, start + count)
        around = count + 2 * margin < circle
        self._start, self._count = (start - margin, count + 2 * margin) if around else (start, circle)
        self.inner = slice(margin if around else 0, (margin if around else 0) + count)  # of what is made

    def of(self, plane: torch.Tensor, circle: int, axis: int) -> torch.Tensor:
        """The cells of a plane, which has one or more values for each cell of the circle."""
        each = plane.shape[axis] // circle
        index = (np.arange(self._count * each) + self._start * each) % plane.shape[axis]
        return plane.index_select(axis, _indices(index))


def _around(circle: tuple[int, int], tile: int, margin: int, progress: Progress) -> Iterator[tuple[_Cells, _Cells]]:
    """The cells of a torus in squares of `tile` with a margin, (y, x). Raises Cancelled."""
    rows, columns = circle
    for y, x in progress.each([(y, x) for y in range(0, rows, tile) for x in range(0, columns, tile)]):
        yield _Cells(y, min(tile, rows - y), rows, margin), _Cells(x, min(tile, columns - x), columns, margin)


def _pieces(
    planes: Sequence[torch.Tensor], box: tuple[_Cells, _Cells], circle: tuple[int, int], device: str
) -> list[torch.Tensor]:
    return [box[1].of(box[0].of(plane, circle[0], 2), circle[1], 3).to(device) for plane in planes]


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

    In pieces, as `texture`. Raises RestoreError where the weights are missing, Cancelled.
    """
    progress = progress or Progress()
    progress(0.0)
    return _fitting(
        _SIDE, lambda side: _vary(_net("patches-vae", own), image, share, amount, seed, twist, side, progress)
    )


def _vary(
    placed: Placed,
    image: np.ndarray,
    share: np.ndarray,
    amount: float,
    seed: int,
    twist: int,
    side: int,
    progress: Progress,
) -> np.ndarray:
    """What `vary` gives, by a net on its device, made in squares of `side` px."""
    import torch

    net, device, _ = placed
    cells = tuple(math.ceil(length / _CELL) for length in share.shape)
    (noise,) = _twisted(lambda random: [torch.randn((1, net.coarse, *cells), generator=random)], seed, twist)
    change = np.zeros_like(image)
    boxes = split(image.shape, side, _CELL)
    for number, box in enumerate(boxes):
        part = progress.part(number / len(boxes), (number + 1) / len(boxes))
        wide, inner = _widened(box, image.shape)
        if share[wide.slices].any():
            rows, columns = (slice(one.start // _CELL, math.ceil(one.stop / _CELL)) for one in wide.slices)
            moved = VARIED * amount * noise[:, :, rows, columns].to(device)
            change[box.slices] = _varied(net, device, image[wide.slices], share[wide.slices], moved, part)[inner.slices]
        part(1.0)
    return change


def _varied(
    net: Any, device: str, image: np.ndarray, share: np.ndarray, moved: torch.Tensor, progress: Progress
) -> np.ndarray:
    """What `vary` gives, for a piece of it; `moved` (1, C, h, w) is by how much the latents would move everywhere."""
    import torch

    x, shape = _padded(image, device)
    # a cell moves as far as any of it is to: outside nothing of that is seen
    moving = torch.nn.functional.max_pool2d(_padded(share[..., None], device)[0], _CELL)
    with torch.inference_mode():
        coarse, fine = (guess.mean for guess in net.encode(x))
        progress(0.3)
        other = coarse + moving * moved
        expected = net.expect(other).mean - net.expect(coarse).mean
        before = net.decode(coarse, fine)
        progress(0.6)
        return _cut(net.decode(other, fine + expected) - before, shape)


def blend(
    one: np.ndarray,
    other: np.ndarray,
    share: float,
    own: bool = False,
    progress: Progress | None = None,
    variety: float = 0.0,
    seed: int = 0,
    twist: int = 0,
) -> tuple[np.ndarray, ...]:
    """Two patches (H, W, 3) and what is between their latents, as they come back from the VAE: one, between, other,
    each (H, W, 3), not clipped. With a `variety` what is between also moves at random by so much, in the middle most.
    In pieces, as `texture`. Raises RestoreError where the weights are missing, Cancelled.
    """
    progress = progress or Progress()
    progress(0.0)
    far = VARIED * variety * 4 * share * (1 - share)
    return _fitting(
        _SIDE, lambda side: _blend(_net("patches-vae", own), one, other, share, (far, seed, twist), side, progress)
    )


def _blend(
    placed: Placed,
    one: np.ndarray,
    other: np.ndarray,
    share: float,
    moving: tuple[float, int, int],
    side: int,
    progress: Progress,
) -> tuple[np.ndarray, ...]:
    """What `blend` gives, by a net on its device, made in squares of `side` px; `moving` are how far latents move
    beyond what is between, and the seed and twist of that."""
    import torch

    net, device, _ = placed
    far, seed, twist = moving
    cells = tuple(math.ceil(length / _CELL) for length in one.shape[:2])
    (noise,) = _twisted(lambda random: [torch.randn((1, net.coarse, *cells), generator=random)], seed, twist)
    results = tuple(np.empty_like(one) for _ in range(3))
    for box in progress.each(split(one.shape, side, _CELL)):
        wide, inner = _widened(box, one.shape)
        (first, shape), (second, _) = _padded(one[wide.slices], device), _padded(other[wide.slices], device)
        with torch.inference_mode():
            latents = [[guess.mean for guess in net.encode(x)] for x in (first, second)]
            coarse, fine = (torch.lerp(a, b, share) for a, b in zip(*latents, strict=True))
            if far > 0:
                rows, columns = (slice(part.start // _CELL, math.ceil(part.stop / _CELL)) for part in wide.slices)
                moved = coarse + far * noise[:, :, rows, columns].to(device)
                fine = fine + net.expect(moved).mean - net.expect(coarse).mean
                coarse = moved
            between = [coarse, fine]
            for result, pair in zip(results, (latents[0], between, latents[1]), strict=True):
                result[box.slices] = _cut(net.decode(*pair), shape)[inner.slices]
    return results


def _widened(box: Box, shape: tuple[int, ...]) -> tuple[Box, Box]:
    """A box with what lies around as far as it counts, and where it lies in that."""
    wide = box.grown(_OVERLAP, shape)
    return wide, Box(box.top - wide.top, box.bottom - wide.top, box.left - wide.left, box.right - wide.left)


def imagine(
    image: np.ndarray, unknown: np.ndarray, seed: int, progress: Progress | None = None, own: bool = False
) -> np.ndarray:
    """A coarse picture (H, W, 3) of what may be where the image (H, W, 3) is `unknown` (H, W), bool, another for each
    seed; elsewhere the image, as coarse. The photo is reduced until the hole is as small as those the net was trained
    for. Raises RestoreError where the weights are missing, Cancelled."""
    import cv2
    import torch

    from engine.nets import imaginer

    model = models.load_own("imagine-gan") if own else models.load("imagine-gan", precise=True)
    radius = float(cv2.distanceTransform(np.pad(unknown, 1).astype(np.uint8), cv2.DIST_L2, 3).max())
    smaller = max(1.0, radius / _RADIUS)
    height, width = unknown.shape
    columns, rows = shape = max(8, round(width / smaller)), max(8, round(height / smaller))
    known = (~unknown).astype(np.float32)
    sums, shares = (cv2.resize(one, shape, interpolation=cv2.INTER_AREA) for one in (image * known[..., None], known))
    hole = (shares < 0.5).astype(np.float32)
    photo = (sums / np.maximum(shares, 1e-3)[..., None] * (1 - hole)[..., None]).astype(np.float32, copy=False)
    noise = imaginer.field(1, rows + -rows % 8, columns + -columns % 8, torch.Generator().manual_seed(seed))[0].numpy()
    made = model(photo, hole, *noise[:, :rows, :columns], progress=progress)
    return (
        cv2.resize(made, (width, height), interpolation=cv2.INTER_CUBIC) if (rows, columns) != unknown.shape else made
    )


def _fitting(most: int, work: Callable[[int], T]) -> T:
    """What `work` makes when told how many px a side its pieces have: at `most`, fewer when memory runs out, in the end
    on the CPU. Raises RestoreError where even those do not fit, and whatever `work` does."""
    tried: set[tuple[int, str]] = set()
    for tile in devices.tiles():
        now = (min(tile, most), devices.current())
        if now in tried:
            continue  # a device may take larger ones
        tried.add(now)
        with devices.memory_may_run_out():
            return work(now[0])
    raise models.no_memory()


def _net(name: str, own: bool) -> Placed:
    """A net in fp32 on the device of the moment, and what the manifest says."""
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
