"""Guidance: letting copied patches follow a coarse picture of what a hole shall hold."""

import cv2
import numpy as np

from engine.filling import harmonic
from engine.filling.patches import Scene
from engine.progress import Progress

_DETAIL = 0.6  # Gaussian, px of the smallest picture: finer detail of a guide is not followed
_FADING = 0.7  # how much less it counts in a picture of twice the size


def add(image: np.ndarray, unknown: np.ndarray, guide: np.ndarray, depth: int) -> np.ndarray:
    """The colours of `image` (H, W, C), with those of `guide` (H, W, 1 or 3) where it is `unknown` (H, W), bool, as
    vague as a picture halved `depth` times: (H, W, C). What is compared are vague colours with vague colours."""
    if guide.shape[2] != image.shape[2]:
        guide = np.broadcast_to(guide.mean(axis=2, keepdims=True), image.shape)
    drawn = np.where(unknown[..., None], guide, image).astype(np.float32)
    return cv2.GaussianBlur(drawn, (0, 0), _DETAIL * 2**depth, borderType=cv2.BORDER_REFLECT).reshape(image.shape)


def weigh(scenes: list[Scene]) -> None:
    """Makes the guide, the fixed channels of the pictures at full, half ... of the size, count less in larger ones."""
    for depth, scene in enumerate(reversed(scenes)):
        scene.image[..., -scene.fixed :] *= _FADING**depth


def draw(scene: Scene) -> None:
    """Fills the hole of the smallest picture with the guide, its fixed channels; the other channels are as many of
    colour, and of texture, which a membrane fills."""
    count = scene.fixed
    scene.image[scene.hole, :count] = scene.image[scene.hole, -count:]
    scene.image[..., count:-count] = harmonic.fill(scene.image[..., count:-count], scene.hole, Progress())
