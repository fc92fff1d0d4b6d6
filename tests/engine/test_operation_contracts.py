"""What every operation and every detector promises; a new file is tested by existing."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest

from engine import detectors, operations, params
from engine.errors import Cancelled, RestoreError
from engine.image import Image, Mask, frozen, is_grey
from engine.operation import Detector, Operation, Step, apply
from engine.progress import Progress

GROUPS = {"noise", "repair", "geometry", "sharpen", "sample"}
HEIGHT, WIDTH = 48, 64
WORDS = sorted(operations.ALL)
FINDERS = sorted(detectors.ALL)


def photo(height: int = HEIGHT, width: int = WIDTH, seed: int = 0) -> Image:
    """A made-up photo: shading, a bright disc with an edge, stripes, a scratch and a little noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    image = np.stack([0.3 + 0.3 * x / width, 0.5 - 0.2 * y / height, 0.4 + 0.1 * np.sin(x / 3)], axis=2)
    image[(y - height / 2) ** 2 + (x - width / 3) ** 2 < (height / 4) ** 2] += 0.25
    image[:, width * 3 // 4] = 0.95
    return frozen((image + 0.02 * random.standard_normal(image.shape)).astype(np.float32))


def grey_photo() -> Image:
    return frozen(np.repeat(photo()[..., 1:2], 3, axis=2))


def spot() -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    mask[20:26, 30:34] = 1
    mask[26, 30:34] = 0.5
    return frozen(mask)


def selected(operation: Operation, mask: np.ndarray) -> Mask:
    """The mask, with a second place in the corner for an operation that needs two."""
    mask = mask.copy()
    if operation.least_places == 2:
        mask[-1, -1] = 1
    return frozen(mask)


def run(operation: Operation, image: Image, progress: Progress | None = None) -> Image:
    """The whole image, or a spot of it where the operation refuses to work without a mask."""
    mask = spot() if operation.needs_mask else None
    if mask is not None and mask.shape != image.shape[:2]:
        corner = np.zeros(image.shape[:2], np.float32)
        corner[0, 0] = 1
        mask = corner
    return apply(Step(operation, None if mask is None else selected(operation, mask)), image, progress)


def variants(cls: type) -> list:
    """The default, and it with each choice of each parameter in turn."""
    found = [cls()]
    for one in params.describe(cls):
        found += [replace(found[0], **{one.name: choice}) for choice in one.choices if choice != one.default]
    return found


def label(obj: object) -> str:
    values, defaults = params.save(obj), params.save(type(obj)())
    changed = [f"{name}={value}" for name, value in values.items() if value != defaults[name]]
    return "-".join([type(obj).id, *changed])  # type: ignore[attr-defined]


OPERATIONS = [one for word in WORDS for one in variants(operations.ALL[word])]
DETECTORS = [one for word in FINDERS for one in variants(detectors.ALL[word])]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=label)
each_detector = pytest.mark.parametrize("detector", DETECTORS, ids=label)
each = pytest.mark.parametrize("cls", [*operations.ALL.values(), *detectors.ALL.values()], ids=lambda cls: cls.id)


@each
def test_declares_what_the_user_reads(cls: type) -> None:
    assert cls.title and cls.title[0].isupper()
    assert cls.summary.endswith(".")
    if issubclass(cls, Operation):
        assert cls.group in GROUPS
    with pytest.raises(FrozenInstanceError):
        cls().title = "another"


@each
def test_parameters_are_valid_by_default_and_described(cls: type) -> None:
    params.check(cls())
    assert len(params.describe(cls)) == len([one for one in fields(cls) if "settled" not in one.metadata])
    for one in params.describe(cls):
        assert one.label
        if one.kind in (int, float):
            assert one.low is not None and one.high is not None
            assert one.low <= one.default <= one.high
        if one.choices:
            assert one.default in one.choices


@each
def test_saving_and_loading_parameters_is_the_identity(cls: type) -> None:
    for obj in variants(cls):
        assert params.load(cls, params.save(obj)) == obj
        assert params.load(cls, {name: str(value) for name, value in params.save(obj).items()}) == obj


@each
def test_numbers_out_of_range_are_refused(cls: type) -> None:
    for one in params.describe(cls):
        if one.high is not None:
            with pytest.raises(RestoreError, match=one.label):
                params.check(replace(cls(), **{one.name: one.kind(one.high + 1)}))


@each_operation
def test_is_pure_and_deterministic(operation: Operation) -> None:
    image = photo()
    before = image.copy()
    first, second = run(operation, image), run(operation, image)
    assert np.array_equal(image, before)
    assert np.array_equal(first, second)
    assert not first.flags.writeable
    assert first.dtype == np.float32


@each_operation
def test_takes_read_only_and_writeable_pixels_alike(operation: Operation) -> None:
    if operation.needs_mask:
        pytest.skip("refuses to work without a mask")
    writeable = photo().copy()
    operation.run(writeable, None, Progress())
    assert np.array_equal(writeable, photo())


@each_operation
def test_keeps_the_size_unless_it_moves_pixels(operation: Operation) -> None:
    if not operation.moves:
        assert run(operation, photo()).shape == (HEIGHT, WIDTH, 3)


@each_operation
def test_is_mild_by_default(operation: Operation) -> None:
    if operation == type(operation)() and not operation.moves and operation.group != "sample":
        assert np.abs(run(operation, photo()) - photo()).mean() < 0.06


