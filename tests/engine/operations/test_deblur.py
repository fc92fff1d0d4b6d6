"""What deblurring must reach: sharper photos, the network better than the others, no ringing, cancelling on the way."""

import cv2
import numpy as np
import pytest

from engine.diffusion import deconvolution, kernels
from engine.errors import Cancelled, RestoreError
from engine.image import Image, frozen
from engine.operation import Step, apply
from engine.operations.deblur import Deblur
from engine.progress import Progress
from engine.training.metrics import psnr
from tests.engine.diffusion.noisy_photos import crops, needs_photos, noisy

METHODS = ["pnp", "richardson-lucy", "wiener"]
KERNELS = {
    "gaussian": kernels.gaussian(1.6),
    "disc": kernels.disc(2.5),
    "motion": kernels.motion(9, 30),
}
SIZES = {"gaussian": 1.6, "disc": 2.5, "motion": 9.0}


def blurred(image: Image, kernel: np.ndarray, sigma: float, seed: int = 0) -> Image:
    """Blurred, less 16 px at each side, beyond which the photo goes on, and noisy (of 255)."""
    soft = cv2.filter2D(image, -1, kernel[::-1, ::-1])
    return noisy(frozen(soft[16:-16, 16:-16].copy()), sigma, seed)


def gain(operation: Deblur, kernel: np.ndarray, sigma: float, photos: list[Image]) -> float:
    """dB that the operation makes of blur and noise, mean over the photos."""
    gains: list[float] = []
    for seed, photo in enumerate(photos):
        soft, sharp = blurred(photo, kernel, sigma, seed), photo[16:-16, 16:-16]
        gains.append(psnr(apply(Step(operation), soft), sharp) - psnr(soft, sharp))
    return float(np.mean(gains))


@needs_photos
def test_the_network_gains_more_than_richardson_lucy_and_that_more_than_wiener() -> None:
    photos = crops(every=11, side=128)
    gains = {method: gain(Deblur(method=method, size=1.6), KERNELS["gaussian"], 2.55, photos) for method in METHODS}
    assert gains["wiener"] > 0.7
    assert gains["richardson-lucy"] > 1.4
    assert gains["pnp"] > gains["richardson-lucy"] + 0.4


@needs_photos
@pytest.mark.parametrize("method", ["richardson-lucy", "wiener"])
@pytest.mark.parametrize("blur", KERNELS)
def test_gains_on_every_blur(method: str, blur: str) -> None:
    operation = Deblur(method=method, blur=blur, size=SIZES[blur], angle=30.0)
    assert gain(operation, KERNELS[blur], 1.0, crops(every=16, side=160)) > (
        1.5 if method == "richardson-lucy" else 0.7
    )


@needs_photos
@pytest.mark.parametrize("method", METHODS)
def test_borders_do_not_ring(method: str) -> None:
    photo = crops(every=40, side=180)[0]
    soft = blurred(photo, KERNELS["gaussian"], 1.0)
    sharp = photo[16:-16, 16:-16]
    before, after = (np.abs(one - sharp) for one in (soft, apply(Step(Deblur(method=method, size=1.6)), soft)))
    for side in (np.s_[:6], np.s_[-6:], np.s_[:, :6], np.s_[:, -6:]):
        assert after[side].mean() < 1.1 * before[side].mean()


@pytest.mark.parametrize("method", METHODS)
def test_a_plain_edge_does_not_ring(method: str) -> None:
    image = np.full((72, 96, 3), 0.3, np.float32)
    image[:, 48:] = 0.7
    soft = noisy(frozen(cv2.GaussianBlur(image, (0, 0), 1.5)), 1.0)
    result = apply(Step(Deblur(method=method, size=1.5)), soft)
    assert np.diff(result, axis=1)[:, 44:52].max() > 1.2 * np.diff(soft, axis=1)[:, 44:52].max()
    assert result.max() < 0.7 + 0.08 and result.min() > 0.3 - 0.08


