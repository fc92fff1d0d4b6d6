"""What the recipes have in common when they score themselves on the test sets."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from engine.training import metrics

SETS = {"cbsd68": "cbsd68", "mcmaster": "mcmaster18"}
Restore = Callable[[np.ndarray], np.ndarray]  # (H, W, 3) in 0..1 both


def read(file: Path) -> np.ndarray:
    """A photo as float32 (H, W, 3) in 0..1."""
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"), np.float32) / np.float32(255)


@torch.no_grad()
def run(net: Callable[[Tensor], Tensor], image: np.ndarray, device: torch.device, multiple: int = 32) -> np.ndarray:
    """The answer of `net`, (1, C, H, W) -> (1, 3, H, W), for an image (H, W, C) of any size, clipped. (H, W, 3)"""
    height, width = image.shape[:2]
    x = torch.from_numpy(image).permute(2, 0, 1)[None].to(device)
    padded = F.pad(x, (0, -width % multiple, 0, -height % multiple), mode="reflect")
    return net(padded)[0, :, :height, :width].permute(1, 2, 0).float().clamp(0, 1).cpu().numpy()


def through_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """The image after a JPEG file of libjpeg's `quality` with colours at half the resolution, as is usual."""
    file = io.BytesIO()
    Image.fromarray(np.round(image * 255).astype(np.uint8)).save(file, "jpeg", quality=quality)
    with Image.open(file) as opened:
        return np.asarray(opened.convert("RGB"), np.float32) / np.float32(255)


def jpeg_gains(restore: Restore, test: Path, qualities: tuple[int, ...]) -> dict[str, float]:
    """Mean gain in dB over the JPEG itself for each set and quality: {"cbsd68_q10": ...}; {} without the sets."""
    gains: dict[str, float] = {}
    for label, folder in SETS.items():
        references = [read(file) for file in sorted((test / folder).glob("*.png"))]
        for quality in qualities if references else ():
            pairs = [(reference, through_jpeg(reference, quality)) for reference in references]
            gains[f"{label}_q{quality}"] = round(float(np.mean([gain(restore, *pair) for pair in pairs])), 3)
    return gains


def camera_gains(restore: Restore, test: Path) -> list[float]:
    """Gains in dB on the pairs of real camera noise, in name order; [] without them."""
    folder = test / "real_noise_nam"
    files = sorted((folder / "noisy").glob("*.png"))
    return [gain(restore, read(folder / "gt" / file.name.replace("noise", "gt")), read(file)) for file in files]


def gain(restore: Restore, reference: np.ndarray, degraded: np.ndarray) -> float:
    """How much nearer to the reference the restored image is, dB."""
    return metrics.psnr(restore(degraded), reference) - metrics.psnr(degraded, reference)
