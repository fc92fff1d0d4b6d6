"""Help: the list of keys, and what this program is."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QMessageBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)


class KeysDialog(QDialog):
    """All keys in a table; it does not block the window."""

    def __init__(self, keys: list[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys"))
        self.resize(520, 560)
        rows = [*keys, *self._mouse()]
        table = QTableWidget(len(rows), 2, self)
        table.setAccessibleName(self.tr("Keys"))
        table.setHorizontalHeaderLabels([self.tr("What"), self.tr("Key")])
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        for row, (what, key) in enumerate(rows):
            table.setItem(row, 0, QTableWidgetItem(what))
            table.setItem(row, 1, QTableWidgetItem(key))
        table.resizeColumnToContents(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(table)
        layout.addWidget(buttons)

    def _mouse(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Show the original while held"), "\\"),
            (self.tr("100 % at the mouse while held"), "Z"),
            (self.tr("Erase without switching"), self.tr("right button, or Alt and drag")),
            (self.tr("Straight line from the last point"), self.tr("Shift and click")),
            (self.tr("Brush size"), self.tr("Alt and wheel")),
            (self.tr("Zoom at the mouse"), self.tr("wheel")),
            (self.tr("Walk through the samples, choose one"), self.tr("arrows, Home, End, 1 to 9 on a sample")),
            (self.tr("Place the chosen sample"), self.tr("Enter, or drag it onto the photo")),
            (self.tr("Hide the chosen sample; stop making more"), self.tr("Esc")),
            (self.tr("Move the view"), self.tr("Space and drag, middle button, arrows")),
        ]


def show_about(parent: QWidget, version: str) -> None:
    QMessageBox.about(
        parent,
        "Photomend",
        f"<h3>Photomend {version}</h3><p>"
        + parent.tr("Restores damaged and noisy photos on your own computer. Nothing outside the selection changes.")
        + "</p><p>"
        + parent.tr("MIT licence")
        + "</p>",
    )
