"""A field for a line that is drawn: a small pad for the mouse, and the same points as text for the keyboard."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QVBoxLayout, QWidget

_ACROSS = 32.0  # px of the photo that the pad shows
_SIDE = 96  # logical px of the pad
_APART = 0.7  # px of the photo between two points


class PathField(QWidget):
    """A line through points (x, y), px of the photo to the right and downwards, as text "0,0 4,1"."""

    changed = Signal()

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = QLineEdit(text, self)
        self.line.setPlaceholderText(self.tr("Draw below, or 0,0 4,1 6,5"))
        self.pad = _Pad(self)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        rows.addWidget(self.line)
        rows.addWidget(self.pad)
        self.setFocusProxy(self.line)
        self.pad.drawn.connect(self.line.setText)
        self.line.textChanged.connect(self.pad.show_text)
        self.line.textChanged.connect(self.changed)
        self.pad.show_text(text)


class _Pad(QWidget):
    """Where the mouse draws."""

    drawn = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(_SIDE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._points: list[QPointF] = []  # px of the photo, from the middle of the pad
        self._drawing = False

    def sizeHint(self) -> QSize:
        return QSize(_SIDE, _SIDE)

    def show_text(self, text: str) -> None:
        """The line of a text, in the middle; nothing while that cannot be read."""
        if self._drawing:
            return
        self._points = []
        try:
            pairs = [one.split(",") for one in text.split()]
            points = [QPointF(float(x), float(y)) for x, y in pairs]
        except ValueError:
            points = []
        if points:
            middle = QPolygonF(points).boundingRect().center()
            self._points = [one - middle for one in points]
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drawing, self._points = True, [self._place(event.position())]
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drawing:
            point = self._place(event.position())
            if (point - self._points[-1]).manhattanLength() >= _APART:
                self._points.append(point)
                self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drawing and event.button() == Qt.MouseButton.LeftButton:
            first = self._points[0]
            steps = [one - first for one in self._points] if len(self._points) > 1 else []
            self.drawn.emit(" ".join(f"{round(one.x(), 1):g},{round(one.y(), 1):g}" for one in steps))
            self._drawing = False

    def _place(self, position: QPointF) -> QPointF:
        """Where a point of the pad lies, px of the photo; the pad's borders hold it."""
        scale = _ACROSS / self.height()
        x = min(max(position.x(), 0.0), float(self.width())) - self.width() / 2
        y = min(max(position.y(), 0.0), float(self.height())) - self.height() / 2
        wide = min(x * scale, _ACROSS / 2) if x > 0 else max(x * scale, -_ACROSS / 2)
        return QPointF(wide, y * scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self.palette()
        painter.setPen(colours.color(QPalette.ColorRole.Mid))
        painter.setBrush(colours.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        scale = self.height() / _ACROSS  # logical px to one of the photo
        painter.translate(self.width() / 2, self.height() / 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(
            QPen(colours.color(QPalette.ColorRole.Text), scale, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        )
        painter.drawPolyline(QPolygonF([one * scale for one in self._points]))
        painter.end()
