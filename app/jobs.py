"""Jobs: work on one worker thread, where the newest wish wins."""

import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from engine import allocator
from engine.errors import Cancelled, RestoreError
from engine.progress import Progress

_REPORT_EVERY = 0.04  # seconds between two movements of the bar
_ESTIMATE_AFTER = 0.8  # seconds; before, a job that is nearly done would promise nonsense
_SMOOTHING = 0.25  # share of the newest estimate

Work = Callable[[Progress], Any]

_log = logging.getLogger(__name__)


class Estimate:
    """The seconds that a job still takes, from its fractions; smoothed, so that the number does not jump."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._start = now()
        self._end: float | None = None

    def left(self, fraction: float) -> float | None:
        """Seconds left at `fraction` (0..1); None as long as nothing sensible can be said."""
        now = self._now()
        spent = now - self._start
        if fraction <= 0.01 or spent < _ESTIMATE_AFTER:
            return None
        end = self._start + spent / fraction
        self._end = end if self._end is None else self._end + _SMOOTHING * (end - self._end)
        return max(0.0, self._end - now)


@dataclass(eq=False)
class _Job:
    number: int
    title: str
    work: Work
    done: Callable[[Any], None]
    failed: Callable[[str], None] | None
    stop: threading.Event = field(default_factory=threading.Event)
    estimate: Estimate | None = None
    reported: float = 0.0


class Jobs(QObject):
    """Runs one job at a time. `done` and all signals come in the thread of this object.

    A job with a title is one that the user sees and waits for; one without (a preview, a load) works quietly.
    """

    started = Signal(str)  # the title of a job that the user waits for
    progressed = Signal(float, object)  # fraction 0..1 and seconds left or None, of a job with a title
    displaced = Signal(str)  # the title of a job that gave way to a newer one with another title
    finished = Signal()  # nothing runs any more, whatever the reason
    failed = Signal(str)  # the sentence of a RestoreError that nobody else took
    _told = Signal(object, str, object)  # the only door out of the worker thread

    def __init__(self, parent: QObject | None = None, name: str = "worker") -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._numbers = itertools.count(1)
        self._job: _Job | None = None
        self._closed = False
        self._told.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> int | None:
        """The number of the job whose result is awaited."""
        return self._job.number if self._job else None

    @property
    def title(self) -> str:
        """What the job with a title is called that the user waits for; empty where there is none."""
        return self._job.title if self._job else ""

    def start(
        self,
        work: Work,
        done: Callable[[Any], None],
        title: str = "",
        failed: Callable[[str], None] | None = None,
    ) -> int:
        """Run `work(progress)` on the worker, then `done(result)` here; the job before is cancelled.

        `failed` takes the sentence of a RestoreError instead of the signal. Returns the number of the job; 0 once
        closed, when a timer may still want something that nobody sees any more.
        """
        if self._closed:
            return 0
        before = self.title
        self._drop()
        job = _Job(next(self._numbers), title, work, done, failed)
        self._job = job
        self._pool.submit(self._run, job)
        if before and before != title:
            self.displaced.emit(before)
        if title:
            self.started.emit(title)
        return job.number

    def cancel(self) -> None:
        """Stop the job, if any. At once for the window; the worker is free at its next progress report."""
        if self._drop():
            self.finished.emit()

    def close(self, wait: float = 1.0) -> bool:
        """Cancel and take no more work; whether the worker came to rest within `wait` seconds."""
        self._drop()
        self._closed = True
        idle = threading.Event()
        try:
            self._pool.submit(idle.set)
        except RuntimeError:  # closed before
            return True
        self._pool.shutdown(wait=False)
        return idle.wait(wait)

    def _drop(self) -> bool:
        job, self._job = self._job, None
        if job:
            job.stop.set()
        return job is not None

    def _run(self, job: _Job) -> None:
        """On the worker thread: exactly one answer for each job, unless it was cancelled."""
        job.estimate = Estimate()
        try:
            if job.stop.is_set():
                return
            self._tell(job, "done", job.work(Progress(lambda fraction: self._report(job, fraction))))
        except Cancelled:
            return
        except RestoreError as error:
            self._tell(job, "failed", str(error))
        except MemoryError:
            self._tell(job, "failed", "There is not enough memory for this; a smaller selection or photo needs less.")
        except Exception as error:
            self._tell(job, "crashed", error)
        finally:
            job.work = _nothing  # it may hold whole images
            if job.title:
                allocator.release()

    def _report(self, job: _Job, fraction: float) -> None:
        if job.stop.is_set():
            raise Cancelled
        now = time.monotonic()
        if job.title and now - job.reported >= _REPORT_EVERY:
            job.reported = now
            left = job.estimate.left(fraction) if job.estimate else None
            self._tell(job, "progress", (fraction, left))

    def _tell(self, job: _Job, what: str, content: object) -> None:
        try:
            self._told.emit(job, what, content)
        except RuntimeError:  # the window, and this object with it, is gone
            _log.debug("nobody listens to “%s”", job.title)

    @Slot(object, str, object)
    def _deliver(self, job: _Job, what: str, content: Any) -> None:
        if job is not self._job:
            return
        if what == "progress":
            self.progressed.emit(*content)
            return
        self._job = None
        try:
            if what == "done":
                job.done(content)
            elif what == "failed":
                (job.failed or self.failed.emit)(content)
            elif job.failed:
                job.failed(f"Something unexpected went wrong: {content}.")
        finally:
            if self._job is None:
                self.finished.emit()
        if what == "crashed":
            raise content  # a bug: to sys.excepthook, the one place for bugs


def _nothing(_progress: Progress) -> None:
    return None
