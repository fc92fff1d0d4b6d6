"""Texture, vary and blend, with a stand-in for the nets: what the operations do with what nets make."""

import numpy as np
import pytest

from engine import samplers
from engine.errors import RestoreError
from engine.image import frozen
from engine.operation import Step, apply
from engine.operations import texture as texture_file
from engine.operations.blend import Blend
from engine.operations.texture import Texture
from engine.operations.vary import Vary
from engine.progress import Progress


def _image(height: int = 96, width: int = 128) -> np.ndarray:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return frozen(np.stack((0.3 + 0.002 * x, 0.5 + 0.002 * y, np.full_like(x, 0.4)), axis=2))


def _selection(height: int = 96, width: int = 128, top: int = 30, left: int = 40) -> np.ndarray:
    mask = np.zeros((height, width), np.float32)
    mask[top : top + 32, left : left + 40] = 1
    return frozen(mask)


sizes_of_vary: list[tuple[int, ...]] = []  # that were asked for


@pytest.fixture(autouse=True)
def nets(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Waves that tile for a generator, a shift of brightness for a VAE; gives the sizes that were asked for."""
    sizes: list[tuple[int, int]] = []
    sizes_of_vary.clear()

    def texture(_name: str, size: tuple[int, int], seed: int, *_more: object, **_named: object) -> np.ndarray:
        sizes.append(size)
        y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
        wave = 0.1 * np.sin(2 * np.pi * (seed + x / 8)) * np.cos(2 * np.pi * y / 8)
        return np.repeat(0.8 + wave[..., None], 3, axis=2).astype(np.float32)

    def vary(image: np.ndarray, _share: np.ndarray, amount: float, *_more: object) -> np.ndarray:
        sizes_of_vary.append(image.shape)
        return np.full_like(image, 0.1 * amount)

    def blend(one: np.ndarray, other: np.ndarray, share: float, *_more: object) -> tuple[np.ndarray, ...]:
        means = [np.broadcast_to(patch.mean((0, 1)), patch.shape) for patch in (one, other)]
        return means[0], (1 - share) * means[0] + share * means[1], means[1]

    monkeypatch.setattr(samplers, "texture", texture)
    monkeypatch.setattr(samplers, "vary", vary)
    monkeypatch.setattr(samplers, "blend", blend)
    return sizes


def test_a_texture_in_a_selection_has_the_colours_around_it() -> None:
    image, mask = _image(), _selection()
    plain, met = (apply(Step(Texture(meet=meet), mask), image) for meet in (False, True))
    inside = mask > 0
    assert np.array_equal(met[~inside], image[~inside])
    assert np.abs(plain[inside].mean(axis=0) - 0.8).max() < 0.02
    assert np.abs((met - image)[inside].mean(axis=0)).max() < 0.02
    assert met[inside].std() > image[inside].std()  # the waves are there


def test_only_what_is_selected_is_made(nets: list[tuple[int, int]]) -> None:
    apply(Step(Texture(), _selection()), _image())
    assert nets == [(32 + 16, 40 + 16)]


@pytest.mark.parametrize("shape", [(96, 128), (90, 133)])
def test_a_whole_texture_tiles_at_any_size(shape: tuple[int, int]) -> None:
    made = apply(Step(Texture()), _image(*shape)).astype(float)
    for axis in (0, 1):
        steps = np.abs(np.diff(made, axis=axis))
        first, last = made.take(0, axis=axis), made.take(-1, axis=axis)
        assert np.abs(first - last).max() <= 1.2 * steps.max()


def test_structure_is_as_large_as_asked(nets: list[tuple[int, int]]) -> None:
    apply(Step(Texture(size=4.0)), _image(128, 256))
    assert nets == [(32, 64)]


def test_a_cut_texture_does_not_go_on_at_its_other_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is scaled its borders, by whose colours it meets the photo, are its own."""
    ramp = np.linspace(0, 1, 64, dtype=np.float32)
    monkeypatch.setattr(
        samplers, "texture", lambda _name, size, *_more, **_named: np.tile(ramp[: size[1], None], (size[0], 1, 3))
    )
    made = apply(Step(Texture(size=2.0, tileable=False)), _image(32, 100))
    assert np.all(np.diff(made[16, :, 0]) >= 0)


def test_a_large_texture_is_scaled_in_pieces_without_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = apply(Step(Texture(size=3.0)), _image(130, 170))
    monkeypatch.setattr(texture_file, "_PIECE", 50)
    assert np.abs(apply(Step(Texture(size=3.0)), _image(130, 170)) - whole).max() < 0.003  # coordinates in 1/32 px


def test_varying_looks_no_farther_than_its_context() -> None:
    """What the VAE makes depends on the size that it is shown, so that must not depend on who calls."""
    image, mask = _image(300, 400), _selection(300, 400, 150, 200)
    operation = Vary(amount=1.0)
    assert np.array_equal(
        operation.run(image, mask, Progress())[mask > 0], apply(Step(operation, mask), image)[mask > 0]
    )
    assert sizes_of_vary == [(166, 176, 3)] * 2


def test_varying_fades_out_at_the_border_of_the_selection() -> None:
    image, mask = _image(), _selection()
    change = (apply(Step(Vary(amount=1.0), mask), image) - image)[..., 0]
    assert change[46, 60] == pytest.approx(0.1, abs=1e-4)
    assert 0 < change[46, 40] < 0.03
    assert np.all(change[mask == 0] == 0)


def test_two_patches_are_blended_from_one_end_to_the_other() -> None:
    image = _image()
    mask = _selection().copy()
    mask[70:90, 100:120] = 1
    mask = frozen(mask)
    start, end = (apply(Step(Blend(share=share, meet=False), mask), image) for share in (0.0, 1.0))
    assert np.abs(start - image).max() < 1e-5
    assert np.abs(end[30:62, 40:80].mean((0, 1)) - image[70:90, 100:120].mean((0, 1))).max() < 0.01
    assert np.array_equal(end[70:90, 100:120], image[70:90, 100:120])  # the smaller one stays


def test_blending_takes_the_two_largest_of_very_many_places() -> None:
    image = _image(600, 800)
    mask = _selection(600, 800).copy()
    mask[300:310, 400:410] = 1
    mask[::6, 600::6] = 1  # specks, as a detector finds them: a mask of the photo's size for each would fill the memory
    made = apply(Step(Blend(share=1.0), frozen(mask)), image)
    assert np.flatnonzero(np.abs(made - image).max(axis=(0, 2)) > 1e-4).max() < 80
    assert np.array_equal(apply(Step(Blend(share=0.0), frozen(mask)), image), image)


def test_blending_needs_two_places() -> None:
    with pytest.raises(RestoreError, match="two selected places"):
        apply(Step(Blend(), _selection()), _image())
