"""The message bar: one sentence over the canvas, which never blocks the window."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from app.theme import Colours, icon

_GOOD_FOR = 8000  # ms that good news stay; bad news stay until they are closed or replaced
_GAP = 8  # logical px around it


class MessageBar(QFrame):
    """Hidden until there is something to say; then over the upper edge, so that nothing moves under the mouse."""

    acted = Signal()  # the button of the message was pressed

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        self.text = QLabel(self)
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)  # a file that it names may be called anything
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = QPushButton(self)
        self.button.clicked.connect(self.acted)
        self.close_button = QToolButton(self)
        self.close_button.setAccessibleName(self.tr("Close the message"))
        self.close_button.setToolTip(self.tr("Close the message"))
        self.close_button.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 5, 8, 5)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        row.addWidget(self.close_button)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def lie_over(self, widget: QWidget) -> None:
        """Be shown over this widget from now on, whatever size it has."""
        self.setParent(widget)
        widget.installEventFilter(self)

    def place(self) -> None:
        """At the upper edge, in the middle, no wider than it needs to be."""
        over = self.parentWidget()
        if over is None:
            return
        line = self.text.fontMetrics().horizontalAdvance(self.text.text())
        beside = self.sizeHint().width() - self.text.sizeHint().width()
        width = min(over.width() - 2 * _GAP, line + beside + 4)
        self.resize(width, max(self.heightForWidth(width), self.minimumSizeHint().height()))
        self.move((over.width() - width) // 2, _GAP)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self.place()
        return super().eventFilter(watched, event)

    def warn(self, sentence: str, button: str = "") -> None:
        """Something that the user can act on."""
        self._show(sentence, "warning", button)
        self._timer.stop()

    def tell(self, sentence: str) -> None:
        """Good news."""
        self._show(sentence, "good", "")
        self._timer.start(_GOOD_FOR)

    def forget_warning(self) -> None:
        """What was wrong is over; good news stay their time."""
        if self.property("kind") == "warning":
            self.hide()

    def _show(self, sentence: str, kind: str, button: str) -> None:
        self.text.setText(sentence)
        self.text.setAccessibleName(sentence)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        if self.property("kind") != kind:
            self.setProperty("kind", kind)
            self.style().unpolish(self)
            self.style().polish(self)
        self.place()
        self.show()
        self.raise_()

    def use_colours(self, colours: Colours) -> None:
        self.close_button.setIcon(icon("close", colours))
