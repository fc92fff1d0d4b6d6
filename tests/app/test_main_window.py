"""The window through its real widgets: open, paint, apply, cancel, undo, compare, export, close."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAccessible, QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QComboBox, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app import theme
from app.jobs import Jobs
from app.main_window import MainWindow
from engine.errors import RestoreError
from engine.progress import Progress

Wait = Callable[[Jobs], None]
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def opened(window: MainWindow, photo: Path, qtbot: QtBot) -> MainWindow:
    """The window with the scratched photo at a known zoom, the scratch being in the middle of the left half."""
    with qtbot.waitSignal(window.session.opened):
        window.files.open(photo)
    qtbot.waitUntil(window.canvas.isVisible)
    window.canvas.set_brush(9, 1)
    return window


def at(window: MainWindow, x: float, y: float) -> QPoint:
    """Where a photo pixel is on the canvas."""
    ratio = window.canvas.devicePixelRatioF()
    left, top = window.canvas.viewport.to_view(x + 0.5, y + 0.5)
    return QPoint(round(left / ratio), round(top / ratio))


def paint_scratch(window: MainWindow, qtbot: QtBot, button: Qt.MouseButton = LEFT) -> None:
    canvas = window.canvas
    qtbot.mousePress(canvas, button, pos=at(window, 20, 10))
    for y in range(12, 50, 4):
        qtbot.mouseMove(canvas, at(window, 20, y))
    qtbot.mouseRelease(canvas, button, pos=at(window, 20, 49))


def key(window: MainWindow, qtbot: QtBot, *keys: Qt.Key) -> None:
    window.canvas.setFocus()
    for one in keys:
        qtbot.keyClick(window.canvas, one)


def press_enter_in_the_dialog(window: MainWindow, qtbot: QtBot) -> None:
    dialog = window.files.dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isActiveWindow)
    focus = dialog.focusWidget()
    assert focus is not None
    qtbot.keyClick(focus, Qt.Key.Key_Return)


def test_importing_the_window_loads_no_heavy_library() -> None:
    heavy = "{'torch', 'cv2', 'scipy', 'tifffile'}"
    code = (
        f"import app.main_window, sys; sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_empty_window_offers_what_to_do(window: MainWindow, qtbot: QtBot) -> None:
    assert window.stack.currentWidget() is window.start
    assert window.start.open_button.isVisible()
    assert not window.export_button.isEnabled() and not window.actions_by_name["export"].isEnabled()
    assert window.windowTitle() == "Photomend"


def test_an_opened_photo_is_told_and_remembered(opened: MainWindow, photo: Path) -> None:
    assert opened.stack.currentWidget() is opened.canvas
    assert opened.windowTitle() == "old photo.png — Photomend"
    assert opened.header.name.text() == "old photo.png"
    assert "96 × 64" in opened.header.facts.text() and "8 bit" in opened.header.facts.text()
    assert opened.settings.recent == [photo]
    assert opened.settings.folder == photo.parent


def test_paint_repair_undo_export(opened: MainWindow, qtbot: QtBot, idle: Wait, photo: Path) -> None:
    session = opened.session
    paint_scratch(opened, qtbot)
    assert [entry.label for entry in session.history.entries] == ["Brush stroke"]
    assert opened.windowTitle().startswith("old photo.png*")
    key(opened, qtbot, Qt.Key.Key_Return)
    idle(session.jobs)
    assert [entry.label for entry in session.history.entries] == ["Brush stroke", "Fill"]
    assert not opened.actions_by_name["tint"].isChecked()  # the result is to be seen
    qtbot.keyClick(opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    idle(session.jobs)
    assert session.history.position == 1
    qtbot.keyClick(opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    idle(session.jobs)
    qtbot.keyClick(opened, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(session.exported):
        press_enter_in_the_dialog(opened, qtbot)
    old, new = np.asarray(Pillow.open(photo)), np.asarray(Pillow.open(photo.with_name("old photo restored.png")))
    outside = session.selection.array == 0
    assert (old[outside] == new[outside]).all()
    assert abs(new[15:45, 20].astype(int) - old[15:45, 30]).mean() < 20 < abs(old[15:45, 20].astype(int) - 85).mean()
    assert opened.windowTitle() == "old photo.png — Photomend"
    assert "old photo restored.png" in opened.message.text.text()


def test_export_again_asks_nothing(opened: MainWindow, qtbot: QtBot, photo: Path) -> None:
    for name in ("old photo restored.png", "old photo restored 2.png"):
        with qtbot.waitSignal(opened.session.exported):
            opened.actions_by_name["export-again"].trigger()
        assert len(list(photo.parent.glob("old photo restored*.png"))) == (1 if name.endswith("restored.png") else 2)
    assert opened.files.dialog is None


def test_the_history_list_goes_there(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    paint_scratch(opened, qtbot)
    key(opened, qtbot, Qt.Key.Key_Return)
    idle(opened.session.jobs)
    rows = opened.history.list
    assert [rows.item(row).text() for row in range(rows.count())] == ["Photo as opened", "Brush stroke", "Fill"]
    qtbot.mouseClick(rows.viewport(), LEFT, pos=rows.visualItemRect(rows.item(0)).center())
    idle(opened.session.jobs)
    assert opened.session.history.position == 0
    assert opened.session.selection.is_empty()
    assert rows.currentRow() == 0 and rows.count() == 3
    qtbot.mouseClick(rows.viewport(), LEFT, pos=rows.visualItemRect(rows.item(2)).center())
    idle(opened.session.jobs)
    assert opened.session.history.position == 2 and not opened.session.selection.is_empty()


def test_a_job_shows_itself_and_escape_stops_it(opened: MainWindow, qtbot: QtBot) -> None:
    def endless(progress: Progress) -> None:
        while True:
            progress(0.4)

    before = opened.session.view
    opened.session.jobs.start(endless, pytest.fail, "Working")
    qtbot.waitUntil(lambda: opened.status.bar.value() == 400)
    assert opened.status.job.isVisible() and opened.status.title.text() == "Working"
    assert opened.isEnabled() and QApplication.activeModalWidget() is None
    qtbot.waitUntil(lambda: opened.status.left.text() != "", timeout=5000)
    qtbot.keyClick(opened, Qt.Key.Key_Escape)
    assert opened.session.jobs.running is None
    assert not opened.status.job.isVisible()
    assert opened.session.view is before


def test_the_cancel_button_stops_the_job(opened: MainWindow, qtbot: QtBot) -> None:
    def endless(progress: Progress) -> None:
        while True:
            progress(0.4)

    opened.session.jobs.start(endless, pytest.fail, "Working")
    qtbot.mouseClick(opened.status.cancel, LEFT)
    assert opened.session.jobs.running is None


def test_a_refusal_is_a_sentence_that_blocks_nothing(opened: MainWindow, qtbot: QtBot) -> None:
    def refuse(_progress: Progress) -> None:
        raise RestoreError("The photo is too small.")

    with qtbot.waitSignal(opened.session.jobs.finished):
        opened.session.jobs.start(refuse, pytest.fail, "Working")
    assert opened.message.isVisible() and opened.message.text.text() == "The photo is too small."
    assert QApplication.activeModalWidget() is None
    qtbot.mouseClick(opened.message.close_button, LEFT)
    assert not opened.message.isVisible()


def test_a_broken_file_leaves_the_window_as_it_was(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"II*\0 broken")
    with qtbot.waitSignal(window.session.failed):
        window.files.open(tmp_path / "a.tif")
    assert window.stack.currentWidget() is window.start
    assert "a.tif" in window.message.text.text()
    assert window.settings.recent == []


def test_repair_needs_a_selection(opened: MainWindow, qtbot: QtBot) -> None:
    assert not opened.panel.repair.button.isEnabled()
    assert not opened.panel.repair.hint.isHidden()
    paint_scratch(opened, qtbot)
    assert opened.panel.repair.button.isEnabled()
    assert opened.panel.repair.hint.isHidden()


def test_repair_after_each_stroke(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    opened.options.repair.click()
    paint_scratch(opened, qtbot)
    idle(opened.session.jobs)
    assert [entry.label for entry in opened.session.history.entries][:2] == ["Brush stroke", "Fill"]
    assert opened.session.selection.is_empty()


def test_single_letters_choose_tools_only_on_the_canvas(opened: MainWindow, qtbot: QtBot) -> None:
    for one, tool in (("E", "eraser"), ("L", "lasso"), ("R", "rectangle"), ("P", "polygon"), ("B", "brush")):
        key(opened, qtbot, Qt.Key(ord(one)))
        assert opened.canvas.tool == tool
        assert opened.actions_by_name[tool].isChecked()
    opened.panel.search.setFocus()
    qtbot.keyClicks(opened.panel.search, "median")
    assert opened.panel.search.text() == "median"
    assert opened.canvas.tool == "brush"


def test_keys_of_selection_and_view(opened: MainWindow, qtbot: QtBot) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    paint_scratch(opened, qtbot)
    painted = opened.session.selection.array.astype(bool).sum()
    qtbot.keyClick(opened, Qt.Key.Key_G, control | Qt.KeyboardModifier.ShiftModifier)
    assert opened.session.selection.array.astype(bool).sum() > painted
    qtbot.keyClick(opened, Qt.Key.Key_I, control)
    assert opened.session.selection.array[0, 0] == 255
    qtbot.keyClick(opened, Qt.Key.Key_D, control)
    assert opened.session.selection.is_empty()
    assert len(opened.session.history.entries) == 4
    qtbot.keyClick(opened, Qt.Key.Key_1, control)
    assert opened.canvas.zoom == 1 and opened.status.zoom.text() == "100 %"
    key(opened, qtbot, Qt.Key.Key_Y)
    assert opened.canvas.comparing()
    key(opened, qtbot, Qt.Key.Key_Q)
    assert not opened.actions_by_name["tint"].isChecked()


def test_painting_shows_the_tint_again(opened: MainWindow, qtbot: QtBot) -> None:
    key(opened, qtbot, Qt.Key.Key_Q)
    paint_scratch(opened, qtbot)
    assert opened.actions_by_name["tint"].isChecked()


def test_the_brush_and_its_options_follow_each_other(opened: MainWindow, qtbot: QtBot) -> None:
    opened.options.size_field.spin.setValue(12)
    assert opened.canvas.brush_size == 12
    key(opened, qtbot, Qt.Key.Key_BracketRight)
    assert opened.options.size_field.value() == round(opened.canvas.brush_size) > 12
    assert opened.options.size_field.spin.maximum() == 24  # a quarter of the photo


def test_the_pixel_under_the_mouse_has_the_values_of_the_file(opened: MainWindow, qtbot: QtBot) -> None:
    qtbot.mouseMove(opened.canvas, at(opened, 40, 30))
    opened.canvas.pointed.emit(QPoint(40, 30))
    assert opened.status.pixel.text().split() == ["40,", "30", "100", "70", "125"]


def test_hold_to_compare(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    paint_scratch(opened, qtbot)
    key(opened, qtbot, Qt.Key.Key_Return)
    idle(opened.session.jobs)
    key(opened, qtbot, Qt.Key.Key_Q)
    key(opened, qtbot, Qt.Key.Key_Q)
    place = at(opened, 20, 30)
    repaired = opened.canvas.grab().toImage().pixelColor(place)
    qtbot.keyPress(opened.canvas, Qt.Key.Key_Backslash)
    assert opened.canvas.grab().toImage().pixelColor(place) == QColor(250, 250, 250)
    qtbot.keyRelease(opened.canvas, Qt.Key.Key_Backslash)
    assert opened.canvas.grab().toImage().pixelColor(place) == repaired != QColor(250, 250, 250)


def test_the_detector_s_find_becomes_the_selection(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    key(opened, qtbot, Qt.Key.Key_D)
    assert opened.session.jobs.title
    idle(opened.session.jobs)
    assert opened.session.view is not None
    expected = opened.panel.damage.value().detect(opened.session.view.image, Progress())
    assert (opened.session.selection.array == np.rint(expected * 255)).all()


def test_every_operation_is_one_search_away(opened: MainWindow, qtbot: QtBot, idle: Wait) -> None:
    opened.panel.search.setFocus()
    opened.panel.search.setText("rotate")
    qtbot.keyClick(opened.panel.search, Qt.Key.Key_Return)
    assert opened.panel.other.isVisible() and opened.panel.other.button.isVisible()
    opened.panel.other.button.click()
    idle(opened.session.jobs)
    assert opened.session.view is not None and opened.session.view.image.shape == (96, 64, 3)
    assert "64 × 96" in opened.header.facts.text()
    operations = opened.menuBar().findChild(QMenu, "operations")
    assert isinstance(operations, QMenu)
    listed = {action.text() for menu in operations.findChildren(QMenu) for action in menu.actions()}
    engine = opened.session.loader.engine
    assert engine is not None and listed == {f"{kind.title}…" for kind in engine.operations.values()}


def test_the_preview_follows_the_form_and_goes_when_it_is_off(opened: MainWindow, qtbot: QtBot) -> None:
    section = opened.panel.noise
    section.choose("median")
    with qtbot.waitSignal(opened.session.previewed, check_params_cb=lambda _box, display: display is not None):
        section.preview.click()
    with qtbot.waitSignal(opened.session.previewed, check_params_cb=lambda _box, display: display is not None):
        section.edited.emit()
    with qtbot.waitSignal(opened.session.previewed, check_params_cb=lambda _box, display: display is None):
        section.preview.click()
    assert not opened.session.history.entries


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


def test_closing_can_export_first(
    opened: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    paint_scratch(opened, qtbot)
    monkeypatch.setattr(opened.files, "question", lambda: "export")
    opened.close()
    assert opened.isVisible()
    press_enter_in_the_dialog(opened, qtbot)
    qtbot.waitUntil(lambda: not opened.isVisible())
    assert photo.with_name("old photo restored.png").exists()


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


def test_window_and_brush_are_as_they_were(opened: MainWindow, qtbot: QtBot) -> None:
    opened.canvas.set_brush(17, 0.4)
    opened.use_theme("dark")
    opened.close()
    again = MainWindow()
    qtbot.addWidget(again)
    assert (again.canvas.brush_size, again.canvas.hardness) == (17, 0.4)
    assert again.settings.theme == "dark" and again.actions_by_name["theme-dark"].isChecked()
    again.session.close()


def test_an_engine_that_cannot_be_loaded_shows_and_can_be_tried_again(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import engine_loader

    load = engine_loader.load_operations

    def fail(_progress: Progress) -> None:
        raise RestoreError("The restoration engine could not be loaded: no cv2.")

    monkeypatch.setattr(engine_loader, "load_operations", fail)
    monkeypatch.setattr(engine_loader, "load_torch", lambda progress, device: "CPU")
    window = MainWindow()
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignal(window.session.loader.failed):
        window.begin(None)
    assert "no cv2" in window.panel.state.text() and window.panel.again.isVisible()
    monkeypatch.setattr(engine_loader, "load_operations", load)
    with qtbot.waitSignal(window.session.loader.device_known):
        window.panel.again.click()
    assert window.panel.noise.isVisible() and not window.panel.state.isVisible()
    assert window.status.device.text() == "CPU"
    window.session.close()


def test_a_photo_opened_first_is_not_kept_waiting_by_the_engine(qtbot: QtBot, photo: Path) -> None:
    window = MainWindow()
    window.session.loader._torch_jobs.start = lambda *_args, **_more: 0  # type: ignore[method-assign]
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignals([window.session.opened, window.session.loader.loaded], order="strict", timeout=30_000):
        window.begin(photo)
    window.session.close()


@pytest.mark.parametrize("name", ["light", "dark"])
def test_everything_that_takes_the_keyboard_has_a_name(opened: MainWindow, name: str) -> None:
    opened.use_theme(name)
    opened.panel.show_operation("sharpen")
    for section in opened.panel.sections:
        section.head.setChecked(True)
    nameless = [
        one
        for one in opened.findChildren(QWidget)
        if one.isVisible()
        and one.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not QAccessible.queryAccessibleInterface(one).text(QAccessible.Text.Name)
    ]
    assert not nameless


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK])
def test_text_can_be_read_in_both_themes(colours: theme.Colours) -> None:
    def light(name: str) -> float:
        parts = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in QColor(name).getRgbF()
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    def contrast(one: str, other: str) -> float:
        bright, dark = sorted((light(one), light(other)), reverse=True)
        return (bright + 0.05) / (dark + 0.05)

    for text in (colours.text, colours.faint):
        for ground in (colours.window, colours.panel, colours.field):
            assert contrast(text, ground) >= 4.5, (text, ground)
    assert contrast(colours.on_accent, colours.accent) >= 4.5
    assert contrast(colours.text, colours.warning) >= 4.5 and contrast(colours.text, colours.good) >= 4.5


def test_nothing_is_cut_at_the_smallest_size(opened: MainWindow, qtbot: QtBot) -> None:
    opened.resize(1024, 700)
    qtbot.wait(20)
    assert opened.width() == 1024 and opened.height() == 700
    for one in opened.findChildren(QPushButton) + opened.findChildren(QComboBox):
        if one.isVisible() and one.window() is opened:
            assert one.width() >= one.minimumSizeHint().width(), one.accessibleName()


def test_a_draft_is_shown_until_the_photo_is_there(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, photo: Path
) -> None:
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


def test_finding_a_repair_in_the_help(window: MainWindow, qtbot: QtBot) -> None:
    keys = dict(window.actions_by_name.keys())
    assert keys["Repair the selection"] == "Return, Enter"
    assert keys["Redo"] == "Ctrl+Shift+Z, Ctrl+Y"
