"""The window itself: its start, its size, themes, names for screen readers, and an engine that does not load."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtWidgets import QComboBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app import theme
from app.jobs import Jobs
from app.main_window import MainWindow
from engine.errors import RestoreError
from engine.progress import Progress
from tests.app.desk import pixels

Wait = Callable[[Jobs], None]
LEFT = Qt.MouseButton.LeftButton


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


def test_window_and_brush_are_as_they_were(opened: MainWindow, qtbot: QtBot) -> None:
    opened.canvas.set_brush(17, 0.4)
    opened.use_theme("dark")
    opened.close()
    again = MainWindow()
    qtbot.addWidget(again)
    assert (again.canvas.brush_size, again.canvas.hardness) == (17, 0.4)
    assert again.settings.theme == "dark" and again.actions_by_name["theme-dark"].isChecked()
    again.session.close()


@pytest.mark.parametrize("width", [860, 960, 1300])
def test_the_options_of_the_brush_fit(opened: MainWindow, qtbot: QtBot, width: int) -> None:
    opened.resize(width, 700)
    qtbot.waitUntil(lambda: opened.width() == width)
    qtbot.wait(20)
    options = opened.options
    assert options.width() >= options.layout().minimumSize().width()  # type: ignore[union-attr]
    for one in (options.size_field.spin, options.hardness_field.spin, options.repair, options.selection_button):
        assert one.isVisible() and one.width() >= one.minimumSizeHint().width()
    assert options.size_field.slider.isVisible() == (width == 1300)
    assert options.height() >= options.sizeHint().height()
    assert opened.side.mapTo(opened, opened.side.rect().topRight()).x() < opened.width()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_sections_fit_beside_a_scroll_bar(opened: MainWindow, qtbot: QtBot, theme: str) -> None:
    opened.use_theme(theme)
    opened.panel.noise.choose("denoise")
    opened.actions_by_name["invert"].trigger()
    opened.resize(860, 560)
    qtbot.waitUntil(lambda: opened.height() == 560)
    opened.splitter.setSizes([10_000, 1])
    qtbot.wait(20)
    assert opened.panel.noise.button.text() == "Apply to selection"
    viewport = opened.panel.noise.visibleRegion().boundingRect()
    assert opened.panel.noise.minimumSizeHint().width() <= viewport.width()


def test_a_long_name_leaves_room_for_the_facts(opened: MainWindow, qtbot: QtBot) -> None:
    label, facts = opened.header.name, opened.header.facts
    opened.session.name = "A <b>very</b> long name " * 10 + ".jpg"
    opened.header.refresh()
    qtbot.wait(20)
    assert label.text().endswith(".jpg") and "…" in label.text() and "<b>" in label.text()
    assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()
    assert label.geometry().right() + 8 < facts.geometry().left()
    assert label.accessibleName().startswith(opened.session.name)


def test_what_the_status_bar_says_does_not_run_together(opened: MainWindow) -> None:
    status = opened.status
    opened.use_theme("dark")  # another style sheet
    status.show_changes("1 % changed")
    for label in (status.pixel, status.zoom):
        label.setText("100 %")
        least = label.fontMetrics().horizontalAdvance("100 %") + 12
        assert label.sizeHint().width() >= least


def test_a_small_photo_does_not_make_the_brush_small_for_good(
    opened: MainWindow, qtbot: QtBot, photo: Path, tmp_path: Path
) -> None:
    opened.canvas.set_brush(20, 1)
    Pillow.new("RGB", (8, 6)).save(tmp_path / "small.png")
    for path, size in ((tmp_path / "small.png", 2), (photo, 20)):
        with qtbot.waitSignal(opened.session.opened):
            opened.files.open(path)
        assert opened.canvas.brush_size == size == opened.options.size_field.value()


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


@pytest.mark.parametrize("word", ["crop", "denoise", "fill", "sharpen"])
def test_an_operation_that_was_looked_for_is_wholly_seen(opened: MainWindow, qtbot: QtBot, word: str) -> None:
    other = "bilateral" if word != "denoise" else "rotate"
    opened.panel.show_operation(other)
    opened.panel.show_operation(word)
    home = next(one for one in opened.panel.sections if one.kind is not None and one.kind.id == word)
    qtbot.waitUntil(lambda: not home.button.visibleRegion().isEmpty())
    for one in (home.head, home.button):
        assert one.visibleRegion().boundingRect() == one.rect()


def test_finding_a_repair_in_the_help(window: MainWindow, qtbot: QtBot) -> None:
    keys = dict(window.actions_by_name.keys())
    assert keys["Repair the selection"] == "Return, Enter"
    assert keys["Redo"] == "Ctrl+Shift+Z, Ctrl+Y"


@pytest.mark.parametrize("name", ["light", "dark"])
def test_what_is_chosen_in_the_strip_can_be_read(opened: MainWindow, qtbot: QtBot, name: str) -> None:
    opened.use_theme(name)
    opened.strip.clear()
    opened.strip.show()
    button = opened.strip.buttons[0]
    assert button.text() == "None"
    button.setChecked(True)
    qtbot.wait(20)
    colours = theme.DARK if name == "dark" else theme.LIGHT
    ground, text = (np.array(QColor(one).getRgb()[:3], int) for one in (colours.accent, colours.on_accent))  # type: ignore[index]
    shown = pixels(button.grab().toImage()).astype(int)[12:-12, 12:-12]
    towards = (shown - ground) @ (text - ground) / ((text - ground) @ (text - ground))  # 0: ground, 1: text
    assert towards.max() > 0.8 and towards.min() > -0.1
