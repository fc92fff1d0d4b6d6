"""The message bar: over the photo, which stays where it is, however long the sentence."""

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow

LONG = "A sentence that goes on and on about what the user may do next. " * 4


@pytest.mark.parametrize("sentence", ["Done.", LONG.strip()])
def test_a_message_moves_nothing(opened: MainWindow, qtbot: QtBot, sentence: str) -> None:
    canvas, message = opened.canvas, opened.message
    before, corner = canvas.geometry(), canvas.viewport.to_view(0, 0)
    message.tell(sentence)
    qtbot.wait(20)
    assert message.isVisible()
    assert canvas.geometry() == before and canvas.viewport.to_view(0, 0) == corner
    message.hide()
    qtbot.wait(20)
    assert canvas.geometry() == before


@pytest.mark.parametrize("sentence", ["Done.", LONG.strip()])
@pytest.mark.parametrize("width", [880, 1280])
def test_all_of_a_message_is_seen(opened: MainWindow, qtbot: QtBot, sentence: str, width: int) -> None:
    opened.message.warn(sentence)
    opened.resize(width, 700)
    qtbot.waitUntil(lambda: opened.width() == width)
    qtbot.wait(20)
    message, text = opened.message, opened.message.text
    assert opened.stack.rect().contains(message.geometry())
    assert text.heightForWidth(text.width()) <= text.height()
    assert text.height() < 2.5 * text.fontMetrics().height() or sentence != "Done."
    assert message.rect().contains(message.close_button.geometry())
    assert message.width() < 400 or sentence != "Done."


def test_a_message_at_the_start_takes_no_keys(qtbot: QtBot) -> None:
    window = MainWindow()
    qtbot.addWidget(window)
    window.message.warn("There is no permission to read “a.jpg”.")
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    assert window.focusWidget() is window.start.open_button
    window.session.close()