def test_more_smoothness_leaves_less_noise() -> None:
    dirty = noisy(frozen(np.full((64, 64, 3), 0.5, np.float32)), 5)
    for method in ("wiener", "richardson-lucy"):
        left = [apply(Step(Deblur(method=method, smoothness=s)), dirty).std() for s in (0.5, 1.0, 2.0)]
        assert left[0] > left[1] > left[2]


def test_a_photo_that_was_extended_meets_itself_without_a_step() -> None:
    image = np.random.default_rng(0).random((30, 41, 3)).astype(np.float32)
    image = cv2.GaussianBlur(image, (0, 0), 3) + np.linspace(0, 1, 41, dtype=np.float32)[:, None]
    planes = deconvolution.extend(image, 24)
    assert np.array_equal(planes[:, 24:54, 24:65].transpose(1, 2, 0), image)
    assert planes.shape[1] >= 78 and planes.shape[2] >= 89 and planes.shape[1] % 8 == planes.shape[2] % 8 == 0
    for axis in (1, 2):
        assert np.abs(planes - np.roll(planes, 1, axis)).max() < 0.1


def test_blurring_by_fourier_transform_is_blurring() -> None:
    planes = np.random.default_rng(0).random((3, 40, 48)).astype(np.float32)
    blurring = deconvolution.Blurring.by(kernels.motion(7, 20), (40, 48))
    padded = np.pad(planes[0], 8, mode="wrap")
    expected = cv2.filter2D(padded, -1, kernels.motion(7, 20)[::-1, ::-1])[8:-8, 8:-8]
    assert np.abs(blurring.apply(planes)[0] - expected).max() < 1e-5
    other = np.random.default_rng(1).random((3, 40, 48)).astype(np.float32)
    assert (blurring.apply(planes) * other).sum() == pytest.approx((planes * blurring.turned(other)).sum(), rel=1e-5)


@pytest.mark.parametrize("method", ["richardson-lucy", "wiener"])
def test_tiles_leave_no_seam(method: str) -> None:
    image = noisy(frozen(np.full((40, 700, 3), 0.5, np.float32)), 5)
    operation = Deblur(method=method, automatic=False, sigma=5)
    whole, left = (apply(Step(operation), frozen(one.copy())) for one in (image, image[:, :480]))
    assert np.abs(whole[:, :400] - left[:, :400]).max() < 1e-3


@pytest.mark.parametrize("method", ["pnp", "richardson-lucy"])
def test_can_be_cancelled_within_a_tile(method: str) -> None:
    said: list[float] = []

    def cancel(fraction: float) -> None:
        said.append(fraction)
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        apply(Step(Deblur(method=method)), frozen(np.full((60, 70, 3), 0.5, np.float32)), Progress(cancel))
    assert len(said) > 3 and said[-1] < 0.5


@needs_photos
def test_a_drawn_blur_is_undone_as_others_are() -> None:
    path = "0,0 5,1 6,5"
    operation = Deblur(method="richardson-lucy", blur="drawn", path=path)
    kernel = kernels.drawn([(0, 0), (5, 1), (6, 5)])
    photos = crops(every=16, side=160)
    assert gain(operation, kernel, 1.0, photos) > 1.5
    straight = Deblur(method="richardson-lucy", blur="motion", size=10, angle=0)
    assert gain(operation, kernel, 1.0, photos) > gain(straight, kernel, 1.0, photos) + 1


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "Draw the line"),
        ("3,4", "Draw the line"),
        ("1;2", "written as"),
        ("0,0 99,0", "at most"),
        ("0,0 nan,1", "w"),
    ],
)
def test_a_line_that_cannot_be_is_told(path: str, words: str) -> None:
    operation = Deblur(method="wiener", blur="drawn", path=path)
    assert operation.context > 0  # the window asks before it is run
    with pytest.raises(RestoreError, match=words):
        apply(Step(operation), frozen(np.full((40, 40, 3), 0.5, np.float32)))
