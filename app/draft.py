"""The draft: a quick small copy of a photo, shown while the whole is being read. Nothing can be painted on it."""

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app import painting
from app.display import Display
from app.viewport import Viewport


class Draft(QWidget):
    """Fills the place of the canvas."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._display: Display | None = None
        self.setAccessibleName(self.tr("The photo is being opened"))

    def show_display(self, display: Display) -> None:
        self._display = display
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), painting.SURROUND)
        if self._display is None:
            return
        ratio = self.devicePixelRatioF()
        view = Viewport()
        view.resize(round(self.width() * ratio), round(self.height() * ratio))
        view.margin = round(8 * ratio)
        width, height = self._display.size.width(), self._display.size.height()
        view.show(width, height)
        zoom = min((view.width - 2 * view.margin) / width, (view.height - 2 * view.margin) / height)
        view.zoom_to(max(view.zoom, zoom), view.width / 2, view.height / 2)  # as big as the whole photo will be
        painting.use_device_pixels(painter, ratio)
        painting.draw_display(painter, view, self._display, True)
