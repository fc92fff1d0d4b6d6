"""Steps: the one place where masks, cropping and checks live; and finding operations by walking a folder."""

import tracemalloc
from dataclasses import dataclass, replace

import numpy as np
import pytest

from engine import operations
from engine.errors import Cancelled, RestoreError
from engine.image import Image, Mask, frozen, is_grey
from engine.operation import Operation, Step, apply, walk
from engine.params import param
from engine.progress import Progress


@dataclass(frozen=True)
class Probe(Operation):
    """Makes everything `value` and remembers what it was shown."""

    title = "Probe"
    group = "repair"
    value: float = param(1.0, "Value", low=0, high=1)
    reach: int = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", [])

    @property
    def context(self) -> int:
        return self.reach

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        self.seen.append((image, mask))  # type: ignore[attr-defined]
        progress(1.0)
        return np.full_like(image, self.value)


@dataclass(frozen=True)
class Needy(Probe):
    needs_mask = True
    group = "sample"


@dataclass(frozen=True)
class Mending(Needy):
    group = "repair"


@dataclass(frozen=True)
class Turning(Probe):
    moves = True

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        assert mask is None
        return np.ascontiguousarray(np.rot90(image))


@dataclass(frozen=True)
class Tinting(Probe):
    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        result = image.copy()
        result[..., 0] += 0.3
        return result


@dataclass(frozen=True)
class Colouring(Tinting):
    colours = True


IMAGE = frozen(np.random.default_rng(0).random((40, 50, 3)).astype(np.float32) * 0.5)
GREY = frozen(np.repeat(IMAGE[..., :1], 3, 2))


def spot() -> Mask:
    mask = np.zeros((40, 50), np.float32)
    mask[10:14, 20:26], mask[12, 22] = 1, 0.5
    return frozen(mask)


def test_without_a_mask_it_acts_everywhere() -> None:
    assert (apply(Step(Probe()), IMAGE) == 1).all()


def test_with_a_mask_it_sees_its_surroundings_only_and_changes_the_mask_only() -> None:
    probe, mask = Probe(), spot()
    result = apply(Step(probe, mask), IMAGE)
    shown, shown_mask = probe.seen[0]  # type: ignore[attr-defined]
    assert shown.shape == (10, 12, 3) and not shown.flags.writeable
    assert np.array_equal(shown, IMAGE[7:17, 17:29]) and np.array_equal(shown_mask, mask[7:17, 17:29])
    assert np.array_equal(result[mask == 0], IMAGE[mask == 0])
    assert (result[mask == 1] == 1).all()
    assert np.allclose(result[12, 22], (IMAGE[12, 22] + 1) / 2)


def test_nearly_the_whole_photo_is_not_copied_and_what_is_not_selected_stays() -> None:
    image = frozen(np.random.default_rng(1).random((1000, 1000, 3)).astype(np.float32))
    mask = np.zeros((1000, 1000), np.float32)
    mask[10::100, 10:-10] = 1
    operation, step = Probe(0.25), frozen(mask)
    tracemalloc.start()
    result = apply(Step(operation, step), image)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (result[mask == 1] == 0.25).all() and np.array_equal(result[mask == 0], image[mask == 0])
    assert peak < 1.4 * image.nbytes  # what it makes, and little else


def test_what_an_operation_gives_that_is_frozen_is_not_written_over() -> None:
    image, kept = frozen(np.zeros((20, 20, 3), np.float32)), frozen(np.ones((20, 20, 3), np.float32))

    class Keeping(Probe):
        def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
            return kept

    mask = np.ones((20, 20), np.float32)
    mask[5] = 0
    result = apply(Step(Keeping(), frozen(mask)), image)
    assert kept.min() == 1 and result[5].max() == 0 and result[6].min() == 1


