"""Undoing a known blur without a net: Wiener's filter and Richardson-Lucy with total variation."""

from dataclasses import dataclass

import numpy as np

from engine.progress import Progress

_GRADIENT = 0.06  # typical difference of neighbouring pixels in a sharp photo, 0..1
TURNS = 40  # of Richardson-Lucy
_WEIGHT = 0.4  # of total variation, for a noise level of 1: best of 0.1-1.6 on photos with 1 and 3 % noise
_MOST = 0.02  # more makes the turns swing instead of smoothing more
_DARK = 0.02  # added while Richardson-Lucy divides, which takes light as counted from 0


@dataclass(frozen=True)
class Blurring:
    """A blur by Fourier transform of pictures of one size, which go on periodically."""

    transfer: np.ndarray  # (H, W // 2 + 1), complex64: the kernel's transform
    shape: tuple[int, int]  # of the planes

    @classmethod
    def by(cls, kernel: np.ndarray, shape: tuple[int, int]) -> "Blurring":
        """By a kernel (N, N), N odd and no larger than `shape` (H, W)."""
        plane = np.zeros(shape, np.float32)
        side = len(kernel)
        plane[:side, :side] = kernel
        return cls(transform(np.roll(plane, (-(side // 2), -(side // 2)), (0, 1))), shape)

    def apply(self, planes: np.ndarray) -> np.ndarray:
        """The planes (C, H, W) blurred."""
        return self.back(transform(planes) * self.transfer)

    def turned(self, planes: np.ndarray) -> np.ndarray:
        """The planes blurred by the kernel turned by 180 degrees: the adjoint of `apply`."""
        return self.back(transform(planes) * self.transfer.conj())

    def back(self, spectrum: np.ndarray) -> np.ndarray:
        """The planes (C, H, W) of a spectrum."""
        from scipy import fft

        return np.asarray(fft.irfft2(spectrum, s=self.shape))


def transform(planes: np.ndarray) -> np.ndarray:
    """The spectrum (..., H, W // 2 + 1) of real planes (..., H, W), complex64."""
    from scipy import fft

    return np.asarray(fft.rfft2(planes))


def extend(image: np.ndarray, margin: int) -> np.ndarray:
    """The image (H, W, C) as planes (C, H + >= 2 margin, W + >= 2 margin), itself in the middle from (margin, margin),
    around it mirrored and faded so that left and right, top and bottom meet without a step: what a Fourier transform
    takes for neighbours would ring otherwise. Sizes are multiples of 8 such that the transform is quick."""
    planes = np.ascontiguousarray(image.transpose(2, 0, 1))
    for axis in (1, 2):
        planes = _extend(planes, axis, margin)
    return np.ascontiguousarray(planes)


def _extend(planes: np.ndarray, axis: int, margin: int) -> np.ndarray:
    from scipy import fft

    length = planes.shape[axis]
    eighths = -(-(length + 2 * margin) // 8)
    total = 8 * (fft.next_fast_len(eighths, real=True) or eighths)  # None only in its stubs
    gap = total - length
    widths = [(0, 0)] * 3
    widths[axis] = (gap, gap)
    wide = np.moveaxis(np.pad(planes, widths, mode="symmetric"), axis, 0)
    way = np.clip(3 * (np.arange(gap) + 0.5) / gap - 1, 0, 1)  # only the middle third is mixed
    share = (0.5 + 0.5 * np.cos(np.pi * way)).astype(np.float32)[:, None, None]
    between = share * wide[gap + length :] + (1 - share) * wide[:gap]  # from the last pixel round to the first
    ring = np.concatenate((wide[gap : gap + length], between))
    return np.moveaxis(np.roll(ring, margin, axis=0), 0, axis)


def wiener(planes: np.ndarray, blurring: Blurring, sigma: float, smoothness: float) -> np.ndarray:
    """The planes (C, H, W) without their blur and noise of level `sigma` (0..1), by Wiener's filter (1949) for photos
    whose neighbouring pixels differ by _GRADIENT, that is of a spectrum that falls with the frequency squared.

    `smoothness` 1 is right for that; more leaves less noise. May leave 0..1.
    """
    y, x = (2 - 2 * np.cos(2 * np.pi * np.fft.fftfreq(side)) for side in blurring.shape)
    laplacian = (y[:, None] + x[: blurring.transfer.shape[1]]).astype(np.float32)
    noise = np.float32((smoothness * sigma / _GRADIENT) ** 2)
    answer = blurring.transfer.conj() / (np.abs(blurring.transfer) ** 2 + noise * laplacian + np.float32(1e-8))
    return blurring.back(transform(planes) * answer)


def richardson_lucy(
    planes: np.ndarray, blurring: Blurring, sigma: float, smoothness: float, progress: Progress
) -> np.ndarray:
    """The planes (C, H, W) without their blur, by Richardson's and Lucy's turns with total variation against the noise
    (Dey et al. 2006, eq. 14), its weight `smoothness` times what suits a noise level of `sigma`. Never negative.
    Raises Cancelled."""
    weight = np.float32(min(_MOST, smoothness * _WEIGHT * sigma))
    seen = np.maximum(planes, 0) + np.float32(_DARK)
    result = seen
    for _ in progress.each(range(TURNS)):
        ratio = seen / np.maximum(blurring.apply(result), np.float32(1e-4))
        result = result * np.maximum(blurring.turned(ratio), 0) / (1 - weight * _curvature(result))
    return result - np.float32(_DARK)


def _curvature(planes: np.ndarray) -> np.ndarray:
    """div(grad u / |grad u|) of planes (C, H, W) that go on periodically, all channels' gradients together."""
    y, x = np.roll(planes, -1, axis=1) - planes, np.roll(planes, -1, axis=2) - planes
    length = np.sqrt((y * y + x * x).sum(axis=0) + np.float32(1e-4))
    y, x = y / length, x / length
    return y - np.roll(y, 1, axis=1) + x - np.roll(x, 1, axis=2)
