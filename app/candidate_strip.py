"""The strip of candidates under the canvas: a thumbnail for each, and buttons for what can be done with them."""

from PySide6.QtCore import QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QToolButton, QWidget

from app.candidates import Candidate

_SIDE = 60  # logical px of a thumbnail


class CandidateStrip(QWidget):
    """Shows; what is chosen, rejected and accepted is decided elsewhere. Number 0 is the photo without repair."""

    chosen = Signal(int)
    accepted = Signal()
    rejected = Signal()
    more_wanted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.buttons: list[QToolButton] = []
        self._inside = QWidget(self)
        self._inside.setObjectName("panelBody")
        self._row = QHBoxLayout(self._inside)
        self._row.setContentsMargins(8, 4, 8, 4)
        self._row.setSpacing(4)
        self._row.addStretch(1)
        self._scroll = QScrollArea(self)
        self._scroll.setWidget(self._inside)
        self._scroll.setWidgetResizable(True)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.label = QLabel(self)
        self.label.setObjectName("faint")
        self.accept = self._button(self.tr("Accept"), self.tr("Keep this one (Enter)"), self.accepted)
        self.accept.setObjectName("primary")
        self.reject = self._button(self.tr("Reject"), self.tr("Put this one aside (X)"), self.rejected)
        self.more = self._button(self.tr("More"), self.tr("Four more (Ctrl+Enter)"), self.more_wanted)
        self.leave = self._button(self.tr("Leave"), self.tr("Keep none of them (Esc)"), self.left)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 10, 0)
        outer.setSpacing(6)
        outer.addWidget(self._scroll, 1)
        commands = QGridLayout()
        commands.setContentsMargins(0, 8, 0, 8)
        commands.setHorizontalSpacing(5)
        commands.addWidget(self.label, 0, 0, 1, 4)
        for column, one in enumerate((self.leave, self.more, self.reject, self.accept)):
            commands.addWidget(one, 1, column)
        outer.addLayout(commands)
        self.setFixedHeight(_SIDE + 32)
        self.hide()

    def _button(self, text: str, tip: str, does: SignalInstance) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(does)
        button.setStyleSheet("padding: 4px 9px;")
        return button

    def clear(self) -> None:
        """Only the photo without repair is left."""
        for button in self.buttons:
            self._row.removeWidget(button)
            button.deleteLater()
        self.buttons = []
        self._add(self.tr("None"), self.tr("The photo without repair"))

    def expect(self, count: int) -> None:
        """So many more will come."""
        for _ in range(count):
            number = len(self.buttons)
            self._add(str(number), self.tr("Candidate {} is being made").format(number))
            self.buttons[-1].setEnabled(False)

    def forget_expected(self) -> None:
        """Those that have not come will not."""
        while self.buttons and not self.buttons[-1].isEnabled():
            button = self.buttons.pop()
            self._row.removeWidget(button)
            button.deleteLater()

    def _add(self, text: str, name: str) -> None:
        number = len(self.buttons)
        button = QToolButton(self._inside)
        button.setText(text)
        button.setCheckable(True)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setFixedSize(_SIDE + 8, _SIDE + 8)
        button.setIconSize(QSize(_SIDE, _SIDE))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _on=False: self.chosen.emit(number))
        self._row.insertWidget(number, button)
        self.buttons.append(button)

    def show_candidate(self, number: int, candidate: Candidate, aside: bool) -> None:
        """One has come, or was put aside or taken back."""
        button = self.buttons[number]
        button.setIcon(QIcon(_numbered(candidate, number, aside, self.devicePixelRatioF())))
        name = self.tr("Candidate {}, seed {}").format(number, candidate.seed)
        name = self.tr("{}, put aside").format(name) if aside else name
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setEnabled(True)

    def show_chosen(self, number: int, words: str, acceptable: bool, aside: bool) -> None:
        """Which one is seen in the photo, what is to be said of it, and whether it can be accepted."""
        for index, button in enumerate(self.buttons):
            button.setChecked(index == number)
        self.label.setText(words)
        self.accept.setEnabled(acceptable)
        self.reject.setEnabled(acceptable)
        self.reject.setText(self.tr("Take back") if aside else self.tr("Reject"))
        if number < len(self.buttons):
            self._scroll.ensureWidgetVisible(self.buttons[number], 20, 0)


def _numbered(candidate: Candidate, number: int, aside: bool, ratio: float) -> QPixmap:
    """The thumbnail with its number; faint where it was put aside."""
    side = round(_SIDE * ratio)
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    picture = candidate.thumbnail.scaled(side, side, keep, smooth)
    result = QPixmap(side, side)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setOpacity(0.25 if aside else 1.0)
    painter.drawImage((side - picture.width()) // 2, (side - picture.height()) // 2, picture)
    painter.setOpacity(1.0)
    font = painter.font()
    font.setPixelSize(round(11 * ratio))
    font.setBold(True)
    font.setStrikeOut(aside)
    painter.setFont(font)
    width = painter.fontMetrics().horizontalAdvance(str(number)) + round(8 * ratio)
    painter.fillRect(0, 0, width, round(15 * ratio), Qt.GlobalColor.black)
    painter.setPen(Qt.GlobalColor.white)
    painter.drawText(0, 0, width, round(15 * ratio), Qt.AlignmentFlag.AlignCenter, str(number))
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result
