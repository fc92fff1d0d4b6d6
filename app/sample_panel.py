"""The panel of samples: what to make up, the grid of what was made, and what can be done with the chosen one."""

from PySide6.QtCore import Qt, QTimer, Signal, SignalInstance
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.engine_loader import Engine
from app.form import chain, name_all
from app.sample_grid import SampleGrid
from app.samples import Sample, has_twist, is_sampler
from app.sections import Section, needs_selection
from app.theme import Colours

FEWEST, MOST = 4, 16  # samples made at once
_USUAL = 8
_FIRST = "plate"  # the operation that is offered first


class SamplePanel(QWidget):
    """Shows; knows nothing of the session. It is filled when the engine is loaded."""

    make_wanted = Signal()
    more_wanted = Signal()
    alike_wanted = Signal()
    seed_wanted = Signal()
    place_wanted = Signal()
    canvas_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panelBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.what = Section(self.tr("MAKE UP"), self.tr("Make"), self, preview=False)
        self.what.button.setToolTip(self.tr("Make so many samples, the first with the seed above"))
        self.what.applied.connect(self.make_wanted)
        self.count = QSpinBox(self)
        self.count.setRange(FEWEST, MOST)
        self.count.setValue(_USUAL)
        name_all(self.count, self.tr("How many samples"), self.tr("How many samples are made at once"))
        self.more = self._button(self.tr("More"), self.tr("As many more, with the next seeds"), self.more_wanted)
        self.more.setEnabled(False)
        self.what.extra.addWidget(self.count)
        self.what.extra.addWidget(self.more)
        self.grid = SampleGrid(self)
        self.state = QLabel(self.tr("Loading the engine…"), self)
        self.state.setObjectName("state")
        self.state.setWordWrap(True)
        self.chosen = self._make_chosen()
        self._lay_out()
        self.what.hide()

    def _make_chosen(self) -> QWidget:
        """What can be done with the chosen sample, which stays in view when the rest is scrolled."""
        chosen = QWidget(self)
        chosen.setObjectName("strip")
        chosen.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.label = QLabel(chosen)
        self.label.setObjectName("faint")
        self.label.setWordWrap(True)
        self.alike = self._button(
            self.tr("More like this"), self.tr("Samples near the chosen one: the same seed, varied"), self.alike_wanted
        )
        self.seed = self._button(self.tr("Use its seed"), self.tr("Put its seed into the form"), self.seed_wanted)
        self.canvas = self._button(
            self.tr("New canvas…"), self.tr("A new photo of any size, made like the chosen one"), self.canvas_wanted
        )
        self.place = self._button(self.tr("Place"), "", self.place_wanted)
        self.place.setObjectName("primary")
        rows = QVBoxLayout(chosen)
        rows.setContentsMargins(12, 6, 12, 8)
        rows.setSpacing(6)
        rows.addWidget(self.label)
        for pair in ((self.seed, self.canvas), (self.alike, self.place)):
            row = QHBoxLayout()
            for one in pair:
                one.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
                row.addWidget(one)
            rows.addLayout(row)
        chosen.hide()
        return chosen

    def _button(self, text: str, tip: str, does: SignalInstance) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(does)
        button.setStyleSheet("padding: 4px 9px;")
        return button

    def _lay_out(self) -> None:
        inside = QWidget(self)
        inside.setObjectName("panelBody")
        grid = QVBoxLayout()
        grid.setContentsMargins(12, 10, 6, 10)
        grid.addWidget(self.grid)
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.what)
        rows.addLayout(grid)
        rows.addStretch(1)
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.state)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(self.chosen)
        chain([self.what.button, *self._commands()])

    def _commands(self) -> list[QWidget]:
        return [self.seed, self.canvas, self.alike, self.place]

    # ------------------------------------------------------------------------------------------------------ engine
    def fill(self, engine: Engine) -> None:
        """Offer every operation that makes something up from a seed."""
        self.state.hide()
        kinds = [kind for kind in engine.operations.values() if is_sampler(kind)]
        kinds.sort(key=lambda kind: (kind.id != _FIRST, kind.id))
        self.what.fill([*kinds])

    def offers(self, word: str) -> bool:
        return self.what.choice.findData(word) >= 0

    def show_failure(self, sentence: str) -> None:
        """Why there is nothing to choose from."""
        self.state.setText(sentence)
        self.state.show()

    def use_colours(self, colours: Colours) -> None:
        self.what.use_colours(colours)

    # -------------------------------------------------------------------------------------------- what can be done
    def show_place(self, photo: bool, selected: bool) -> None:
        """Say where samples will be made, and enable what is possible there."""
        kind = self.what.kind
        missing = needs_selection(kind) and not selected
        self.what.button.setEnabled(kind is not None and not missing)
        if missing:
            self.what.say(self.tr("Paint over what shall be made up, then press Make."))
        elif not photo:
            self.what.say(self.tr("No photo is open: a sample can become a new canvas."))
        elif not selected:
            self.what.say(self.tr("Nothing is selected: samples are squares, and a placed one fills the photo."))
        else:
            self.what.say(self.tr("Made for what is selected."))
        self.place.setEnabled(photo)
        self.place.setToolTip(
            self.tr("Put it into the selection (Enter)") if selected else self.tr("Fill the photo like this (Enter)")
        )

    def show_chosen(self, number: int, sample: Sample | None, seen: bool) -> None:
        """Which sample is chosen (None: none), and whether it is seen in the photo."""
        first = self.chosen.isHidden()
        self.grid.show_chosen(number)
        self.chosen.setVisible(sample is not None)
        if sample is None:
            return
        words = self.tr("Sample {}, seed {}").format(number, sample.seed)
        words = self.tr("{}, variation {}").format(words, sample.twist) if sample.twist else words
        self.label.setText(self.tr("{}: seen in the photo, not yet placed").format(words) if seen else words)
        self.alike.setVisible(has_twist(type(sample.operation)))
        self.canvas.setVisible(not needs_selection(type(sample.operation)))  # which a new canvas has not
        self.reveal(number, len(self.grid.buttons) if first else number)

    def expect(self, labels: list[str]) -> None:
        """So many more samples will come, with these labels."""
        first = len(self.grid.buttons) + 1
        self.grid.expect(labels)
        chain([self.what.button, *self.grid.buttons, *self._commands()])
        self.more.setEnabled(True)
        self.reveal(first, len(self.grid.buttons))

    def reveal(self, first: int, last: int) -> None:
        """Scroll so far that these samples are seen, the first in any case."""

        def scroll() -> None:
            for button in (*self.grid.buttons[last - 1 : last], *self.grid.buttons[first - 1 : first]):
                self._scroll.ensureWidgetVisible(button, 0, 8)

        QTimer.singleShot(0, self, scroll)  # the layout comes first

    def take_focus(self, begin: bool = False) -> None:
        """The keys are for this panel: first for its button, or for the samples where some are made; `begin`: others
        shall be made."""
        if self.grid.buttons and not begin:
            self.grid.take_focus()
        else:
            button = self.what.button
            (button if button.isEnabled() else self.what.choice).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave_buttons(self) -> None:
        """Samples come: the keys that pressed a button are for them from now on, or Space would make others."""
        if self.what.button.hasFocus() or self.more.hasFocus() or self.alike.hasFocus():
            self.grid.take_focus()

    def set_seed(self, seed: int) -> None:
        """Let the next samples begin with this seed."""
        form = self.what.form
        if form is not None:
            form.put("seed", seed)
