"""The forecast: how long the work of a section will take, said before it starts and while it runs."""

from collections.abc import Callable
from dataclasses import replace

from pytestqt.qtbot import QtBot

from app.form import Form, NumberField
from app.jobs import Jobs
from app.main_window import MainWindow
from tests.app.hands import paint_scratch

Wait = Callable[[Jobs], None]
WHOLE = 64 * 96  # px of the photo


def form_of_median(window: MainWindow) -> Form:
    window.panel.noise.choose("median")
    form = window.panel.noise.form
    assert form is not None
    return form


def test_it_says_nothing_before_it_knows(opened: MainWindow, qtbot: QtBot) -> None:
    opened.session.loader.device_known.emit("CPU, 2 threads")
    form_of_median(opened)
    qtbot.wait(200)
    assert not any(section.duration.text() for section in opened.panel.sections)


def test_it_follows_form_selection_and_photo(opened: MainWindow, qtbot: QtBot) -> None:
    session, label = opened.session, opened.panel.noise.duration
    form = form_of_median(opened)
    median = opened.panel.noise.value()
    session.loader.device_known.emit("CPU, 2 threads")
    session.durations.learn(replace(median, size=5), WHOLE, 40)
    size = form.field("size")
    assert isinstance(size, NumberField)
    size.spin.setValue(5)
    qtbot.waitUntil(lambda: label.text() == "about 40 s")
    assert label.isVisible() and opened.panel.noise.button.accessibleDescription() == "about 40 s"
    opened.panel.noise.head.setChecked(False)
    assert not label.isVisible()
    opened.panel.noise.head.setChecked(True)
    size.spin.setValue(7)
    qtbot.waitUntil(lambda: label.text() == "")
    size.spin.setValue(5)
    qtbot.waitUntil(lambda: label.text() == "about 40 s")
    paint_scratch(opened, qtbot)
    qtbot.waitUntil(lambda: label.text() not in ("", "about 40 s"))  # the box of the stroke is smaller
    opened.actions_by_name["undo"].trigger()
    qtbot.waitUntil(lambda: label.text() == "about 40 s")
    opened.panel.noise.choose("bilateral")
    qtbot.waitUntil(lambda: label.text() == "")


def test_a_job_teaches_and_the_next_start_remembers(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    opened.session.loader.device_known.emit("CPU, 2 threads")
    form_of_median(opened)
    opened.panel.noise.button.click()
    idle(opened.session.jobs)
    qtbot.waitUntil(lambda: opened.panel.noise.duration.text() != "")
    opened.panel.find_damage(None)
    idle(opened.session.jobs)
    qtbot.waitUntil(lambda: opened.panel.damage.duration.text() != "")
    opened.settings.sync()
    again = MainWindow()
    qtbot.addWidget(again)
    again.session.durations.use_device("CPU, 2 threads")
    assert again.session.durations.expected(opened.panel.noise.value(), WHOLE) is not None
    again.session.close()


def test_a_repair_without_a_selection_takes_no_time(opened: MainWindow, qtbot: QtBot) -> None:
    session, label = opened.session, opened.panel.repair.duration
    session.loader.device_known.emit("CPU, 2 threads")
    session.durations.learn(opened.panel.repair.value(), WHOLE, 40)
    opened.panel.repair.edited.emit()
    qtbot.wait(200)
    assert label.text() == ""
    paint_scratch(opened, qtbot)
    qtbot.waitUntil(lambda: label.text() != "")


def test_the_time_left_is_there_from_the_beginning(opened: MainWindow, qtbot: QtBot) -> None:
    opened.session.loader.device_known.emit("CPU, 2 threads")
    form_of_median(opened)
    opened.session.durations.learn(opened.panel.noise.value(), WHOLE, 40)
    opened.panel.noise.button.click()
    assert opened.status.left.text() == "~40 s"
    opened.session.jobs.cancel()
