"""Progress: how work reports where it is, and the one place where it is stopped."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def _ignore(_fraction: float) -> None:
    return None


class Progress:
    """Called with a fraction 0..1. `report` shows it; it raises Cancelled where the work shall stop."""

    def __init__(self, report: Callable[[float], None] = _ignore, start: float = 0.0, stop: float = 1.0) -> None:
        self._report, self._start, self._stop = report, start, stop

    def __call__(self, fraction: float) -> None:
        """Report that `fraction` (0..1) of this piece of work is done. Raises Cancelled."""
        self._report(self._start + min(1.0, max(0.0, fraction)) * (self._stop - self._start))

    def part(self, start: float, stop: float) -> "Progress":
        """The progress of a piece of this work that goes from `start` to `stop`, both 0..1."""
        span = self._stop - self._start
        return Progress(self._report, self._start + start * span, self._start + stop * span)

    def each(self, items: Sequence[T]) -> Iterator[T]:
        """The items in turn, reporting before each and after the last. Raises Cancelled."""
        for index, item in enumerate(items):
            self(index / len(items))
            yield item
        self(1.0)
