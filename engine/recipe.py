"""A recipe: a chain of operations and detectors without masks, as text and as JSON."""

import difflib
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine import allocator, detectors, operations, params
from engine.document import Document
from engine.errors import RestoreError
from engine.image import Mask, frozen
from engine.operation import Detector, Operation, Step, move
from engine.progress import Progress

Link = Operation | Detector

NAMED: Mapping[str, str] = {  # recipes that are words themselves
    # Cautious: what is no damage on clean photos shall stay, so that nobody needs to look before it runs. Spots are
    # left alone: glints in eyes and on metal are as small, sharp and bright as dust.
    "auto": "denoise damage method=careful sensitivity=0.3 fill",
}


def find(word: str) -> type[Operation] | type[Detector]:
    """The operation or detector of that id. Raises RestoreError that names the nearest ones where there is none."""
    found = operations.ALL.get(word) or detectors.ALL.get(word)
    if found is None:
        known = [*operations.ALL, *detectors.ALL, *NAMED]
        raise RestoreError(f"There is no operation “{word}”.{_nearest(word, known)}")
    return found


def make(word: str, values: Mapping[str, object]) -> Link:
    """The operation or detector of that id with these parameters, the others at their defaults. What is given is used:
    where it would be measured otherwise, `denoise sigma=20`, it is not measured.

    Raises RestoreError naming the word, and the parameter where one is unknown or its value is refused.
    """
    cls = find(word)
    known = [one.name for one in params.describe(cls)]
    for name in values:
        if name not in known:
            raise RestoreError(f"“{word}” has no parameter “{name}”.{_nearest(name, known)}")
    if "automatic" in known and "auto" in values.values():  # what is measured is not given: denoise strength=auto
        values = {name: value for name, value in values.items() if value != "auto"} | {"automatic": True}
    given = {one.unless: False for one in params.describe(cls) if one.unless and one.name in values}
    try:
        return params.load(cls, given | dict(values))
    except RestoreError as error:
        raise RestoreError(f"{word}: {error}") from None


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    return f" Did you mean {' or '.join(near)}?" if near else f" There is {', '.join(known) or 'none'}."


def _spelt_out(words: Iterable[str]) -> Iterator[str]:
    """The words with those of NAMED replaced by what they stand for, which takes no parameters."""
    last = ""
    for word in words:
        if last in NAMED and "=" in word:
            raise RestoreError(f"“{last}” has no parameters; change those of “{NAMED[last]}” instead.")
        last = word
        yield from shlex.split(NAMED[word]) if word in NAMED else (word,)


@dataclass(frozen=True)
class Recipe:
    """Operations and detectors in the order in which they work; a detector's mask serves the next operation."""

    links: tuple[Link, ...]

    @staticmethod
    def parse(words: Iterable[str]) -> "Recipe":
        """The recipe of `["denoise", "strength=0.8", "damage", "fill"]`; a word of NAMED stands for its words.

        Raises RestoreError.
        """
        chain: list[tuple[str, dict[str, object]]] = []
        for word in _spelt_out(words):
            name, sign, value = word.partition("=")
            if not sign:
                chain.append((word, {}))
            elif not chain:
                raise RestoreError(f"“{word}” needs an operation before it.")
            elif name in chain[-1][1]:
                raise RestoreError(f"“{name}” is given twice for “{chain[-1][0]}”.")
            else:
                chain[-1][1][name] = value
        return Recipe.of(make(word, values) for word, values in chain)

    @staticmethod
    def of(links: Iterable[Link]) -> "Recipe":
        """The recipe of these links. Raises RestoreError where there is none, or the last is a detector."""
        recipe = Recipe(tuple(links))
        if not recipe.links:
            raise RestoreError("The recipe is empty: name at least one operation.")
        if isinstance(recipe.links[-1], Detector):
            raise RestoreError(f"No operation follows “{recipe.links[-1].id}” to use what it finds; add “fill”.")
        return recipe

    @staticmethod
    def from_text(text: str) -> "Recipe":
        """The recipe that `to_text` wrote: words apart by spaces, quoted as in a shell. Raises RestoreError."""
        try:
            return Recipe.parse(shlex.split(text))
        except ValueError:
            raise RestoreError("A quotation mark in the recipe is not closed.") from None

    def to_text(self) -> str:
        """The recipe as one line, without the parameters that are at their defaults or are measured."""
        words: list[str] = []
        for link in self.links:
            words.append(link.id)
            saved = params.save(link)
            used = [one for one in params.describe(type(link)) if not one.unless or not saved[one.unless]]
            changed = {one.name: saved[one.name] for one in used if saved[one.name] != one.default}
            words += [shlex.quote(f"{name}={value}") for name, value in changed.items()]
        return " ".join(words)

    @staticmethod
    def from_json(text: str) -> "Recipe":
        """The recipe that `to_json` wrote. Raises RestoreError."""
        try:
            chain: Any = json.loads(text)
            pairs = [(str(link["word"]), dict[str, object](link.get("parameters", {}))) for link in chain]
        except (ValueError, TypeError, KeyError, AttributeError):
            raise RestoreError("This is no recipe: a list of words with their parameters is wanted.") from None
        return Recipe.of(make(word, values) for word, values in pairs)

    def to_json(self) -> str:
        """The recipe with every parameter, so that it means the same where defaults have changed."""
        return json.dumps([{"word": link.id, "parameters": params.save(link)} for link in self.links])

    def apply(self, document: Document, mask: Mask | None = None, progress: Progress | None = None) -> Document:
        """The document with the recipe's steps added, rendered.

        `mask` is where operations work that no detector stands before; an operation whose detector finds nothing is
        left out. Raises RestoreError, Cancelled.
        """
        progress = progress or Progress()
        found: Mask | None = None
        for index in progress.each(range(len(self.links))):
            part = progress.part(index / len(self.links), (index + 1) / len(self.links))
            link = self.links[index]
            if isinstance(link, Detector):
                params.check(link)
                allocator.release()  # what a huge photo took before, as steps do
                new = link.detect(document.render(), part)
                found = new if found is None else frozen(np.maximum(found, new))
                continue
            step = Step(link, mask if found is None else found)
            if link.moves or found is None or found.any():
                document = document.then(step)
                document.render(part)
            if link.moves:
                mask, found = (None if one is None else move(link, one) for one in (mask, found))
            else:
                found = None
        return document
