"""Recipes: text and JSON forms, their errors, and how detectors' masks reach operations."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine import detectors, files, operations
from engine.document import Document
from engine.errors import RestoreError
from engine.image import Image, Mask, frozen
from engine.operation import Detector, Operation
from engine.params import param
from engine.progress import Progress
from engine.recipe import NAMED, Recipe

PHOTOS = Path(__file__).resolve().parents[2] / "../shared/data/test"


@dataclass(frozen=True)
class Darken(Operation):
    title, group = "Darken", "test"
    share: float = param(0.5, "Share", low=0, high=1)
    reason: str = param("", "Reason")
    hard: bool = param(False, "Hard")

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        return image * np.float32(1 - self.share)


@dataclass(frozen=True)
class Turn(Operation):
    title, group, moves = "Turn", "test", True

    @property
    def context(self) -> None:
        return None

    def run(self, image: Image, mask: Mask | None, progress: Progress) -> Image:
        return np.rot90(image).copy()


@dataclass(frozen=True)
class Bright(Detector):
    title = "Bright"
    least: float = param(0.9, "Least", low=0, high=1)

    def detect(self, image: Image, progress: Progress) -> Mask:
        return frozen((image.min(axis=2) > self.least).astype(np.float32))


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    for word, cls, known in (
        ("darken", Darken, operations.ALL),
        ("turn", Turn, operations.ALL),
        ("bright", Bright, detectors.ALL),
    ):
        monkeypatch.setattr(cls, "id", word, raising=False)
        monkeypatch.setitem(known, word, cls)


@pytest.fixture
def image() -> Image:
    pixels = np.full((4, 6, 3), 0.4, np.float32)
    pixels[0, 5] = 1
    return frozen(pixels)


def test_text_and_json_come_back_as_they_were() -> None:
    recipe = Recipe.of([Bright(0.25), Darken(0.125, "it's too = bright", True), Turn()])
    assert Recipe.from_text(recipe.to_text()) == recipe
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert Recipe((Bright(), Darken())).to_text() == "bright darken"  # defaults go without saying


def test_every_word_of_the_app_can_stand_in_a_recipe() -> None:
    for word in operations.ALL:
        recipe = Recipe.parse([word])
        assert Recipe.from_json(recipe.to_json()) == recipe
    for word in detectors.ALL:
        assert Recipe.from_text(Recipe.parse([word, "darken"]).to_text()).links[0] == detectors.ALL[word]()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("darkn", ["darkn", "Did you mean darken"]),
        ("darken shar=1", ["shar", "darken", "Did you mean share"]),
        ("darken share=2", ["darken", "Share", "between 0 and 1"]),
        ("darken share=much", ["Share", "much"]),
        ("darken share=1 share=0", ["share", "twice"]),
        ("share=1", ["share=1", "before"]),
        ("turn x=1", ["x", "turn", "none"]),
        ("bright", ["bright"]),
        ("", ["empty"]),
        ("darken reason='open", ["quotation"]),
        ("aut", ["Did you mean auto"]),
        ("auto method=telea", ["auto", "no parameters", "fill"]),
    ],
)
def test_a_wrong_recipe_is_told_by_name(text: str, named: list[str]) -> None:
    with pytest.raises(RestoreError) as caught:
        Recipe.from_text(text)
    assert all(word in str(caught.value) for word in named)


@pytest.mark.parametrize("word", NAMED)
def test_a_named_recipe_is_its_words(word: str) -> None:
    recipe = Recipe.from_text(f"turn {word} darken share=0.25")
    assert recipe == Recipe.from_text(f"turn {NAMED[word]} darken share=0.25")
    assert Recipe.from_text(recipe.to_text()) == recipe


@pytest.mark.parametrize(
    "text", ["", "3", "[3]", '[{"parameters": {}}]', '[{"word": "darken", "parameters": 1}]', "{}"]
)
def test_json_that_is_no_recipe_is_refused(text: str) -> None:
    with pytest.raises(RestoreError):
        Recipe.from_json(text)


def test_a_given_value_is_not_measured() -> None:
    given = Recipe.parse(["denoise", "sigma=20"])
    assert given == Recipe.parse(["denoise", "automatic=off", "sigma=20"])
    assert Recipe.from_text(given.to_text()) == given
    both = Recipe.parse(["denoise", "automatic=on", "sigma=20"])
    assert both.links[0].automatic  # type: ignore[union-attr]
    assert both.to_text() == "denoise"  # the number is not used


def test_auto_as_a_value_measures() -> None:
    for text in ("denoise strength=auto", "denoise automatic=off strength=auto", "denoise sigma=auto"):
        assert Recipe.parse(text.split()) == Recipe.parse(["denoise"])
    assert Recipe.parse(["jpeg", "quality=auto", "passes=3"]) == Recipe.parse(["jpeg", "passes=3"])
    with pytest.raises(RestoreError, match="Amount"):
        Recipe.parse(["streaks", "amount=auto"])  # which measures nothing


def test_a_detector_serves_the_next_operation_only(image: Image) -> None:
    once = Recipe.from_text("bright darken").apply(Document(image)).render()
    assert once[0, 5, 0] == pytest.approx(0.5)
    assert np.array_equal(once[1:], image[1:])
    twice = Recipe.from_text("bright darken darken").apply(Document(image)).render()
    assert twice[0, 5, 0] == pytest.approx(0.25)
    assert twice[1, 1, 0] == pytest.approx(0.2)


def test_an_operation_is_left_out_where_its_detector_finds_nothing(image: Image) -> None:
    document = Recipe.from_text("bright least=1 darken").apply(Document(image))
    assert document.steps == ()
    assert document.render() is image


def test_two_detectors_in_a_row_serve_together(image: Image) -> None:
    result = Recipe.from_text("bright bright least=0.3 darken").apply(Document(image)).render()
    assert np.allclose(result, image / 2)


def test_masks_turn_with_the_photo(image: Image) -> None:
    found = Recipe.from_text("bright turn darken").apply(Document(image)).render()
    given = Recipe.from_text("turn darken").apply(Document(image), mask=frozen(image[..., 0] > 0.9)).render()
    expected = np.rot90(image).copy()
    expected[0, 0] = 0.5
    assert np.allclose(found, expected)
    assert np.allclose(given, expected)


def test_steps_are_added_to_those_that_were_there(image: Image) -> None:
    document = Recipe.from_text("darken").apply(Recipe.from_text("turn").apply(Document(image)))
    assert [step.operation for step in document.steps] == [Turn(), Darken()]
    assert document.is_rendered()


def test_progress_never_goes_back(image: Image) -> None:
    seen: list[float] = []
    Recipe.from_text("darken bright least=0 darken turn").apply(Document(image), None, Progress(seen.append))
    assert seen == sorted(seen)
    assert seen[-1] == 1


CLEAN = {"cbsd68/101085": 224, "cbsd68/167083": 224, "mcmaster18/4": 224, "mcmaster18/8": 500, "mcmaster18/17": 224}


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="no test photos beside the checkout")
@pytest.mark.parametrize("name", CLEAN)
def test_auto_leaves_clean_photos_alone(name: str) -> None:
    """Above 45 dB, and less than a thousandth of the pixels made up."""
    image = frozen(files.read(PHOTOS / f"{name}.png").image[: CLEAN[name], : CLEAN[name]].copy())
    document = Recipe.from_text("auto").apply(Document(image))
    filled = [step.mask for step in document.steps if step.mask is not None]
    assert sum(float((mask > 0).mean()) for mask in filled) < 0.001
    assert np.mean((document.render() - image) ** 2) < 10**-4.5
