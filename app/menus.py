"""The menus: which commands there are, with their keys, and where they are found."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from app.actions import Actions
from app.engine_loader import Engine
from app.help import KeysDialog, show_about
from app.operations_panel import by_group
from app.settings import log_folder
from app.start_page import sample
from engine import params
from engine.image import bounds, frozen

if TYPE_CHECKING:
    from app.main_window import MainWindow

NEED_PHOTO = (
    "fit actual zoom-in zoom-out tint split changes brush eraser "
    "lasso rectangle polygon spot clone smaller larger softer harder"
)
NEED_ENGINE = "repair candidates find-here find invert load-mask"
TOOLS = ("brush", "eraser", "lasso", "rectangle", "polygon", "spot", "clone")
_GROW, _FEATHER = 2, 3  # px of each command


def make_actions(window: MainWindow) -> Actions:
    """All actions of the window."""
    actions = Actions(window, window.canvas)
    _file_actions(window, actions)
    _tool_actions(window, actions)
    _selection_actions(window, actions)
    _view_actions(window, actions)
    tr, add = window.tr, actions.add
    add("undo", tr("&Undo"), window.session.undo, "Ctrl+Z", picture="undo")
    add("redo", tr("&Redo"), window.session.redo, "Ctrl+Shift+Z Ctrl+Y", picture="redo")
    add("cancel", tr("&Cancel the job"), window.session.jobs.cancel, "Esc").setEnabled(False)
    add("auto", tr("&Auto restore"), lambda: _auto(window), "Ctrl+R", picture="auto", primary=True)
    tip = tr("Clean the noise, find scratches and dust and repair them, cautiously (Ctrl+R)")
    actions["auto"].setToolTip(tip)
    add("repair", tr("&Repair the selection"), lambda: _repair(window, False), "Return Enter", canvas=True)
    text = tr("&Candidates for the repair")
    add("candidates", text, lambda: _repair(window, True), "Ctrl+Return Ctrl+Enter", canvas=True)
    add("samples", tr("&Synthesis"), window.show_samples, "Ctrl+G")
    actions["samples"].setToolTip(tr("Make something up and choose among samples; again: back (Ctrl+G)"))
    add("train", tr("&Train on my photos…"), window.training.show)
    add("search", tr("&Find an operation"), window.panel.start_search, "Ctrl+F")
    add("keys", tr("&Keys"), lambda: KeysDialog(actions.keys(), window).show(), "F1 ?")
    add("log", tr("Open the &log folder"), lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_folder()))))
    add("about", tr("&About Photomend"), lambda: show_about(window, QApplication.applicationVersion()))
    return actions


def _file_actions(window: MainWindow, actions: Actions) -> None:
    tr, add, files = window.tr, actions.add, window.files
    add("new", tr("&New canvas…"), files.new_canvas, "Ctrl+N")
    add("open", tr("&Open…"), files.choose, "Ctrl+O", picture="open")
    add("paste", tr("&Paste"), files.paste, "Ctrl+V", picture="paste")
    add("sample", tr("Open the &sample"), lambda: files.open(sample())).setEnabled(sample().is_file())
    add("export", tr("&Export…"), files.export, "Ctrl+E", picture="export")
    add("export-again", tr("Export &again"), files.export_again, "Ctrl+Shift+E")
    add("quit", tr("&Quit"), window.close, "Ctrl+Q")


def _tool_actions(window: MainWindow, actions: Actions) -> None:
    tr, canvas = window.tr, window.canvas
    for name, text, key in (
        ("brush", tr("&Brush"), "B"),
        ("eraser", tr("&Eraser"), "E"),
        ("lasso", tr("&Lasso"), "L"),
        ("rectangle", tr("&Rectangle"), "R"),
        ("polygon", tr("&Polygon"), "P"),
        ("spot", tr("Spot repa&ir"), "J"),
        ("clone", tr("&Clone"), "S"),
    ):
        actions.add(
            name,
            text,
            lambda on, name=name: canvas.set_tool(name) if on else None,
            key,
            canvas=True,
            checkable=True,
            picture=name,
        )
    actions.group(list(TOOLS))
    actions["brush"].setChecked(True)
    actions["spot"].setToolTip(tr("Spot repair: each click or stroke is repaired at once, as step 3 is set (J)"))
    actions["clone"].setToolTip(
        tr("Clone: click with Alt, or with the right button, where to copy from, then paint (S)")
    )
    actions.add("smaller", tr("&Smaller brush"), lambda: canvas.step_brush(-1), "[", canvas=True)
    actions.add("larger", tr("&Larger brush"), lambda: canvas.step_brush(1), "]", canvas=True)
    actions.add("softer", tr("So&fter brush"), lambda: canvas.step_brush(0, -1), "{", canvas=True)
    actions.add("harder", tr("&Harder brush"), lambda: canvas.step_brush(0, 1), "}", canvas=True)


def _selection_actions(window: MainWindow, actions: Actions) -> None:
    tr, add = window.tr, actions.add
    add("find", tr("Find &damage everywhere"), lambda: window.panel.find_damage(None), "Shift+D", canvas=True)
    add(
        "find-here",
        tr("Find damage in &view"),
        lambda: window.panel.find_damage(window.canvas.visible_box()),
        "D",
        canvas=True,
    )
    marks = window.marks
    add("next-mark", tr("&Next mark"), lambda: marks.step(1), "N", canvas=True, picture="next")
    add("previous-mark", tr("&Previous mark"), lambda: marks.step(-1), "Shift+N", canvas=True, picture="previous")
    add("remove-mark", tr("&Remove this mark"), marks.remove, "Del", canvas=True, picture="remove")
    actions["remove-mark"].setToolTip(tr("Remove this mark from the selection (Del); any: Ctrl and click on it"))
    add("end-marks", tr("Clos&e the marks"), marks.end, picture="close")
    add("invert", tr("&Invert"), lambda: _change(window, tr("Invert"), "invert"), "Ctrl+I", picture="invert")
    add("clear", tr("&Clear"), lambda: _change(window, tr("Clear"), "clear"), "Ctrl+D", picture="clear")
    add("grow", tr("&Grow by 2 px"), lambda: _change(window, tr("Grow"), "grow", _GROW), "Ctrl+Shift+G", picture="grow")
    add(
        "shrink",
        tr("&Shrink by 2 px"),
        lambda: _change(window, tr("Shrink"), "grow", -_GROW),
        "Ctrl+Shift+K",
        picture="shrink",
    )
    add(
        "feather",
        tr("&Feather by 3 px"),
        lambda: _change(window, tr("Feather"), "feather", _FEATHER),
        "F",
        canvas=True,
        picture="feather",
    )
    add("crop", tr("Cr&op the photo to it"), lambda: _crop(window))
    add("load-mask", tr("&Load…"), lambda: _load_mask(window))
    add("save-mask", tr("Sa&ve…"), lambda: _save_mask(window))


def _view_actions(window: MainWindow, actions: Actions) -> None:
    tr, add, canvas = window.tr, actions.add, window.canvas
    add("fit", tr("&Fit"), canvas.fit, "Ctrl+0", picture="fit")
    add("actual", tr("&100 %"), canvas.actual_size, "Ctrl+1", picture="actual")
    add("zoom-in", tr("Zoom &in"), canvas.zoom_in, "Ctrl++ Ctrl+=")
    add("zoom-out", tr("Zoom &out"), canvas.zoom_out, "Ctrl+-")
    add("tint", tr("Show the &selection"), canvas.set_tint, "Q", canvas=True, checkable=True, picture="tint")
    actions["tint"].setChecked(True)
    add("split", tr("&Compare, split"), canvas.set_split, "Y", canvas=True, checkable=True, picture="split")
    add("changes", tr("&What changed"), window.changes.show, "C", canvas=True, checkable=True, picture="changes")
    actions["changes"].setToolTip(tr("What changed: where the photo was cleaned and where made up (C)"))
    add("full-screen", tr("F&ull screen"), lambda: _full_screen(window), "F11")
    for name, text in (("system", tr("As the s&ystem")), ("light", tr("&Light")), ("dark", tr("&Dark"))):
        add(f"theme-{name}", text, lambda on, name=name: window.use_theme(name) if on else None, checkable=True)
    actions.group(["theme-system", "theme-light", "theme-dark"])


def make_menus(window: MainWindow) -> QMenu:
    """The menu bar; returns the menu of the selection, which the options of the brush show too."""
    tr, bar, actions = window.tr, window.menuBar(), window.actions_by_name
    file = actions.menu(
        bar, tr("&File"), ["new", "open", "paste", "sample", None, "export", "export-again", None, "quit"]
    )
    recent = QMenu(tr("Open &recent"), file)
    recent.aboutToShow.connect(lambda: _fill_recent(window, recent))
    file.insertMenu(actions["paste"], recent)
    actions.menu(bar, tr("&Edit"), ["undo", "redo", None, "cancel"])
    marks: list[str | QMenu | None] = ["invert", "clear", "grow", "shrink", "feather", None]
    rest: list[str | QMenu | None] = ["crop", None, "load-mask", "save-mask"]
    found: list[str | QMenu | None] = ["next-mark", "previous-mark", "remove-mark", None]
    selection = actions.menu(bar, tr("&Selection"), ["find-here", "find", None, *found, *marks, *rest])
    actions.menu(bar, tr("&Tools"), [*TOOLS, None, "smaller", "larger", "softer", "harder", None, "train"])
    operations = actions.menu(bar, tr("&Operations"), ["auto", None, "search", "repair", "candidates", "samples", None])
    operations.setObjectName("operations")
    view = actions.menu(
        bar, tr("&View"), ["fit", "actual", "zoom-in", "zoom-out", None, "tint", "split", "changes", None]
    )
    actions.menu(view, tr("&Theme"), ["theme-system", "theme-light", "theme-dark"])
    view.addAction(actions["full-screen"])
    actions.menu(bar, tr("&Help"), ["keys", "log", None, "about"])
    return selection


def tool_actions(actions: Actions) -> list[QAction | None]:
    """The column at the left edge."""
    names = [*TOOLS, "", "tint", "split", "changes", "", "undo", "redo", "", "fit", "actual"]
    return [actions[name] if name else None for name in names]


def mark_actions(actions: Actions) -> list[QAction]:
    """The buttons of the bar that steps through what was found."""
    return [actions[name] for name in ("previous-mark", "next-mark", "remove-mark", "end-marks")]


def fill_operations(window: MainWindow, engine: Engine) -> None:
    """All operations in the menu, by group."""
    titles = {
        "noise": window.tr("Noise"),
        "repair": window.tr("Repair"),
        "geometry": window.tr("Geometry"),
        "sharpen": window.tr("Sharpness"),
        "sample": window.tr("Synthesis"),
    }
    operations = window.menuBar().findChild(QMenu, "operations")
    assert isinstance(operations, QMenu)
    for group, kinds in by_group(engine).items():
        menu = operations.addMenu(titles.get(group, group.capitalize()))
        for kind in kinds:
            action = menu.addAction(f"{kind.title}…")
            action.setToolTip(kind.summary)
            action.triggered.connect(lambda _checked=False, word=kind.id: window.panel.show_operation(word))


def _auto(window: MainWindow) -> None:
    window.panel.end_previews()  # they would lie over what it shows
    window.auto.start()


def _repair(window: MainWindow, candidates: bool) -> None:
    """What Enter on the photo means; where samples are shown, it means them."""
    if window.side.shows_samples:
        window.sampling.more() if candidates else window.sampling.go_on()
    elif window.panel.repair.kind is not None:
        window.panel.apply(window.panel.repair, candidates=candidates)


def _change(window: MainWindow, label: str, word: str, amount: float = 0) -> None:
    if word == "clear":
        window.session.edit_selection(label, np.zeros_like, 0)
    elif word == "invert":
        window.session.edit_selection(label, np.invert, 0)
    else:
        reach = 4 * math.ceil(abs(amount)) + 2
        window.session.edit_selection(label, lambda part: _changed(part, word, amount), reach)


def _changed(part: np.ndarray, word: str, amount: float) -> np.ndarray:
    """A piece of the selection (uint8) grown or feathered."""
    from engine import masks  # OpenCV: the engine is loaded before these commands are enabled

    if part.min() == part.max():
        return part  # most pieces: nothing selected, or everything
    mask = frozen(part.astype(np.float32) / np.float32(255))
    return np.rint(getattr(masks, word)(mask, amount) * np.float32(255)).astype(np.uint8)


def _crop(window: MainWindow) -> None:
    """Keep the smallest rectangle around what is selected."""
    engine = window.session.loader.engine
    if engine is not None:
        box = bounds(window.session.selection.array, 0)
        values = {"left": box.left, "top": box.top, "width": box.right - box.left, "height": box.bottom - box.top}
        window.session.apply(params.load(engine.operations["crop"], values))


def _load_mask(window: MainWindow) -> None:
    chosen, _ = QFileDialog.getOpenFileName(
        window, window.tr("Load a selection"), str(window.settings.folder), window.tr("Pictures (*.png *.tif *.tiff)")
    )
    if chosen:
        window.session.load_selection(Path(chosen))


def _save_mask(window: MainWindow) -> None:
    session = window.session
    beside = session.default_export_path(window.settings.folder, ".png")
    proposal = beside.with_name(f"{Path(session.name).stem} {window.tr('selection')}.png")
    chosen, _ = QFileDialog.getSaveFileName(
        window, window.tr("Save the selection"), str(proposal), window.tr("PNG (*.png)")
    )
    if chosen:
        path = Path(chosen) if chosen.lower().endswith(".png") else Path(f"{chosen}.png")
        session.save_selection(path, lambda _: window.message.tell(window.tr("Saved “{}”.").format(path.name)))


def _fill_recent(window: MainWindow, menu: QMenu) -> None:
    menu.clear()
    for path in window.settings.recent:
        action = menu.addAction(path.name.replace("&", "&&"))
        action.setToolTip(str(path))
        action.triggered.connect(lambda _checked=False, path=path: window.files.open(path))
    menu.setToolTipsVisible(True)
    if menu.isEmpty():
        menu.addAction(window.tr("None yet")).setEnabled(False)
        return
    menu.addSeparator()
    menu.addAction(window.tr("Forget these")).triggered.connect(window.settings.forget_recent)


def _full_screen(window: MainWindow) -> None:
    window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)  # and back to what it was
