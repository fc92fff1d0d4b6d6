"""The grid of samples: a thumbnail with its seed for each, which can be walked through by keys and dragged away."""

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QDrag, QIcon, QKeyEvent, QMouseEvent, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QSizePolicy, QToolButton, QWidget

from app.samples import Sample

MIME = "application/x-photomend-sample"  # its number, in digits
_SIDE = 72  # logical px of a thumbnail
_GAP = 4
_KEY = Qt.Key


class SampleButton(QToolButton):
    """One place of the grid."""

    dragged = Signal()  # it was pressed and is being pulled away

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("sample")
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(_SIDE, _SIDE))
        self.setFixedWidth(_SIDE + 8)
        self._pressed: QPoint | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint() if event.button() == Qt.MouseButton.LeftButton else None
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            far = (event.position().toPoint() - self._pressed).manhattanLength()
            if far >= QApplication.startDragDistance():
                self._pressed = None
                self.setDown(False)
                self.dragged.emit()
                return
        super().mouseMoveEvent(event)


class SampleGrid(QWidget):
    """Shows; what a choice means is decided elsewhere. Numbers begin with 1; 0 stands for none of them."""

    chosen = Signal(int)
    accepted = Signal()  # the one that is chosen

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Samples"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.buttons: list[SampleButton] = []
        self._columns = 0
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(_GAP)
        self._layout.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)

    # ---------------------------------------------------------------------------------------------- what is shown
    def clear(self) -> None:
        for button in self.buttons:
            self._remove(button)
        self.buttons = []

    def expect(self, labels: list[str]) -> None:
        """One more for each seed; they are still to come."""
        for label in labels:
            button = SampleButton(self)
            button.setText(label)
            button.setIcon(QIcon(_empty(self.devicePixelRatioF())))
            number = len(self.buttons) + 1
            name = self.tr("Sample {}, seed {}, is being made").format(number, label)
            button.setAccessibleName(name)
            button.setToolTip(name)
            button.setEnabled(False)
            button.setFocusPolicy(Qt.FocusPolicy.ClickFocus if self.buttons else Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(lambda _on=False, number=number: self.chosen.emit(number))
            button.dragged.connect(lambda number=number: self.drag(number))
            button.installEventFilter(self)
            self.buttons.append(button)
            self._put(len(self.buttons) - 1)

    def forget_expected(self) -> None:
        """Those that have not come will not."""
        while self.buttons and not self.buttons[-1].isEnabled():
            self._remove(self.buttons.pop())

    def show_sample(self, number: int, sample: Sample) -> None:
        """One has come."""
        button = self.buttons[number - 1]
        button.setIcon(QIcon(_framed(sample, self.devicePixelRatioF())))
        name = self.tr("Sample {}, seed {}").format(number, sample.seed)
        name = self.tr("{}, variation {}").format(name, sample.twist) if sample.twist else name
        button.setAccessibleName(name)
        button.setToolTip(self.tr("{}. Click to choose it, drag it onto the photo to place it.").format(name))
        button.setEnabled(True)

    def show_chosen(self, number: int) -> None:
        """Which one is chosen; one of them can always be reached with Tab."""
        for index, button in enumerate(self.buttons, 1):
            button.setChecked(index == number)
            reached = index == max(1, number)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if reached else Qt.FocusPolicy.ClickFocus)

    def take_focus(self) -> None:
        """Let the keys walk through the samples."""
        if self.buttons:
            first = next((one for one in self.buttons if one.isChecked()), self.buttons[0])
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    # ------------------------------------------------------------------------------------------------------ layout
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        columns = max(1, (event.size().width() + _GAP) // (_SIDE + 8 + _GAP))
        if columns != self._columns:
            self._columns = columns
            for index in range(len(self.buttons)):
                self._put(index)

    def minimumSizeHint(self) -> QSize:
        return QSize(_SIDE + 8, super().minimumSizeHint().height())

    def _put(self, index: int) -> None:
        columns = max(1, self._columns)
        self._layout.addWidget(self.buttons[index], index // columns, index % columns)

    def _remove(self, button: SampleButton) -> None:
        self._layout.removeWidget(button)
        button.hide()
        button.deleteLater()

    # -------------------------------------------------------------------------------------------------- keys, mouse
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched in self.buttons:
            return self._take(event, self.buttons.index(watched) + 1)  # type: ignore[arg-type]
        return super().eventFilter(watched, event)

    def _take(self, event: QKeyEvent, number: int) -> bool:
        """The keys while one of the samples has the focus; False for those that mean nothing here."""
        key, made = event.key(), sum(one.isEnabled() for one in self.buttons)
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        steps = {
            _KEY.Key_Left: -1,
            _KEY.Key_Right: 1,
            _KEY.Key_Up: -self._columns,
            _KEY.Key_Down: self._columns,
            _KEY.Key_Home: 1 - number,
            _KEY.Key_End: made - number,
        }
        if key in (_KEY.Key_Return, _KEY.Key_Enter):
            self.accepted.emit()
        elif key == _KEY.Key_Escape:
            self.chosen.emit(0)
        elif key in steps:
            self._go(number + steps[_KEY(key)], made)
        elif _KEY.Key_1 <= key <= _KEY.Key_9:
            self._go(key - _KEY.Key_0, made)
        else:
            return False
        return True

    def _go(self, number: int, made: int) -> None:
        if 1 <= number <= made:
            if not self.buttons[number - 1].isChecked():
                self.chosen.emit(number)
            self.buttons[number - 1].setFocus(Qt.FocusReason.TabFocusReason)

    def mime(self, number: int) -> QMimeData:
        """What a dragged sample carries."""
        data = QMimeData()
        data.setData(MIME, QByteArray(str(number).encode()))
        return data

    def drag(self, number: int) -> None:
        """Let the mouse carry it away; returns when it was dropped."""
        drag = QDrag(self)
        drag.setMimeData(self.mime(number))
        picture = self.buttons[number - 1].icon().pixmap(QSize(_SIDE, _SIDE), self.devicePixelRatioF())
        drag.setPixmap(picture)
        drag.setHotSpot(QPoint(_SIDE // 2, _SIDE // 2))
        drag.exec(Qt.DropAction.CopyAction)


def number_in(data: QMimeData) -> int:
    """The number of the dragged sample; 0 where something else is dragged."""
    text = bytes(data.data(MIME).data()) if data.hasFormat(MIME) else b""
    return int(text) if text.isdigit() else 0


def _framed(sample: Sample, ratio: float) -> QPixmap:
    """The thumbnail in the middle of its place."""
    result = _empty(ratio)
    side = round(_SIDE * ratio)
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    picture = sample.thumbnail.scaled(side, side, keep, smooth)
    result.setDevicePixelRatio(1)
    painter = QPainter(result)
    painter.drawImage((side - picture.width()) // 2, (side - picture.height()) // 2, picture)
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result


def _empty(ratio: float) -> QPixmap:
    side = round(_SIDE * ratio)
    result = QPixmap(side, side)
    result.fill(Qt.GlobalColor.transparent)
    result.setDevicePixelRatio(ratio)
    return result