@each_operation
def test_amount_0_gives_the_input(operation: Operation) -> None:
    if not hasattr(operation, "amount"):
        pytest.skip("has no amount")
    assert np.array_equal(run(replace(operation, amount=0.0), photo()), photo())  # type: ignore[call-arg]


@each_operation
def test_reports_progress_that_never_goes_back_and_ends_at_1(operation: Operation) -> None:
    said: list[float] = []
    run(operation, photo(), Progress(said.append))
    assert said and said == sorted(said)
    assert said[-1] == pytest.approx(1, abs=0.02)


@each_operation
def test_stops_when_cancelled(operation: Operation) -> None:
    def cancel(_fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        run(operation, photo(), Progress(cancel))


@each_operation
def test_is_bit_exact_outside_the_mask(operation: Operation) -> None:
    if operation.moves:
        pytest.skip("acts on the whole picture")
    mask = selected(operation, spot())
    result = apply(Step(operation, mask), photo())
    assert np.array_equal(result[mask == 0], photo()[mask == 0])


@each_operation
def test_cropping_to_its_context_changes_nothing(operation: Operation) -> None:
    if operation.moves:
        pytest.skip("acts on the whole picture")
    side = 48 + 2 * min(operation.context or 0, 60)
    image, mask = photo(side, side + 8, seed=1), np.zeros((side, side + 8), np.float32)
    mask[side // 2 - 3 : side // 2 + 4, side // 2 - 2 : side // 2 + 9] = 1
    mask = selected(operation, mask)
    seen = mask if operation.needs_mask or operation.fits_mask else None
    whole = operation.settle(image).run(image, seen, Progress())
    cropped = apply(Step(operation, mask), image)
    assert np.abs(whole - cropped)[mask > 0].max() <= 1e-3


@each_operation
def test_cropping_where_the_mask_is_at_the_border_changes_nothing(operation: Operation) -> None:
    if operation.moves:
        pytest.skip("acts on the whole picture")
    image, mask = photo(40, 150, seed=2), np.zeros((40, 150), np.float32)
    mask[0:6, 0:7] = 1
    mask = selected(operation, mask)
    seen = mask if operation.needs_mask or operation.fits_mask else None
    whole = operation.settle(image).run(image, seen, Progress())
    cropped = apply(Step(operation, mask), image)
    assert np.abs(whole - cropped)[mask > 0].max() <= 1e-3


@each_operation
def test_grey_stays_grey_unless_it_is_about_colour(operation: Operation) -> None:
    if not operation.colours:
        assert is_grey(run(operation, grey_photo()))


EXTREMES: dict[str, Callable[[], np.ndarray]] = {
    "black": lambda: np.zeros((33, 37, 3)),
    "white": lambda: np.ones((33, 37, 3)),
    "noise": lambda: np.random.default_rng(0).random((35, 41, 3)),
    "1x1": lambda: np.full((1, 1, 3), 0.4),
    "1x7": lambda: np.random.default_rng(0).random((1, 7, 3)),
    "7x1": lambda: np.random.default_rng(0).random((7, 1, 3)),
    "2x3": lambda: np.random.default_rng(0).random((2, 3, 3)),
}


@pytest.mark.parametrize("name", EXTREMES)
@each_operation
def test_gives_finite_pixels_on_any_image(operation: Operation, name: str) -> None:
    image = frozen(EXTREMES[name]().astype(np.float32))
    try:
        result = run(operation, image)
    except RestoreError:
        if name == "1x1" and operation.needs_mask:
            return  # the mask leaves nothing, and some refuse that
        raise
    assert np.isfinite(result).all()
    assert result.min() >= 0 and result.max() <= 1


@each_operation
def test_plain_surfaces_stay_plain(operation: Operation) -> None:
    if operation.group == "sample":
        pytest.skip("makes a picture of its own")
    flat = frozen(np.full((HEIGHT, WIDTH, 3), (0.2, 0.5, 0.8), np.float32))
    assert np.abs(run(operation, flat) - flat[0, 0]).max() < 0.02


@each_detector
def test_detector_is_pure_deterministic_and_gives_a_mask(detector: Detector) -> None:
    image = photo()
    before = image.copy()
    mask = detector.detect(image, Progress())
    assert np.array_equal(image, before)
    assert np.array_equal(mask, detector.detect(image, Progress()))
    assert mask.shape == (HEIGHT, WIDTH) and mask.dtype == np.float32 and not mask.flags.writeable
    assert mask.min() >= 0 and mask.max() <= 1


@each_detector
def test_detector_reports_progress_and_stops_when_cancelled(detector: Detector) -> None:
    said: list[float] = []
    detector.detect(photo(), Progress(said.append))
    assert said and said == sorted(said) and said[-1] == pytest.approx(1)

    def cancel(_fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        detector.detect(photo(), Progress(cancel))


@pytest.mark.parametrize("name", EXTREMES)
@each_detector
def test_detector_works_on_any_image(detector: Detector, name: str) -> None:
    image = frozen(EXTREMES[name]().astype(np.float32))
    mask = detector.detect(image, Progress())
    assert mask.shape == image.shape[:2] and np.isfinite(mask).all()
    if name in ("black", "white"):
        assert not mask.any()
