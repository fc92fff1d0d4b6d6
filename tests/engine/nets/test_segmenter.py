"""The segmenter: what stands out of the photo is what it sees, and its answer is a probability."""

import pytest
import torch

from engine.nets.segmenter import Segmenter, seen


def test_top_hats_see_what_is_narrow_and_nothing_else() -> None:
    """A light line in the white one, a dark line in the black one; a step and a broad bar in none."""
    photo = torch.full((1, 3, 64, 64), 0.5)
    photo[..., 10, :] = 0.9
    photo[..., 20, :] = 0.2
    photo[..., 34:, :] = 0.7
    white, black, ones = seen(photo)[0, 6:9]
    assert white[10].min() == pytest.approx(4 * 0.4) and black[20].min() == pytest.approx(4 * 0.3)
    assert white[:9].max() < 1e-6 and white[11:].max() < 1e-6 and black[21:].max() < 1e-6
    assert ones.min() == ones.max() == 1


def test_only_what_is_light_in_all_channels_is_in_the_white_top_hat() -> None:
    photo = torch.full((1, 3, 32, 32), 0.5)
    photo[:, 0, 10] = 0.9  # red
    assert seen(photo)[0, 6].max() < 1e-6


def test_answers_are_rare_at_first_and_probabilities() -> None:
    torch.manual_seed(0)
    net, photo = Segmenter([8, 8, 8], 1), torch.rand(2, 3, 32, 40)
    answer = net(photo)
    assert answer.shape == photo.shape and answer.min() > 0 and answer.mean() < 0.1
    assert torch.allclose(photo + net.residual(photo), answer, atol=1e-6)


def test_upside_down_the_answer_is_the_same() -> None:
    torch.manual_seed(0)
    net, photo = Segmenter([8, 8, 8], 1), torch.rand(2, 3, 32, 40)
    torch.nn.init.normal_(net.unet.head.weight, std=0.3)
    assert torch.allclose(net(photo.flip(2, 3)).flip(2, 3), net(photo), atol=1e-6)
    assert not torch.allclose(net.logits(photo.flip(2, 3)).flip(2, 3), net.logits(photo), atol=1e-2)
