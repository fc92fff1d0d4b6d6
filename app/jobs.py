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

from app.estimate import Estimate
from engine import allocator
from engine.errors import Cancelled, RestoreError
from engine.progress import Progress

_REPORT_EVERY = 0.04  # seconds between two movements of the bar

Work = Callable[[Progress], Any]

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Job:
    number: int
    title: str
    work: Work
    done: Callable[[Any], None]
    failed: Callable[[str], None] | None
    kept: Callable[[Any], None] | None
    expected: float | None
    stop: threading.Event = field(default_factory=threading.Event)
    estimate: Estimate | None = None
    reported: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: Any = None  # the newest result on the way, not yet delivered; under the lock
    latest: Any = None  # the last one delivered


class Jobs(QObject):
    """Runs one job at a time. `done` and all signals come in the thread of this object.

    A job with a title is one that the user sees and waits for; one without (a preview, a load) works quietly.
    """

    started = Signal(str)  # the title of a job that the user waits for
    progressed = Signal(float, object)  # fraction 0..1 and seconds left or None, of a job with a title
    offered = Signal(object)  # a result on the way; None where that counts no more
    displaced = Signal(str)  # the title of a job that gave way to a newer one with another title
    finished = Signal()  # nothing runs any more, whatever the reason
    failed = Signal(str)  # the sentence of a RestoreError that nobody else took
    _told = Signal(object, str, object)  # the only door out of the worker thread

    def __init__(self, parent: QObject | None = None, name: str = "worker") -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._numbers = itertools.count(1)
        self._job: _Job | None = None
        self._working: _Job | None = None  # whose work the worker does; may have been dropped already
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

    @property
    def latest(self) -> Any:
        """What the running job has offered last; None where it has not."""
        return self._job.latest if self._job else None

    def start(
        self,
        work: Work,
        done: Callable[[Any], None],
        title: str = "",
        failed: Callable[[str], None] | None = None,
        kept: Callable[[Any], None] | None = None,
        expected: float | None = None,
    ) -> int:
        """Run `work(progress)` on the worker, then `done(result)` here; the job before is dropped.

        `failed` takes the sentence of a RestoreError instead of the signal; `kept` what the work had offered when the
        user cancelled it. `expected` are the seconds it will take, as far as known. Returns the number of the job; 0
        once closed, when a timer may still want something that nobody sees any more.
        """
        if self._closed:
            return 0
        before = self.title
        self._drop()
        job = _Job(next(self._numbers), title, work, done, failed, kept, expected)
        self._job = job
        self._pool.submit(self._run, job)
        if before and before != title:
            self.displaced.emit(before)
        if title:
            self.started.emit(title)
            if expected is not None:
                self.progressed.emit(0.0, expected)
        return job.number

    def offer(self, result: Any) -> None:
        """To be called by work: what it has so far, for the user to see, and to have when he stops it here.

        Where they come faster than they can be shown, only the newest is delivered.
        """
        job = self._working
        if job is None or job.stop.is_set():
            return
        with job.lock:
            told, job.waiting = job.waiting is not None, result
        if not told:
            self._tell(job, "offer", None)

    def cancel(self) -> None:
        """Stop the job, if any; what it offered last goes to its `kept`.

        At once for the window; the worker is free at its next progress report.
        """
        job = self._job
        latest = self.latest
        self._drop()
        if job is None:
            return
        try:
            if latest is not None and job.kept:
                job.kept(latest)
        finally:
            if self._job is None:
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

    def _drop(self) -> None:
        job, self._job = self._job, None
        if job:
            job.stop.set()
            self._forget_offers(job)

    def _forget_offers(self, job: _Job) -> None:
        """They may be whole images, and hold the images before."""
        with job.lock:
            job.waiting = None
        shown, job.latest = job.latest is not None, None
        if shown:
            self.offered.emit(None)

    def _run(self, job: _Job) -> None:
        """On the worker thread: exactly one answer for each job, unless it was cancelled."""
        job.estimate = Estimate(expected=job.expected)
        self._working = job
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
            self._working = None
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
        if what == "offer":
            with job.lock:
                job.latest, job.waiting = job.waiting, None
            self.offered.emit(job.latest)
            return
        self._job = None
        self._forget_offers(job)
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