def test_an_empty_mask_changes_nothing_and_runs_nothing() -> None:
    probe = Probe()
    assert apply(Step(probe, frozen(np.zeros((40, 50), np.float32))), IMAGE) is IMAGE
    assert not probe.seen  # type: ignore[attr-defined]


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(RestoreError, match=r"50 x 41.*50 x 40"):
        apply(Step(Probe(), frozen(np.ones((41, 50), np.float32))), IMAGE)


@pytest.mark.parametrize("mask", [None, frozen(np.zeros((40, 50), np.float32))])
def test_what_needs_a_mask_says_so(mask: Mask | None) -> None:
    with pytest.raises(RestoreError, match=r"needs a selection\.$"):
        apply(Step(Needy(), mask), IMAGE)
    with pytest.raises(RestoreError, match=r"needs a selection: paint over the damage first\.$"):
        apply(Step(Mending(), mask), IMAGE)


def test_parameters_out_of_range_are_refused_before_the_work() -> None:
    probe = Probe(value=2.0)
    with pytest.raises(RestoreError, match="Value"):
        apply(Step(probe), IMAGE)
    assert not probe.seen  # type: ignore[attr-defined]


def test_what_moves_pixels_acts_on_everything() -> None:
    assert apply(Step(Turning(), spot()), IMAGE).shape == (50, 40, 3)


@pytest.mark.parametrize("mask", [None, spot()])
def test_grey_stays_grey_unless_it_is_about_colour(mask: Mask | None) -> None:
    assert is_grey(apply(Step(Tinting(), mask), GREY))
    assert not is_grey(apply(Step(Colouring(), mask), GREY))
    assert not is_grey(apply(Step(Tinting(), mask), IMAGE))


def test_cancelling_goes_through() -> None:
    def stop(_fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        apply(Step(Probe()), IMAGE, Progress(stop))


def test_walking_finds_every_file_by_its_name() -> None:
    found = walk(operations.__name__, operations.__path__, Operation)
    assert list(found) == sorted(found) and found == operations.FOUND
    assert {"fill", "median", "plate", "rotate"} <= set(found)
    assert all(cls.id == word for word, cls in found.items())


def test_a_file_with_no_operation_is_refused(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "walked_in_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "nothing.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TypeError, match="nothing defines 0"):
        walk("walked_in_a_test", [str(package)], Operation)


@dataclass(frozen=True)
class Measuring(Probe):
    def settle(self, image: Image) -> "Measuring":
        return Measuring(float(image.max()), self.reach)


def test_what_is_measured_is_measured_on_the_whole_image() -> None:
    image = IMAGE.copy()
    image[-1, -1] = 0.9
    mask = spot()
    result = apply(Step(Measuring(), mask), frozen(image))
    assert result[mask == 1] == pytest.approx(0.9)


def test_taking_colour_back_needs_no_second_image() -> None:
    big = frozen(np.full((2000, 1000, 3), 0.5, np.float32))
    tracemalloc.start()
    result = apply(Step(Tinting()), big)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert is_grey(result)
    assert peak < 1.5 * big.nbytes  # the one that the operation makes, and some rows


@dataclass(frozen=True)
class Passing(Probe):
    """Makes everything `value` in passes, a tenth each."""

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        for number in range(1, 4):
            progress(number / 4)
            progress.offer(np.full_like(image, number / 10), replace(self, value=number / 10))
        return np.full_like(image, self.value)


def test_offers_are_whole_images_that_keep_what_is_not_selected() -> None:
    image = frozen(np.full((20, 30, 3), 0.9, np.float32))
    mask = np.zeros((20, 30), np.float32)
    mask[8:10, 8:10] = 1
    kept: list[tuple[Image, Operation]] = []
    apply(Step(Passing(), frozen(mask)), image, Progress(keep=lambda *offer: kept.append(offer)))
    assert len(kept) == 3
    for offered, by in kept:
        assert not offered.flags.writeable
        assert (offered[mask == 0] == image[mask == 0]).all()
        assert np.array_equal(offered, apply(Step(Probe(by.value), frozen(mask)), image))  # type: ignore[attr-defined]
