"""A document: a source image and the steps applied to it; never modified."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from engine import allocator
from engine.errors import RestoreError
from engine.image import Image, Mask
from engine.operation import Operation, Step, apply, move
from engine.progress import Progress

LIMIT = 2 << 30  # bytes


class Rendered:
    """Images remembered by the steps that made them, the least recently used forgotten beyond `limit` bytes.

    The newest is always kept. Safe to use from several threads.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self._images: OrderedDict[tuple[Step, ...], Image] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, steps: tuple[Step, ...]) -> Image | None:
        """The image after `steps`, or None where it is not remembered."""
        with self._lock:
            image = self._images.get(steps)
            if image is not None:
                self._images.move_to_end(steps)
            return image

    def put(self, steps: tuple[Step, ...], image: Image) -> None:
        with self._lock:
            self._images[steps] = image
            self._images.move_to_end(steps)
            while len(self._images) > 1 and sum(one.nbytes for one in self._images.values()) > self.limit:
                self._images.popitem(last=False)


@dataclass(frozen=True, eq=False)
class Document:
    """A source image and a tuple of steps. `then` returns another document that shares what is rendered."""

    source: Image
    steps: tuple[Step, ...] = ()
    rendered: Rendered = field(default_factory=Rendered)
    facts: Mapping[str, float] = field(default_factory=dict[str, float])  # what the file says: "jpeg quality"

    def then(self, step: Step) -> "Document":
        """The document with one step more, which is told what the file says."""
        step = Step(step.operation.informed(self.facts), step.mask)
        return replace(self, steps=(*self.steps, step))

    def revised(self, step: Step, by: Step | None) -> "Document":
        """The document with `by` in the place of one of its steps, or without it where that is None; the steps after it
        stay. Raises RestoreError where pixels change place, for the masks after it would no longer fit, and ValueError
        where the step is none of the document's."""
        index = next((index for index, one in enumerate(self.steps) if one is step), None)
        if index is None:
            raise ValueError("not a step of this document")
        if step.operation.moves or (by is not None and by.operation.moves):
            raise RestoreError(f"“{step.operation.title}” moves the photo: it can only be undone.")
        new = () if by is None else (Step(by.operation.informed(self.facts), by.mask),)
        return replace(self, steps=(*self.steps[:index], *new, *self.steps[index + 1 :]))

    def render(self, progress: Progress | None = None) -> Image:
        """The image after all steps, going on from the last one remembered. Raises RestoreError, Cancelled."""
        progress = progress or Progress()
        done, image = self._remembered()
        for step in progress.each(range(done, len(self.steps))):
            count = len(self.steps) - done
            part = progress.part((step - done) / count, (step - done + 1) / count)
            operation, mask = self.steps[step].operation, self.steps[step].mask
            allocator.release()  # what a huge photo took before, which this may not fit into
            image = apply(Step(self._recall(operation), mask), image, part)
            self.rendered.put(self.steps[: step + 1], image)
        return image

    def told(self, operation: Operation) -> Operation:
        """The operation with what the file says and what it measures on the photo as it was opened as parameters."""
        return self._recall(operation.informed(self.facts))

    def _recall(self, operation: Operation) -> Operation:
        return operation.settle(self.source) if operation.recalls else operation

    def is_rendered(self) -> bool:
        """Whether `render` would return at once."""
        return not self.steps or self.rendered.get(self.steps) is not None

    def _remembered(self) -> tuple[int, Image]:
        for count in range(len(self.steps), 0, -1):
            image = self.rendered.get(self.steps[:count])
            if image is not None:
                return count, image
        return 0, self.source

    def move(self, plane: Image | Mask) -> Image | Mask:
        """`plane` (same size as the source) after only those steps that move pixels: what alpha and masks do."""
        for step in self.steps:
            if step.operation.moves:
                plane = move(step.operation, plane)
        return plane
