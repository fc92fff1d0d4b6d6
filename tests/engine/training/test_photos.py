"""Crops for training: cut where they are asked for, turned, and from a store where a GPU would wait for each."""

import pytest
import torch
from torch import Tensor

from engine.training import photos
from engine.training.photos import Crops


def _photos() -> list[Tensor]:
    """Ramps in both directions, each of a blue of its own."""
    y, x = torch.meshgrid(torch.arange(90), torch.arange(120), indexing="ij")
    return [torch.stack((y, x, torch.full_like(y, 200 + number))).to(torch.uint8) for number in range(3)]


def test_pieces_are_cut_where_they_are_asked_for() -> None:
    pictures = torch.arange(2 * 3 * 10 * 12).view(2, 3, 10, 12)
    cut = photos.pieces(pictures, torch.tensor([1, 0]), torch.tensor([[2, 3], [4, 8]]), 4)
    assert torch.equal(cut[0], pictures[1, :, 2:6, 4:8]) and torch.equal(cut[1], pictures[0, :, 3:7, 8:12])


@pytest.mark.parametrize(("across", "kinds"), [(0.0, 4), (0.5, 8)])
def test_pictures_are_turned_in_every_way_that_is_allowed(across: float, kinds: int) -> None:
    picture = torch.arange(9.0).view(1, 1, 3, 3)
    views = photos.turned(picture.expand(400, 1, 3, 3), across, torch.Generator().manual_seed(0))
    assert len({tuple(view.flatten().tolist()) for view in views}) == kinds
    allowed = [picture[0].rot90(quarter, (1, 2)) for quarter in range(4)]
    allowed += [view.flip(2) for view in allowed]
    assert all(any(torch.equal(view, one) for one in allowed) for view in views[:40])


def _crops(reduced: float) -> Crops:
    return Crops(_photos(), 32, 0.0, 0, torch.Generator().manual_seed(1), reduced, 2.0)


@pytest.mark.parametrize("store", [False, True])
def test_crops_are_parts_of_the_photos(store: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Crops, "_recolour", lambda _self, batch: batch)
    crops = _crops(0.0)
    if store:
        crops.ready = crops.store(20)
        monkeypatch.setattr(photos, "_RENEWED", 5)
        before = crops.ready.clone()
        crops.renew()
        assert 0 < (crops.ready != before).flatten(1).any(1).sum() <= 5
    batch = crops.batch(24) * 255
    assert batch.shape == (24, 3, 32, 32) and batch.dtype == torch.float32
    for one in batch:
        steps = [float(one[:2].diff(dim=axis).abs().mean()) for axis in (1, 2)]
        assert steps[0] == pytest.approx(steps[1], abs=1e-3)  # both ramps, one each way
        assert one[2].unique().numel() == 1 and 200 <= one[2].mean().round() <= 202
    assert len({int(one[2].mean().round()) for one in batch}) == 3


def test_some_crops_are_of_reduced_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    """There the ramps are steeper."""
    monkeypatch.setattr(Crops, "_recolour", lambda _self, batch: batch)
    slopes = [float(one[:2].diff(dim=2).abs().mean() * 255) for one in _crops(0.5).batch(40)]
    assert min(slopes) == pytest.approx(0.5, abs=0.01) and 0.8 < max(slopes) < 1.1
