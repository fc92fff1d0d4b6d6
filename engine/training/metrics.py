"""How good a restored photo is: PSNR and SSIM as papers report them."""

import numpy as np
from scipy import ndimage


def psnr(restored: np.ndarray, reference: np.ndarray) -> float:
    """Peak signal-to-noise ratio over all pixels and channels, dB. Both the same shape, in [0, 1]; equal gives inf."""
    error = np.mean((restored.astype(np.float64) - reference.astype(np.float64)) ** 2)
    return float("inf") if error == 0 else float(-10 * np.log10(error))


def psnr_inside(restored: np.ndarray, reference: np.ndarray, mask: np.ndarray) -> float:
    """PSNR over the pixels where `mask` (H, W) is not 0, dB."""
    inside = mask > 0
    return psnr(restored[inside], reference[inside])


def ssim(restored: np.ndarray, reference: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004, eq. 13), Gaussian window of sigma 1.5, mean over pixels and channels.

    Both (H, W, C) in [0, 1], sides of at least 11 px.
    """

    def smooth(plane: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(plane, (1.5, 1.5, 0), truncate=3.5)

    a, b = restored.astype(np.float64), reference.astype(np.float64)
    mean_a, mean_b = smooth(a), smooth(b)
    variance = smooth(a * a) - mean_a**2 + smooth(b * b) - mean_b**2
    covariance = smooth(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    scores = (2 * mean_a * mean_b + c1) * (2 * covariance + c2) / ((mean_a**2 + mean_b**2 + c1) * (variance + c2))
    return float(scores[5:-5, 5:-5].mean())
