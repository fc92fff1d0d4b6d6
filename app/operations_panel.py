"""The operations panel: the three steps of the work, and every other operation through one search box."""

from PySide6.QtCore import QStringListModel, Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QCompleter, QLabel, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.engine_loader import Engine
from app.samples import is_sampler
from app.sections import Kind, Section, needs_selection
from app.session import Session
from app.theme import Colours
from engine.errors import RestoreError
from engine.image import Box
from engine.operation import Operation

_REST = 300  # ms after the last change before the photo is measured


class OperationsPanel(QWidget):
    """Filled when the engine is loaded; until then it says that it loads, or why it cannot."""

    preview_wanted = Signal(object)  # the Section that shall be previewed, or None
    samples_wanted = Signal(str)  # the id of an operation that makes samples, which another panel shows
    shown = Signal()  # an operation of this panel is wanted
    repair_wanted = Signal(object, bool)  # the Operation of step 3; True: candidates, even where they are alike

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panelBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._titles: dict[str, Kind] = {}
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Find an operation (Ctrl+F)"))
        self.search.setAccessibleName(self.tr("Find an operation"))
        self.search.setClearButtonEnabled(True)
        self._words = QStringListModel(self)
        completer = QCompleter(self._words, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setMaxVisibleItems(14)
        completer.activated.connect(self._found)
        self.search.setCompleter(completer)
        self.search.returnPressed.connect(self._take_search)
        self.noise = Section(self.tr("1   CLEAN NOISE"), self.tr("Apply"), self)
        self.damage = Section(self.tr("2   FIND DAMAGE"), self.tr("Detect"), self, preview=False)
        self.repair = Section(self.tr("3   REPAIR"), self.tr("Repair"), self)
        self.other = Section("", self.tr("Apply"), self)
        self.sections = (self.noise, self.damage, self.repair, self.other)
        self.add = QCheckBox(self.tr("Add"), self)
        self.add.setToolTip(self.tr("Keep what is selected and add what is found; otherwise it takes its place"))
        self.damage.extra.addWidget(self.add)
        self.damage.button.setToolTip(self.tr("Select damage everywhere (Shift+D); in the visible part only: D"))
        self.repair.button.setToolTip(self.tr("Repair what is selected (Enter); choose among candidates: Ctrl+Enter"))
        self.state = QLabel(self.tr("Loading the engine…"), self)
        self.state.setWordWrap(True)
        self.state.setObjectName("state")
        self.again = QPushButton(self.tr("Try again"), self)
        self.again.hide()
        self.again.clicked.connect(self._load_again)
        self._lay_out()
        for one in self.sections:
            one.hide()
            one.applied.connect(self._apply_sender)
            one.head.toggled.connect(self._make_room)
            one.preview_toggled.connect(self._preview_sender)
            one.chosen.connect(self.refresh)
            one.edited.connect(self._measure_soon)
            one.head.toggled.connect(self._measure_soon)
        self._measure_timer = QTimer(self, singleShot=True, interval=_REST)
        self._measure_timer.timeout.connect(self._measure)
        self._measured: set[Kind] = set()  # of the photo as it is
        session.opened.connect(self._measure_again)
        session.rendered.connect(self._measure_again)
        session.measured.connect(self._show_measured)
        session.loader.loaded.connect(self._fill)
        session.loader.failed.connect(self._show_failure)
        session.history_changed.connect(self.refresh)
        session.opened.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        inside = QWidget(self)
        inside.setObjectName("panelBody")
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for one in self.sections:
            rows.addWidget(one)
        rows.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll = scroll
        top = QVBoxLayout()
        top.setContentsMargins(12, 8, 12, 8)
        top.addWidget(self.search)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(top)
        outer.addWidget(self.state)
        outer.addWidget(self.again, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addWidget(scroll, 1)

    # ------------------------------------------------------------------------------------------------ engine
    def _fill(self) -> None:
        engine = self._session.loader.engine
        assert engine is not None
        self.state.hide()
        self.again.hide()
        groups = by_group(engine)
        first = {"noise": "denoise", "repair": "fill"}
        for section, group in ((self.noise, "noise"), (self.repair, "repair")):
            section.fill(sorted(groups.get(group, []), key=lambda kind, word=first[group]: kind.id != word))
        self.damage.fill(list(engine.detectors.values()))
        self._titles = {kind.title: kind for kinds in groups.values() for kind in kinds}
        self._titles |= {kind.title: kind for kind in engine.detectors.values()}
        self._words.setStringList(sorted(self._titles))
        self.refresh()
        self._close_others(self.noise)

    def _show_failure(self, sentence: str) -> None:
        self.state.setText(sentence)
        self.state.show()
        self.again.show()

    def _load_again(self) -> None:
        self.state.setText(self.tr("Loading the engine…"))
        self.again.hide()
        self._session.loader.start()

    # ------------------------------------------------------------------------------------------------- other
    def _found(self, title: str) -> None:
        kind = self._titles.get(title)
        if kind:
            self.show_operation(kind.id)

    def start_search(self) -> None:
        """Let the user type what to find."""
        self.shown.emit()
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _take_search(self) -> None:
        text = self.search.text().strip().lower()
        told = {title: f"{title} {kind.id} {kind.summary}".lower() for title, kind in self._titles.items()}
        match = next((title for title in told if text and text in title.lower()), None)
        match = match or next((title for title, words in told.items() if text and text in words), None)
        if match:
            self._found(match)
        elif text:
            self._session.failed.emit(self.tr("There is no operation for “{}”.").format(text))

    def show_operation(self, word: str) -> None:
        """Bring an operation or detector into view, ready to be set."""
        kind = next((one for one in self._titles.values() if one.id == word), None)
        if kind is None:
            return
        if is_sampler(kind):
            self.search.clear()
            self.samples_wanted.emit(word)
            return
        self.shown.emit()
        home = next((one for one in self.sections[:3] if one.choice.findData(word) >= 0), self.other)
        if home is self.other:
            self.other.head.setText(kind.title.upper())
            self.other.fill([kind])
            self.refresh()
        home.choose(word)
        self._close_others(home)
        self.search.clear()
        focus = home.button if home.button.isEnabled() else home.head
        focus.setFocus(Qt.FocusReason.ShortcutFocusReason)
        QTimer.singleShot(0, home, lambda: self._reveal(home))  # the layout comes first

    def _reveal(self, section: Section) -> None:
        """Scroll so far that the section is seen, its head in any case."""
        for one in (section.button, section.head):
            self._scroll.ensureWidgetVisible(one, 0, 12)

    # ------------------------------------------------------------------------------------------------- doing
    def _measure_again(self) -> None:
        self._measured.clear()
        self._measure_soon()

    def _measure_soon(self) -> None:
        self._measure_timer.start()

    def _measure(self) -> None:
        wanted = [one.measuring() for one in self.sections]
        self._session.measure([one for one in wanted if one is not None and type(one) not in self._measured])

    def _show_measured(self, operation: Operation) -> None:
        self._measured.add(type(operation))
        for one in self.sections:
            one.show_measured(operation)

    def _apply_sender(self) -> None:
        section = self.sender()
        if section is self.damage:
            self.find_damage(None)
        elif isinstance(section, Section):
            self.apply(section)

    def apply(self, section: Section, clear: bool = False, candidates: bool = False) -> None:
        """Run the operation of a section; what is out of range is refused here. `candidates` are for step 3 only."""
        try:
            operation = section.value()
        except RestoreError as error:
            self._session.failed.emit(str(error))
            return
        if not isinstance(operation, Operation):
            return
        if operation.needs_mask and self._session.selection.is_empty():
            # before anything is started, which would stop a detector that is looking for something to select
            words = self.tr("{} needs a selection: paint over the damage, or let step 2 find it.")
            self._session.failed.emit(words.format(operation.title))
            return
        self.end_previews()  # of the photo as it will be, it would show the work done twice
        if section is self.repair and not clear:
            self.repair_wanted.emit(operation, candidates)
        else:
            self._session.apply(operation, clear)

    def find_damage(self, box: Box | None) -> None:
        """Run the detector in `box`; None: everywhere."""
        try:
            detector = self.damage.value()
        except RestoreError as error:
            self._session.failed.emit(str(error))
            return
        if detector is not None:
            self._session.find(detector, box, self.add.isChecked())

    def _make_room(self, on: bool) -> None:
        opened = next((one for one in self.sections if one.head is self.sender()), None)
        if on and opened is not None:
            self._close_others(opened)

    def _close_others(self, keep: Section) -> None:
        """Close other sections, the last first, until the rest is seen without scrolling."""
        shown = [one for one in self.sections if not one.isHidden()]
        for one in reversed(shown):
            heights = [x.needed() if x.head.isChecked() else x.head.sizeHint().height() for x in shown]
            if sum(heights) <= self._scroll.viewport().height():
                return
            if one is not keep:
                one.head.setChecked(False)

    def _preview_sender(self, on: bool) -> None:
        section = self.sender()
        if on:
            for one in self.sections:
                if one is not section:
                    one.preview.setChecked(False)
        wanted = next((one for one in self.sections if one.preview.isChecked()), None)
        if on or wanted is None:
            self.preview_wanted.emit(wanted)

    def end_previews(self) -> None:
        """The photo itself is to be seen."""
        for one in self.sections:
            one.preview.setChecked(False)

    def refresh(self) -> None:
        """Enable what can be done with what is open and selected; say where it will work."""
        ready = self._session.view is not None
        selected = ready and not self._session.selection.is_empty()
        for one in self.sections:
            one.button.setEnabled(ready and (selected or not needs_selection(one.kind)))
        self.noise.button.setText(self.tr("Apply to selection") if selected else self.tr("Apply"))
        kind = self.other.kind
        moves = isinstance(kind, type) and issubclass(kind, Operation) and kind.moves
        self.other.button.setText(self.tr("Apply to selection") if selected and not moves else self.tr("Apply"))
        missing = ready and not selected and needs_selection(self.repair.kind)
        self.repair.say(self.tr("Paint over the damage, or let step 2 find it.") if missing else "")

    def use_colours(self, colours: Colours) -> None:
        for one in self.sections:
            one.use_colours(colours)


def by_group(engine: Engine) -> dict[str, list[Kind]]:
    """The operations of each group, groups and operations in the order of their ids."""
    groups: dict[str, list[Kind]] = {}
    for kind in engine.operations.values():
        groups.setdefault(kind.group, []).append(kind)
    return groups
