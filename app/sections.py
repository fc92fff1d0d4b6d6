"""Sections of the operations panel: a head that opens and closes, a form, and what to do with it."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.form import Form, StillWheel, chain
from app.theme import Colours, drawing, icon
from engine.operation import Detector, Operation

Kind = type[Operation] | type[Detector]


class Section(QWidget):
    """One step of the work: which of some operations (or detectors), its parameters, and the button to run it."""

    applied = Signal()
    chosen = Signal()  # the operation is another one
    edited = Signal()  # the operation or a parameter is another one
    preview_toggled = Signal(bool)

    def __init__(self, title: str, apply_text: str, parent: QWidget | None = None, preview: bool = True) -> None:
        super().__init__(parent)
        self.setObjectName("section")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._forms: dict[str, Form] = {}
        self._kinds: dict[str, Kind] = {}
        self.head = QPushButton(title, self)
        self.head.setObjectName("sectionHead")
        self.head.setCheckable(True)
        self.head.setChecked(True)
        self.head.toggled.connect(self._show_body)
        self.body = QWidget(self)
        self.choice = QComboBox(self.body)
        self.choice.setAccessibleName(self.tr("Method"))
        self.choice.currentIndexChanged.connect(self._choose)
        StillWheel.on(self.choice)
        self.summary = QLabel(self.body)
        self.summary.setObjectName("faint")
        self.summary.setWordWrap(True)
        self.hint = QLabel(self.body)
        self.hint.setObjectName("faint")
        self.hint.setWordWrap(True)
        self.hint.hide()
        self.duration = QLabel(self.head)  # in the head, where it takes no room from the form
        self.duration.setObjectName("faint")
        self.duration.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._form_place = QVBoxLayout()
        self.preview = QCheckBox(self.tr("Preview"), self.body)
        self.preview.setToolTip(self.tr("Show the result in the visible part of the photo, at its true pixels"))
        self.preview.setVisible(preview)
        self.preview.toggled.connect(self.preview_toggled)
        self.reset = QToolButton(self.body)
        self.reset.setToolTip(self.tr("Back to the defaults"))
        self.reset.setAccessibleName(self.tr("Back to the defaults"))
        self.reset.clicked.connect(self._reset)
        self.button = QPushButton(apply_text, self.body)
        self.button.setObjectName("primary")
        self.button.clicked.connect(self.applied)
        for one in (self.head, self.preview, self.reset):
            one.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys to the canvas
        self.extra = QHBoxLayout()  # for what only one section has
        self._lay_out()
        self._colours: Colours | None = None

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.preview)
        buttons.addStretch(1)
        buttons.addWidget(self.reset)
        buttons.addLayout(self.extra)
        buttons.addWidget(self.button)
        rows = QVBoxLayout(self.body)
        rows.setContentsMargins(12, 0, 12, 10)
        rows.setSpacing(6)
        rows.addWidget(self.choice)
        rows.addWidget(self.summary)
        rows.addLayout(self._form_place)
        rows.addLayout(buttons)
        rows.addWidget(self.hint)  # below, so that the box just clicked stays under the mouse
        head = QHBoxLayout(self.head)
        head.setContentsMargins(12, 0, 12, 0)
        head.addWidget(self.duration, 0, Qt.AlignmentFlag.AlignRight)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.head)
        outer.addWidget(self.body)

    def fill(self, kinds: list[Kind]) -> None:
        """Offer these, the first chosen."""
        self._kinds = {kind.id: kind for kind in kinds}
        self.choice.blockSignals(True)
        self.choice.clear()
        for kind in kinds:
            self.choice.addItem(kind.title, kind.id)
        self.choice.blockSignals(False)
        self.choice.setVisible(len(kinds) > 1)
        self.setVisible(bool(kinds))
        if kinds:
            self._choose()

    def choose(self, word: str) -> None:
        """Show the form of one of those offered."""
        self.choice.setCurrentIndex(self.choice.findData(word))
        self.head.setChecked(True)

    @property
    def form(self) -> Form | None:
        return self._forms.get(str(self.choice.currentData()))

    @property
    def kind(self) -> Kind | None:
        return self._kinds.get(str(self.choice.currentData()))

    def value(self) -> Any:
        """The operation or detector as it is set. Raises RestoreError where a parameter is out of range."""
        return self.form.value() if self.form else None

    def measuring(self) -> Operation | None:
        """What to measure on the photo for `show_measured`; None while nothing of it is seen."""
        seen = self.form is not None and self.form.measures() and self.head.isChecked()
        kind = self.kind
        return kind() if seen and kind is not None and issubclass(kind, Operation) else None

    def show_measured(self, operation: Operation) -> None:
        """Show in its form, though another may be seen meanwhile, what an operation measured."""
        form = next((self._forms.get(word) for word, kind in self._kinds.items() if kind is type(operation)), None)
        if form is not None:
            form.show_measured(operation)

    def show_working(self, on: bool) -> None:
        """Whether a preview is being made."""
        self.preview.setText(self.tr("Preview…") if on else self.tr("Preview"))

    def say(self, hint: str) -> None:
        """A remark under the form, such as why there is no preview."""
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))

    def show_duration(self, words: str) -> None:
        """How long it will take; empty where that is not known."""
        self.duration.setText(words)
        self.button.setAccessibleDescription(words)

    def use_colours(self, colours: Colours) -> None:
        self._colours = colours
        self.reset.setIcon(icon("reset", colours))
        self._show_body(self.head.isChecked())

    def _choose(self) -> None:
        kind = self.kind
        if kind is None:
            return
        if kind.id not in self._forms:
            made = Form(kind, self.body)
            made.changed.connect(self.edited)
            self._forms[kind.id] = made
            self._form_place.addWidget(made)
        self.chain()
        for word, one in self._forms.items():
            one.setVisible(word == kind.id)
        self.reset.setVisible(bool(self._forms[kind.id].has_rows()))
        self.summary.setText(kind.summary)
        self.summary.setVisible(bool(kind.summary))
        moves = issubclass(kind, Operation) and kind.moves
        self.preview.setEnabled(not moves)
        self.say("")
        self.chosen.emit()
        self.edited.emit()

    def chain(self) -> None:
        """The Tab key goes from top to bottom, although forms are made late."""
        items = [self.extra.itemAt(index) for index in range(self.extra.count())]
        extra = [item.widget() for item in items if item is not None]
        fields = self.form.reached() if self.form else []
        chain([self.head, self.choice, *fields, self.preview, self.reset, *filter(None, extra), self.button])

    def _reset(self) -> None:
        if self.form:
            self.form.reset()

    def needed(self) -> int:
        """The height in px that it takes open."""
        return self.head.sizeHint().height() + self.body.sizeHint().height()

    def _show_body(self, on: bool) -> None:
        self.body.setVisible(on)
        self.duration.setVisible(on)
        if self._colours:
            arrow = drawing("down" if on else "right", self._colours.faint, 16, self.devicePixelRatioF())
            self.head.setIcon(QIcon(arrow))


def needs_selection(kind: type | None) -> bool:
    """Whether it refuses to work on the whole photo."""
    return kind is not None and issubclass(kind, Operation) and kind.needs_mask
