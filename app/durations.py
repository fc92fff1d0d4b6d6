"""How long work will take, learned from what earlier jobs took on this machine."""

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from app.settings import Settings
from engine import params
from engine.image import Box
from engine.operation import Detector, Operation

_KEY = "durations"  # in the settings
_MOST = 100  # kinds of work that are remembered, the least recently done forgotten first
_FARTHEST = 10  # times the work known: small jobs are mostly the same few moments, whatever their size

NOWHERE = Box(0, 0, 0, 0)  # the box of an empty selection

Kind: TypeAlias = Operation | Detector
Pace: TypeAlias = tuple[float, float]  # seconds a megapixel, and the megapixels of the jobs it is known from


def passes(kind: object) -> int:
    """In how many passes an operation works; 1 where it does not work in passes."""
    value = getattr(kind, "passes", 1)
    return max(1, value) if isinstance(value, int) else 1


def pixels(kind: Kind, selected: Box, shape: tuple[int, ...]) -> int:
    """How many pixels of a photo of `shape` work on the box of the selection looks at; all where that is empty."""
    context = kind.context
    box = Box(0, shape[0], 0, shape[1]) if selected.empty or context is None else selected.grown(context, shape)
    return (box.bottom - box.top) * (box.right - box.left)


class Durations:
    """The pace of work by kind: what is done, on which device, and with which of the parameters that decide its cost.

    A running mean in which a large job counts for more than a small one and the newest of its size for half. Work that
    moves pixels is so quick that nothing is remembered.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._device = ""  # as long as it is not known nothing is learned or expected
        self._settings = settings
        self._paces = _read(settings.text(_KEY)) if settings else {}

    def use_device(self, words: str) -> None:
        """Where work is done from now on."""
        self._device = words

    def learn(self, kind: Kind, count: int, seconds: float) -> None:
        """Work on `count` pixels took so long."""
        if not self._device or count <= 0 or (isinstance(kind, Operation) and kind.moves):
            return
        key, size = self._key(kind), _size(kind, count)
        pace, known = self._paces.pop(key, (0.0, 0.0))
        share = size**2 / (size**2 + known**2)
        self._paces[key] = (pace + share * (seconds / size - pace), known + share * (size - known))
        for oldest in list(self._paces)[:-_MOST]:
            del self._paces[oldest]
        if self._settings:
            self._settings.put(_KEY, json.dumps(self._paces))

    def expected(self, kind: Kind, count: int) -> float | None:
        """The seconds that work on `count` pixels will take; None where too little is known."""
        pace, known = self._paces.get(self._key(kind), (0.0, 0.0))
        size = _size(kind, count)
        return pace * size if self._device and size <= _FARTHEST * known else None

    def _key(self, kind: Kind) -> str:
        """Device, id, and the choices and whole numbers, without those that change no cost or are proportional to it.

        A number that may be measured instead says how bad the photo is, not how it is treated.
        """
        what = "operation" if isinstance(kind, Operation) else "detector"
        costly = [
            f"{one.name}={getattr(kind, one.name)}"
            for one in params.describe(type(kind))
            if (one.choices or one.kind is int) and one.name not in ("seed", "passes") and not one.unless
        ]
        return " ".join([f"{self._device}:", what, getattr(kind, "id", type(kind).__name__), *costly])


def _size(kind: Kind, count: int) -> float:
    """Megapixels, each pass counted."""
    return count / 1e6 * passes(kind)


def _read(text: str) -> dict[str, Pace]:
    """What was remembered; without what cannot be meant."""
    try:
        found: Any = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(found, Mapping):
        return {}
    return {str(key): (float(pair[0]), float(pair[1])) for key, pair in found.items() if _is_pace(pair)}


def _is_pace(pair: object) -> bool:
    if not isinstance(pair, list) or len(pair) != 2:
        return False
    return all(isinstance(one, int | float) and not isinstance(one, bool) and 0 < one < 1e9 for one in pair)
