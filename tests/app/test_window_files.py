"""How photos come into the window and go out: open, drop, paste, export again, and the question about unsaved work."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.jobs import Jobs
from app.main_window import MainWindow
from tests.app.hands import paint_scratch, press_enter_in_the_dialog

Wait = Callable[[Jobs], None]
LEFT = Qt.MouseButton.LeftButton


def test_an_opened_photo_is_told_and_remembered(opened: MainWindow, photo: Path) -> None:
    assert opened.stack.currentWidget() is opened.canvas
    assert opened.windowTitle() == "old photo.png — Photomend"
    assert opened.header.name.text() == "old photo.png"
    assert "96 × 64" in opened.header.facts.text() and "8 bit" in opened.header.facts.text()
    assert opened.settings.recent == [photo]
    assert opened.settings.folder == photo.parent


def test_export_again_asks_nothing(opened: MainWindow, qtbot: QtBot, photo: Path) -> None:
    for name in ("old photo restored.png", "old photo restored 2.png"):
        with qtbot.waitSignal(opened.session.exported):
            opened.actions_by_name["export-again"].trigger()
        assert len(list(photo.parent.glob("old photo restored*.png"))) == (1 if name.endswith("restored.png") else 2)
    assert opened.files.dialog is None


def test_what_is_left_of_a_cut_jpeg_is_shown_with_a_notice(
    opened: MainWindow, qtbot: QtBot, photo: Path, tmp_path: Path
) -> None:
    with Pillow.open(photo) as picture:
        picture.resize((400, 300)).save(tmp_path / "cut.jpg", quality=95)
    data = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[: len(data) * 2 // 3])
    with qtbot.waitSignal(opened.session.opened):
        opened.files.open(tmp_path / "cut.jpg")
    assert opened.header.name.text() == "cut.jpg"
    assert opened.message.isVisible() and "incomplete" in opened.message.text.text()
    with qtbot.waitSignal(opened.session.opened):
        opened.files.open(photo)
    assert not opened.message.isVisible()


def test_a_broken_file_leaves_the_window_as_it_was(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\0 broken")
    with qtbot.waitSignal(window.session.failed):
        window.files.open(tmp_path / "a.tif")
    assert window.stack.currentWidget() is window.start
    assert "a.tif" in window.message.text.text()
    assert window.settings.recent == []


def drop(window: MainWindow, data: QMimeData) -> None:
    place = QPointF(window.rect().center())
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(place.toPoint(), Qt.DropAction.CopyAction, data, buttons, keys))
    QApplication.sendEvent(window, QDropEvent(place, Qt.DropAction.CopyAction, data, buttons, keys))


def test_drop_a_file(window: MainWindow, qtbot: QtBot, photo: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photo))])
    with qtbot.waitSignal(window.session.opened):
        drop(window, data)
    assert window.session.path == photo


def test_paste_a_picture_and_a_file(window: MainWindow, qtbot: QtBot, photo: Path) -> None:
    picture = QImage(7, 5, QImage.Format.Format_RGB32)
    picture.fill(QColor(1, 2, 3))
    QGuiApplication.clipboard().setImage(picture)
    with qtbot.waitSignal(window.session.opened):
        window.actions_by_name["paste"].trigger()
    assert "7 × 5" in window.header.facts.text()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(photo))])
    QGuiApplication.clipboard().setMimeData(data)
    with qtbot.waitSignal(window.session.opened):
        window.actions_by_name["paste"].trigger()
    assert window.session.name == "old photo.png"


def test_paste_without_a_picture_says_so(window: MainWindow) -> None:
    QGuiApplication.clipboard().setText("only words")
    window.actions_by_name["paste"].trigger()
    assert "clipboard" in window.message.text.text()


@pytest.mark.parametrize(("answer", "closed"), [("cancel", False), ("discard", True)])
def test_closing_with_unsaved_work_asks(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, answer: str, closed: bool
) -> None:
    paint_scratch(opened, qtbot)
    monkeypatch.setattr(opened.files, "question", lambda: answer)
    opened.close()
    qtbot.wait(50)
    assert opened.isVisible() is not closed


def close_to_export_first(window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    paint_scratch(window, qtbot)
    monkeypatch.setattr(window.files, "question", lambda: "export")
    window.close()


def test_closing_can_export_first(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    close_to_export_first(opened, qtbot, monkeypatch)
    assert opened.isVisible()
    press_enter_in_the_dialog(opened, qtbot)
    qtbot.waitUntil(lambda: not opened.isVisible())
    assert photo.with_name("old photo restored.png").exists()


def test_an_export_that_fails_does_not_close_the_window_later(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    close_to_export_first(opened, qtbot, monkeypatch)
    dialog = opened.files.dialog
    assert dialog is not None
    dialog.folder = photo.parent / "gone"
    with qtbot.waitSignal(opened.session.failed):
        press_enter_in_the_dialog(opened, qtbot)
    assert opened.isVisible() and opened.message.isVisible()
    with qtbot.waitSignal(opened.session.exported):
        opened.actions_by_name["export-again"].trigger()  # where the photo is, not where it failed
    qtbot.wait(50)
    assert opened.isVisible() and photo.with_name("old photo restored.png").exists()


def test_opening_another_photo_with_unsaved_work_asks(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    paint_scratch(opened, qtbot)
    monkeypatch.setattr(opened.files, "question", lambda: "cancel")
    opened.files.open(photo)
    assert opened.session.jobs.running is None and opened.session.history.entries
    monkeypatch.setattr(opened.files, "question", lambda: "discard")
    with qtbot.waitSignal(opened.session.opened):
        opened.files.open(photo)
    assert not opened.session.history.entries


def test_without_work_nothing_asks(opened: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened.files, "question", pytest.fail)
    opened.close()
    assert not opened.isVisible()


def test_a_draft_is_shown_first(window: MainWindow, qtbot: QtBot, tmp_path: Path, photo: Path) -> None:
    path = tmp_path / "big.jpg"
    Pillow.open(photo).resize((3000, 2000)).save(path)
    with qtbot.waitSignal(window.session.drafted):
        window.files.open(path)
    assert window.stack.currentWidget() is window.draft
    window.session.jobs.cancel()
    assert window.stack.currentWidget() is window.start
    with qtbot.waitSignal(window.session.opened):
        window.files.open(path)
    assert window.stack.currentWidget() is window.canvas
