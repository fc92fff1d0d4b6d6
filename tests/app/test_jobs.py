"""Jobs: the newest wish wins, cancelling is immediate, and everything arrives in the window's thread."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QObject, QThread, Slot
from pytestqt.qtbot import QtBot

from app.jobs import Estimate, Jobs
from engine.errors import RestoreError
from engine.progress import Progress


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.close()


def endless(progress: Progress) -> None:
    while True:
        time.sleep(0.005)
        progress(0.5)


class Ear(QObject):
    """Notes in which thread each signal arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[QThread] = []

    @Slot()
    @Slot(str)
    @Slot(float, object)
    def hear(self, *_content: object) -> None:
        self.threads.append(QThread.currentThread())


def test_a_result_arrives_in_the_thread_of_the_window(jobs: Jobs, qtbot: QtBot) -> None:
    ear, arrived = Ear(), []
    jobs.started.connect(ear.hear)
    jobs.progressed.connect(ear.hear)
    jobs.finished.connect(ear.hear)

    def work(progress: Progress) -> int:
        progress(0.3)
        return threading.get_ident()

    def done(worker: int) -> None:
        ear.hear()
        arrived.append(worker)

    with qtbot.waitSignal(jobs.finished):
        jobs.start(work, done, "Working")
    assert arrived and arrived[0] != threading.get_ident()
    assert len(ear.threads) == 4
    assert all(one is jobs.thread() for one in ear.threads)


def test_a_refusal_arrives_in_the_thread_of_the_window(jobs: Jobs, qtbot: QtBot) -> None:
    ear = Ear()
    jobs.failed.connect(ear.hear)

    def work(_progress: Progress) -> None:
        raise RestoreError("The photo is too small.")

    with qtbot.waitSignal(jobs.failed) as told:
        jobs.start(work, pytest.fail)
    assert told.args == ["The photo is too small."]
    assert ear.threads == [jobs.thread()]
    assert jobs.running is None


def test_who_brings_a_reaction_to_refusal_gets_it_alone(jobs: Jobs, qtbot: QtBot) -> None:
    told: list[str] = []
    jobs.failed.connect(pytest.fail)

    def work(_progress: Progress) -> None:
        raise RestoreError("No.")

    with qtbot.waitSignal(jobs.finished):
        jobs.start(work, pytest.fail, failed=told.append)
    assert told == ["No."]


def test_the_newest_wish_wins(jobs: Jobs, qtbot: QtBot) -> None:
    arrived: list[int] = []
    jobs.start(endless, pytest.fail)
    for number in range(20):
        jobs.start(lambda progress, number=number: number, arrived.append)
    with qtbot.waitSignal(jobs.finished):
        jobs.start(lambda progress: 99, arrived.append)
    qtbot.wait(50)
    assert arrived == [99]


def test_cancel_frees_the_window_at_once_and_the_worker_soon(jobs: Jobs, qtbot: QtBot) -> None:
    begun = threading.Event()

    def work(progress: Progress) -> None:
        begun.set()
        endless(progress)

    jobs.start(work, pytest.fail, "Long")
    assert begun.wait(5)
    start = time.monotonic()
    with qtbot.waitSignal(jobs.finished, timeout=100):
        jobs.cancel()
    assert jobs.running is None
    assert time.monotonic() - start < 0.1
    with qtbot.waitSignal(jobs.finished, timeout=1000):
        jobs.start(lambda progress: None, lambda result: None)


def test_a_job_that_cannot_be_stopped_does_not_stop_the_window(jobs: Jobs, qtbot: QtBot) -> None:
    release = threading.Event()
    jobs.start(lambda progress: release.wait(10), pytest.fail)
    jobs.cancel()
    start = time.monotonic()
    assert not jobs.close(0.1)
    assert time.monotonic() - start < 0.5
    release.set()


def test_closing_twice_is_harmless(jobs: Jobs) -> None:
    assert jobs.close()
    assert jobs.close()


def test_a_bug_in_a_job_reaches_the_one_place_for_bugs(jobs: Jobs, qtbot: QtBot) -> None:
    def work(_progress: Progress) -> None:
        raise ZeroDivisionError("a bug")

    with qtbot.capture_exceptions() as caught:
        with qtbot.waitSignal(jobs.finished):
            jobs.start(work, pytest.fail)
        qtbot.wait(20)
    assert [kind for kind, *_ in caught] == [ZeroDivisionError]
    with qtbot.waitSignal(jobs.finished):
        jobs.start(lambda progress: 1, lambda result: None)


def test_out_of_memory_is_a_sentence(jobs: Jobs, qtbot: QtBot) -> None:
    def work(_progress: Progress) -> None:
        raise MemoryError

    with qtbot.waitSignal(jobs.failed) as told:
        jobs.start(work, pytest.fail)
    assert "memory" in told.args[0]


def test_quiet_jobs_move_no_bar(jobs: Jobs, qtbot: QtBot) -> None:
    jobs.started.connect(pytest.fail)
    jobs.progressed.connect(pytest.fail)
    with qtbot.waitSignal(jobs.finished):
        jobs.start(lambda progress: progress(0.5), lambda result: None)
    assert jobs.title == ""


def test_a_job_may_start_the_next_from_its_result(jobs: Jobs, qtbot: QtBot) -> None:
    arrived: list[int] = []

    def go_on(result: int) -> None:
        arrived.append(result)
        if result < 3:
            jobs.start(lambda progress: result + 1, go_on)

    with qtbot.waitSignal(jobs.finished):
        jobs.start(lambda progress: 1, go_on)
    assert arrived == [1, 2, 3]


def clock(times: list[float]) -> Callable[[], float]:
    return lambda: times.pop(0)


def test_the_time_left_is_what_the_pace_promises() -> None:
    estimate = Estimate(clock([100.0, 110.0, 120.0]))
    assert estimate.left(0.25) == pytest.approx(30)
    assert estimate.left(0.5) == pytest.approx(20)


def test_the_time_left_is_smooth_and_says_nothing_too_early() -> None:
    estimate = Estimate(clock([0.0, 0.1, 10.0, 11.0]))
    assert estimate.left(0.5) is None
    assert estimate.left(0.5) == pytest.approx(10)
    left = estimate.left(0.25)  # the pace fell: 33 s by this report alone
    assert left is not None and 9 < left < 18
