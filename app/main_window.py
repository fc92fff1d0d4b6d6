"""The main window: where everything lies, and the wires between the session and the widgets."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app import menus, theme
from app.auto_restore import AutoRestore
from app.candidate_strip import CandidateStrip
from app.canvas import Canvas
from app.choosing import Choosing
from app.display import Display
from app.draft import Draft
from app.durations import Durations
from app.file_commands import FileCommands
from app.forecast import Forecast
from app.found_marks import FoundMarks
from app.header import Header
from app.history_panel import HistoryPanel
from app.job_report import JobReport
from app.message_bar import MessageBar
from app.operations_panel import OperationsPanel
from app.preview import Previewer
from app.retouching import Retouching
from app.revealing import Revealing
from app.sample_panel import SamplePanel
from app.sampling import Sampling
from app.session import Session
from app.settings import Settings
from app.side import Side
from app.start_page import StartPage
from app.status_bar import StatusBar
from app.tool_bar import BrushOptions, ToolColumn
from app.training import Training
from app.what_changed import WhatChanged


class MainWindow(QMainWindow):
    """One photo at a time."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__()
        self.settings = settings or Settings()
        device = self.settings.choice("device", "auto", ("auto", "cuda", "mps", "cpu"))
        self.session = Session(device, self, Durations(self.settings))
        self.canvas = Canvas(self.session.selection, self)
        self.message = MessageBar(self)
        self.files = FileCommands(self.session, self.settings, self.message, self)
        self.start = StartPage(self)
        self.draft = Draft(self)
        self.side = Side(self)
        self.panel = OperationsPanel(self.session, self)
        self.samples = SamplePanel(self)
        self.history = HistoryPanel(self.session, self)
        self.side.fill(self.panel, self.samples, self.history)
        self.export_button = self.side.export_button
        self.status = StatusBar(self)
        self.previewer = Previewer(self.session, self.canvas, self)
        self.report = JobReport(self.session, self.canvas, self.status, self.message, self)
        self.forecast = Forecast(self.session, (*self.panel.sections, self.samples.what), self)
        self.changes = WhatChanged(self.session, self.canvas, self.status, self)
        self.strip = CandidateStrip(self)
        self.choosing = Choosing(self.session, self.canvas, self.strip, self)
        self.sampling = Sampling(self.session, self.canvas, self.samples, self)
        self.retouching = Retouching(self.session, self.panel, self.canvas.spot, self.canvas.clone, self)
        self.marks = FoundMarks(self.session, self.canvas, self)
        self.training = Training(self.session, self.settings, self.message, self)
        self.auto = AutoRestore(self.session, self)
        self.actions_by_name = menus.make_actions(self)
        self.selection_menu = menus.make_menus(self)
        self.revealing = Revealing(self.session, self.actions_by_name["tint"], self)
        self.marks.make_bar(menus.mark_actions(self.actions_by_name))
        self.options = BrushOptions(self.selection_menu, self)
        self.tools = ToolColumn(menus.tool_actions(self.actions_by_name), self)
        self.header = Header(self.session, [self.actions_by_name[one] for one in ("open", "paste", "auto")], self)
        self._pixel: QPoint | None = None
        self._closing = False
        self._lay_out()
        self._wire()
        self.use_theme(self.settings.theme)
        self.setAcceptDrops(True)
        self.setMinimumSize(860, 560)
        self._restore()
        self._refresh()
        self.start.open_button.setFocus()  # not the cross of a message that comes first

    # ------------------------------------------------------------------------------------------------ layout
    def _lay_out(self) -> None:
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.start)
        self.stack.addWidget(self.canvas)
        self.stack.addWidget(self.draft)
        centre = QWidget(self)
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.options)
        column.addWidget(self.stack, 1)
        self.message.lie_over(self.stack)
        column.addWidget(self.strip)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(centre)
        self.splitter.addWidget(self.side)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([700, 304])
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.tools)
        middle.addWidget(self.splitter, 1)
        page = QWidget(self)
        page.setObjectName("page")
        rows = QVBoxLayout(page)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.header)
        rows.addLayout(middle, 1)
        self.setCentralWidget(page)
        self.setStatusBar(self.status)

    # ------------------------------------------------------------------------------------------------- wires
    def _wire(self) -> None:
        session, jobs = self.session, self.session.jobs
        session.drafted.connect(self._show_draft)
        session.opened.connect(self._show_opened)
        session.rendered.connect(self._show_rendered)
        session.history_changed.connect(self._refresh)
        session.failed.connect(self.message.warn)
        session.loader.loaded.connect(self._engine_loaded)
        session.loader.failed.connect(self.status.device.setText)
        session.loader.device_known.connect(self.status.device.setText)
        jobs.started.connect(self._job_started)
        jobs.finished.connect(self._job_ended)
        self.marks.changed.connect(self._show_marks)
        self.retouching.told.connect(self.message.warn)
        self.canvas.clone.sourced.connect(self.message.forget_warning)
        self.panel.repair_wanted.connect(self.choosing.begin)
        self.choosing.changed.connect(self._show_candidates)
        self.choosing.told.connect(self.message.tell)
        self.sampling.changed.connect(self._show_sample)
        self.sampling.canvas_wanted.connect(self.files.new_canvas)
        self.side.tabs.currentChanged.connect(self._show_side)
        self.side.export_button.clicked.connect(self.files.export)
        self.panel.samples_wanted.connect(self.show_samples)
        self.panel.shown.connect(lambda: self.side.show_samples(False))
        self.auto.told.connect(self.message.tell)
        self.start.open_wanted.connect(self.files.choose)
        self.start.paste_wanted.connect(self.files.paste)
        self.start.chosen.connect(self.files.open)
        self.panel.preview_wanted.connect(self.previewer.show)
        for section in self.panel.sections:
            section.applied.connect(self.canvas.setFocus)  # or Space, to move the view, would apply it again
        self.canvas.zoomed.connect(self.status.show_zoom)
        self.canvas.pointed.connect(self._show_pixel)
        self.canvas.brush_changed.connect(self._show_brush)
        self.canvas.stroke_finished.connect(self._stroke_finished)
        self.canvas.installEventFilter(self)
        self.options.brush_changed.connect(self.canvas.set_brush)
        QApplication.styleHints().colorSchemeChanged.connect(self._system_theme_changed)

    def _show_draft(self, display: Display) -> None:
        self.draft.show_display(display)
        self.stack.setCurrentWidget(self.draft)

    def _show_opened(self) -> None:
        assert self.session.view is not None
        self.stack.setCurrentWidget(self.canvas)
        self.canvas.show_after(self.session.view.display, False)
        self.canvas.show_before(self.session.view.before)
        self.canvas.fit_brush()
        self.message.hide()
        if self.session.photo and self.session.photo.notice:
            self.message.warn(self.session.photo.notice)
        self.canvas.setFocus()
        self._show_brush()
        self._show_pixel(None)
        self._refresh()

    def _show_rendered(self, moved: bool) -> None:
        assert self.session.view is not None
        self.canvas.show_after(self.session.view.display, True)
        self.canvas.show_before(self.session.view.before)
        self.message.forget_warning()
        self._show_pixel(None if moved else self._pixel)

    def _show_candidates(self) -> None:
        """They are seen without tint and marks, and the keys are theirs; until one is accepted nothing is exported."""
        self._refresh_idle()
        if not self.choosing.is_open:
            return
        self.sampling.choose(0)
        self._clear_view()
        self.canvas.setFocus()

    def _clear_view(self) -> None:
        """Nothing lies over the photo but what is to be chosen."""
        self.panel.end_previews()
        self.marks.end()
        self.revealing.reveal()

    def _show_sample(self) -> None:
        """One is seen in the photo that is not placed: as with candidates."""
        self._refresh_idle()
        if self.sampling.is_seen:
            self.choosing.leave()
            self._clear_view()

    def _show_side(self) -> None:
        self.sampling.choose(0)

    def show_samples(self, word: str = "") -> None:
        """The panel of samples, with an operation to make them of; without, it and the other panel in turn."""
        if not word and self.side.shows_samples:
            self.side.show_samples(False)
            self.canvas.setFocus()
            return
        self.side.show_samples(True)
        if word:
            self.samples.what.choose(word)
        self.samples.take_focus(begin=bool(word))

    def _show_marks(self) -> None:
        seen = self.marks.at is not None
        self.actions_by_name["remove-mark"].setEnabled(seen)
        if seen:
            self.revealing.show_tint()

    def _stroke_finished(self) -> None:
        """What is erased shall not be repaired, nor at once what is left."""
        wanted = self.options.repair.isChecked() and not self.canvas.has_erased
        if wanted and self.session.loader.engine:
            self.panel.apply(self.panel.repair, clear=True)

    def _show_brush(self) -> None:
        canvas = self.canvas
        self.options.show_brush(canvas.brush_size, canvas.hardness, canvas.largest_brush())
        self.actions_by_name[canvas.tool].setChecked(True)

    def _show_pixel(self, at: QPoint | None) -> None:
        self._pixel = at
        photo, view = self.session.photo, self.session.shown
        if at is None or photo is None or view is None:
            self.status.show_pixel("")
            return
        if at.y() >= view.image.shape[0] or at.x() >= view.image.shape[1]:
            return
        most = 2**photo.metadata.depth - 1
        values = [round(float(value) * most) for value in view.image[at.y(), at.x()]]
        text = str(values[0]) if photo.metadata.grey else "  ".join(str(value) for value in values)
        self.status.show_pixel(f"{at.x()}, {at.y()}    {text}")

    def _engine_loaded(self) -> None:
        self.status.device.setText(self.tr("Starting the models…"))
        assert self.session.loader.engine is not None
        menus.fill_operations(self, self.session.loader.engine)
        self._refresh()

    def _job_started(self) -> None:
        self.actions_by_name["cancel"].setEnabled(True)
        self._refresh_idle()

    def _job_ended(self) -> None:
        if self.stack.currentWidget() is self.draft:  # the photo could not be opened after all
            self.stack.setCurrentWidget(self.canvas if self.session.view else self.start)
        self.actions_by_name["cancel"].setEnabled(False)
        self._refresh_idle()

    def _refresh_idle(self) -> None:
        """While a job changes the photo there is nothing to export that the user would mean, nor to begin with."""
        on = self.session.view is not None and not self.session.jobs.title
        on = on and not self.choosing.is_open and not self.sampling.is_seen
        self.actions_by_name.enable("export export-again", on)
        self.export_button.setEnabled(on)
        self.actions_by_name["auto"].setEnabled(on and self.session.loader.engine is not None)

    def _refresh(self) -> None:
        """Enable what can be done; show the name."""
        session, actions = self.session, self.actions_by_name
        is_open, loaded = session.view is not None, session.loader.engine is not None
        selected = is_open and not session.selection.is_empty()
        actions.enable(menus.NEED_PHOTO, is_open)
        actions.enable(menus.NEED_ENGINE, is_open and loaded)
        actions.enable("grow shrink feather crop", selected and loaded)
        actions.enable("clear save-mask", selected)
        actions.enable("next-mark previous-mark", selected and loaded)
        actions["remove-mark"].setEnabled(self.marks.at is not None)
        actions["undo"].setEnabled(session.history.can_undo)
        actions["redo"].setEnabled(session.history.can_redo)
        self._refresh_idle()
        self.options.setEnabled(is_open)
        star = "*" if session.history.unsaved else ""
        self.setWindowTitle(f"{session.name}{star} — Photomend" if is_open else "Photomend")
        self.start.refresh_sample()
        if not is_open:
            self.start.show_recent(self.settings.recent)

    # ------------------------------------------------------------------------------------------------- theme
    def use_theme(self, name: str) -> None:
        """ "system", "light" or "dark"."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        action = self.actions_by_name[f"theme-{name}"]
        if not action.isChecked():
            action.setChecked(True)  # which comes back here
            return
        self.settings.put("theme", name)
        colours = theme.use(application, name)
        for one in (self.actions_by_name, self.message, self.start, self.panel, self.samples, self.history):
            one.use_colours(colours)

    def _system_theme_changed(self) -> None:
        if self.settings.theme == "system":
            self.use_theme("system")

    # ------------------------------------------------------------------------------------- start, drop, close
    def begin(self, path: Path | None) -> None:
        """After the window is shown: open a photo, if one was named, and load the engine."""
        if path is not None:
            self.session.open(path)
        self.session.loader.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hold \\ on the canvas: the original."""
        if watched is self.canvas:
            if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Backslash:
                if event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) and not event.isAutoRepeat():
                    self.canvas.hold_original(event.type() == QEvent.Type.KeyPress)
            elif isinstance(event, QFocusEvent) and event.lostFocus():
                self.canvas.hold_original(False)
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.files.can_take(event.mimeData()):
            event.acceptProposedAction()
            self.start.set_over(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.start.set_over(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.start.set_over(False)
        if self.files.take(event.mimeData()):
            event.acceptProposedAction()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closing and not self.training.may_close():
            event.ignore()
            return
        if not self._closing and self.session.history.unsaved:
            event.ignore()
            self.files.ask_unsaved(self._close_anyway)
            return
        self._save()
        self.training.close()
        self.resting = self.session.close()
        event.accept()

    def _close_anyway(self) -> None:
        self._closing = True
        QTimer.singleShot(0, self.close)

    def _restore(self) -> None:
        if not self.restoreGeometry(self.settings.blob("geometry")):
            room = self.screen().availableSize() - QSize(8, 44)  # the frame, whose size is not yet known
            self.resize(room.boundedTo(QSize(1360, 880)))
        self.splitter.restoreState(self.settings.blob("splitter"))
        self.side.splitter.restoreState(self.settings.blob("side"))
        size = self.settings.number("brush/size", 40, 1, 10000)
        self.canvas.set_brush(size, self.settings.number("brush/hardness", 0.8, 0, 1))
        self._show_brush()

    def _save(self) -> None:
        self.settings.put_blob("geometry", self.saveGeometry())
        self.settings.put_blob("splitter", self.splitter.saveState())
        self.settings.put_blob("side", self.side.splitter.saveState())
        self.settings.put("brush/size", self.canvas.wanted_size)
        self.settings.put("brush/hardness", self.canvas.hardness)
        self.settings.sync()
