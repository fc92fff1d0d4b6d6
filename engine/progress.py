"""Progress: how work reports where it is, and the one place where it is stopped."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from engine.image import Image
    from engine.operation import Operation

T = TypeVar("T")


def _ignore(*_news: object) -> None:
    return None


class Progress:
    """Called with a fraction 0..1. `report` shows it; it raises Cancelled where the work shall stop.

    `keep` takes what `offer` offers: results on the way that the user may look at, and have when he stops the work.
    """

    def __init__(
        self,
        report: Callable[[float], None] = _ignore,
        start: float = 0.0,
        stop: float = 1.0,
        keep: Callable[["Image", "Operation"], None] = _ignore,
    ) -> None:
        self._report, self._start, self._stop, self._keep = report, start, stop, keep

    def __call__(self, fraction: float) -> None:
        """Report that `fraction` (0..1) of this piece of work is done. Raises Cancelled."""
        self._report(self._start + min(1.0, max(0.0, fraction)) * (self._stop - self._start))

    def part(self, start: float, stop: float) -> "Progress":
        """The progress of a piece of this work that goes from `start` to `stop`, both 0..1."""
        span = self._stop - self._start
        return Progress(self._report, self._start + start * span, self._start + stop * span, self._keep)

    def offer(self, image: "Image", operation: "Operation") -> None:
        """Show a result on the way: what `operation`, the one at work with fewer passes, makes of the same input."""
        self._keep(image, operation)

    def keeping(self, keep: Callable[["Image", "Operation"], None]) -> "Progress":
        """The same progress, whose offers go to `keep`."""
        return Progress(self._report, self._start, self._stop, keep)

    def each(self, items: Sequence[T]) -> Iterator[T]:
        """The items in turn, reporting before each and after the last. Raises Cancelled."""
        for index, item in enumerate(items):
            self(index / len(items))
            yield item
        self(1.0)
