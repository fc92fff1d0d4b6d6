"""From probabilities to a mask: thresholds and which pieces are meant, where the answer is known."""

import cv2
import numpy as np
import pytest

from engine.finding import by_net
from engine.image import frozen


def test_half_sensitivity_is_the_usual_threshold_and_more_is_lower() -> None:
    assert by_net.threshold(2.2, 0.5) == pytest.approx(0.9, abs=0.01)
    steps = [by_net.threshold(2.2, sensitivity) for sensitivity in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    assert steps == sorted(steps, reverse=True)
    assert 0.9 < steps[0] < 1 and 0 < steps[-1] < 0.1


def test_of_a_line_that_is_shown_too_broad_what_stands_out_is_kept() -> None:
    y, x = np.mgrid[:1200, :300].astype(np.float32)
    image = np.repeat((0.3 + 0.2 * x / 300 + 0.1 * y / 1200)[..., None], 3, axis=2)
    found = np.zeros((1200, 300), np.float32)
    found[:, 100:120] = found[505:525] = 1  # across where bands of rows meet
    image[:, 107:112] += 0.3
    image[510:516, :, 1] -= 0.2
    image[700:702, 107:112] -= 0.3  # a gap
    kept = by_net.standing_out(frozen(found), frozen(image), 16)
    lines = np.zeros((1200, 300), bool)
    lines[:, 107:112] = lines[510:516] = True
    assert kept[lines].all() and kept[~lines].mean() < 0.01
    assert not by_net.standing_out(frozen(np.zeros_like(found)), frozen(image), 16).any()


def _line(height: int, softness: float) -> tuple[np.ndarray, np.ndarray]:
    """A light line over shading and faint grain, this soft; and a mask of its middle."""
    y, x = np.mgrid[:height, :300].astype(np.float32)
    line = (np.abs(x - 150) < 2).astype(np.float32)
    plane = 0.3 + 0.2 * y / height + 0.5 * (cv2.GaussianBlur(line, (0, 0), softness) if softness else line)
    image = np.repeat(plane[..., None], 3, axis=2)
    return image + np.random.default_rng(0).normal(0, 0.01, image.shape).astype(np.float32), line


def test_the_rim_is_as_wide_as_damage_shows_around_its_mask() -> None:
    widths = [by_net.rim(frozen(line), frozen(image)) for image, line in (_line(600, s) for s in (0, 1.0, 2.0, 8.0))]
    assert widths[0] == 1 and widths == sorted(widths)
    assert widths[1] in (2, 3) and widths[3] == 4  # no more
    assert widths[2] > widths[1]


def test_the_rim_of_a_few_pixels_is_not_measured() -> None:
    image, line = _line(60, 2.0)
    assert by_net.rim(frozen(line), frozen(image)) == 1
    assert by_net.rim(frozen(np.ones((60, 60), np.float32)), frozen(np.ones((60, 60, 3), np.float32))) == 1


def test_what_is_wider_than_the_size_is_left_alone_and_what_hangs_on_it_is_not() -> None:
    found = np.zeros((80, 80), np.float32)
    found[5:8, 5:75] = 1  # 3 px
    found[30:70, 30:50] = 1  # 20 px
    found[49:51, 50:75] = 1  # 2 px, beside it
    kept = by_net.narrow(frozen(found), 10)
    assert kept[5:8, 5:75].all() and kept[49:51, 54:75].all()
    assert kept[30:70, 30:50].mean() < 0.02  # its corners
    assert (by_net.narrow(frozen(found), 20) == found).all()
    assert not by_net.narrow(frozen(found), 2)[5:8, 8:72].any()


def test_a_speck_is_alone_and_many_are_a_crowd() -> None:
    found, others = np.zeros((200, 300), np.float32), np.zeros((200, 300), np.float32)
    found[100, 40:43] = 1
    found[40:160:6, 180:280:6] = 1
    others[99:102, 40:43] = 1  # itself
    others[40:160:6, 180:280:3] = 1
    kept = by_net.alone(frozen(found), frozen(others))
    assert kept[100, 40:43].all() and not kept[:, 150:].any()
    assert (by_net.alone(frozen(found), frozen(np.zeros_like(others))) == found).all()


def test_a_chain_is_no_scratch_and_cracks_that_meet_are_no_chain() -> None:
    lines = np.zeros((200, 300), np.uint8)
    for y in range(20, 180, 13):
        cv2.ellipse(lines, (60, y), (6, 7), 0, 0, 360, 1, 1)
    cracks = np.zeros_like(lines)
    for start, end in [
        ((120, 10), (280, 190)),
        ((290, 20), (130, 180)),
        ((110, 100), (290, 90)),
        ((205, 5), (200, 195)),
    ]:
        cv2.line(cracks, start, end, 1, 2)
    both = frozen((lines | cracks).astype(np.float32))
    sure = both.copy()
    sure[::3] = 0
    kept = by_net.without_rings(frozen(sure), both)
    assert not kept[:, :100].any() and (kept[:, 100:] == sure[:, 100:]).all()


def test_lighter_and_darker_are_told_apart() -> None:
    image, found = np.full((60, 80, 3), 0.4, np.float32), np.zeros((60, 80), np.float32)
    found[10:13, 5:75] = found[40:43, 5:75] = 1
    image[10:13, 5:75], image[40:43, 5:75] = 0.9, 0.1
    light, dark = (by_net.only_lighter(frozen(found), frozen(image), lighter) for lighter in (True, False))
    assert light[11, 40] == 1 and not light[30:].any()
    assert dark[41, 40] == 1 and not dark[:30].any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1)])
def test_tiny_and_empty_masks(shape: tuple[int, int]) -> None:
    empty = by_net.find(np.zeros(shape, np.float32), 0.5)
    assert empty.shape == shape and not empty.any()
    assert not by_net.narrow(empty, 5).any() and not by_net.alone(empty, empty).any()
    full = frozen(np.ones(shape, np.float32))
    assert not by_net.without_rings(empty, empty).any() and by_net.without_rings(full, full).all()
    assert by_net.only_lighter(full, frozen(np.full((*shape, 3), 0.5, np.float32)), lighter=True).shape == shape
