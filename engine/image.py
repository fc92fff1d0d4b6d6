"""The contract of Image and Mask, and the few things that only need the contract."""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.float32]  # (H, W, 3) RGB, encoded as in the file, finite, in [0, 1], read-only
Mask: TypeAlias = NDArray[np.float32]  # (H, W), 1 = change this pixel, 0 = leave it, in [0, 1], read-only

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # brightness = image @ LUMA; ITU-R BT.601
LUMA.flags.writeable = False

_BAND = 256  # rows checked at once, so that checking a huge image needs no second one


class Box(NamedTuple):
    """A rectangle of pixels, ends excluded."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """For indexing: image[box.slices]."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def empty(self) -> bool:
        return self.top >= self.bottom or self.left >= self.right

    @property
    def area(self) -> int:
        """Pixels, of one that is not empty."""
        return (self.bottom - self.top) * (self.right - self.left)

    def grown(self, by: int, shape: tuple[int, ...]) -> "Box":
        """This box with `by` px more on each side, cut to an image of `shape` (H, W, ...)."""
        return Box(
            max(0, self.top - by),
            min(shape[0], self.bottom + by),
            max(0, self.left - by),
            min(shape[1], self.right + by),
        )

    def aligned(self, grid: int) -> "Box":
        """This box with top and left moved outwards to multiples of `grid` px: where nets that fold pixels begin."""
        return self._replace(top=self.top - self.top % grid, left=self.left - self.left % grid)


def frozen(array: np.ndarray) -> np.ndarray:
    """The array as Image (three axes) or Mask (two): float32, contiguous, read-only, clipped into [0, 1].

    Copies only where the dtype or order is wrong or the array cannot be owned. Raises ValueError where the shape is
    neither (H, W, 3) nor (H, W), a side is 0, or a value is not finite.
    """
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3) or 0 in array.shape:
        raise ValueError(f"neither an image nor a mask: shape {array.shape}")
    result = np.ascontiguousarray(array, dtype=np.float32)
    if not result.flags.writeable:
        return result  # already frozen, or a view of something frozen
    for band in bands(result):
        if not np.isfinite(band).all():
            raise ValueError("a pixel is not a finite number")
        np.clip(band, 0.0, 1.0, out=band)
    result.flags.writeable = False
    return result


def bands(array: np.ndarray) -> Iterator[np.ndarray]:
    """Views of some rows each, (<= 256, ...), from top to bottom: for work on a huge image without a second one."""
    for top in range(0, array.shape[0], _BAND):
        yield array[top : top + _BAND]


def whole(image: np.ndarray) -> Box:
    """The box of a whole image or mask."""
    return Box(0, image.shape[0], 0, image.shape[1])


def bounds(mask: np.ndarray, context: int | None = 0) -> Box:
    """Smallest box with every non-zero pixel and `context` px around; None: whole image; empty for an empty mask."""
    if context is None:
        return whole(mask)
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return Box(0, 0, 0, 0)
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    box = Box(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
    return box.grown(context, mask.shape)


def blend(old: Image, new: Image, mask: Mask, over: bool = False) -> Image:
    """`new` where the mask is 1, mixed where it is between, bit for bit `old` where it is 0. A frozen image, a new one
    or, if it may be written `over`, `new`: a copy of a huge photo saved."""
    if over and new.flags.owndata:
        return _blend_over(old, new, mask)
    result = old.copy()
    for before, after, part in zip(bands(result), bands(new), bands(mask), strict=True):
        where = part > 0
        if np.count_nonzero(where) < where.size // 8:  # scattered pixels are picked out, which is quicker
            before[where] = _mix(before[where], after[where], part[where, None])
        else:
            np.copyto(before, _mix(before, after, part[..., None]), where=where[..., None])
    return frozen(result)


def _blend_over(old: Image, new: Image, mask: Mask) -> Image:
    new.flags.writeable = True
    for before, after, part in zip(bands(old), bands(new), bands(mask), strict=True):
        between = (part > 0) & (part < 1)
        after[between] = _mix(before[between], after[between], part[between, None])
        np.copyto(after, before, where=(part <= 0)[..., None])
    return frozen(new)


def _mix(old: np.ndarray, new: np.ndarray, share: np.ndarray) -> np.ndarray:
    return np.where(share == 1, new, old + (new - old) * share)


def is_grey(image: Image) -> bool:
    """Whether red, green and blue are equal everywhere."""
    return all(
        bool((band[..., 0] == band[..., 1]).all() and (band[..., 0] == band[..., 2]).all()) for band in bands(image)
    )
