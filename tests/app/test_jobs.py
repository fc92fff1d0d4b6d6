"""Jobs: the newest wish wins, cancelling is immediate, and everything arrives in the window's thread."""

import threading
import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QThread, Slot
from pytestqt.qtbot import QtBot

from app.jobs import Jobs
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


def test_of_offers_that_come_too_fast_the_newest_is_delivered(jobs: Jobs, qtbot: QtBot) -> None:
    ready, go_on = threading.Event(), threading.Event()
    told: list[object] = []
    jobs.offered.connect(told.append)

    def work(_progress: Progress) -> None:
        for number in range(50):
            jobs.offer(number)
        ready.set()
        go_on.wait(10)

    jobs.start(work, lambda _: None, "Working")
    assert ready.wait(5)  # the window had no time for any of them
    qtbot.waitUntil(lambda: bool(told))
    assert told == [49] and jobs.latest == 49
    go_on.set()
    qtbot.waitUntil(lambda: jobs.running is None)
    assert told == [49, None] and jobs.latest is None


def test_offers_arrive_in_the_thread_of_the_window(jobs: Jobs, qtbot: QtBot) -> None:
    ear = Ear()
    jobs.offered.connect(ear.hear)
    with qtbot.waitSignal(jobs.finished):
        jobs.start(lambda progress: jobs.offer("half"), lambda _: None, "Working")
    assert len(ear.threads) == 2
    assert all(one is jobs.thread() for one in ear.threads)


@pytest.mark.parametrize("end", ["cancel", "displace", "close"])
def test_only_cancelling_keeps_what_was_offered(jobs: Jobs, qtbot: QtBot, end: str) -> None:
    kept: list[object] = []

    def work(progress: Progress) -> None:
        jobs.offer("half")
        endless(progress)

    jobs.start(work, pytest.fail, "Working", kept=kept.append)
    qtbot.waitUntil(lambda: jobs.latest == "half")
    if end == "cancel":
        with qtbot.waitSignal(jobs.finished, timeout=100):
            jobs.cancel()
    elif end == "displace":
        jobs.start(lambda _progress: None, lambda _: None, "Working")
    else:
        jobs.close()
    assert jobs.latest is None
    qtbot.wait(30)
    assert kept == (["half"] if end == "cancel" else [])


def test_what_a_cancelled_job_offers_still_is_not_told(jobs: Jobs, qtbot: QtBot) -> None:
    go_on = threading.Event()
    jobs.offered.connect(pytest.fail)

    def work(_progress: Progress) -> None:
        go_on.wait(10)
        jobs.offer("late")

    jobs.start(work, pytest.fail, "Working", kept=pytest.fail)
    jobs.cancel()
    go_on.set()
    with qtbot.waitSignal(jobs.finished):
        jobs.start(lambda progress: None, lambda _: None)


def test_what_is_expected_is_told_from_the_beginning(jobs: Jobs, qtbot: QtBot) -> None:
    told: list[tuple[float, object]] = []
    jobs.progressed.connect(lambda *news: told.append(news))
    jobs.start(endless, pytest.fail, "Working", expected=40)
    assert told == [(0.0, 40)]
    qtbot.waitUntil(lambda: len(told) > 1)
    left = told[1][1]
    assert isinstance(left, float) and 35 < left < 40
