"""The side of the window: restoring or synthesis, each with its panel, and under them the history and Export."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QSplitter, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.form import chain
from app.history_panel import HistoryPanel
from app.operations_panel import OperationsPanel
from app.sample_panel import SamplePanel


class Side(QWidget):
    """Shows one of two panels; made before them, so that the Tab key comes to the tabs first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(300)  # “Apply to selection” beside a scroll bar
        self.tabs = QTabBar(self)
        self.tabs.setObjectName("sideTabs")
        self.tabs.setAccessibleName(self.tr("Restore or synthesis"))
        self.tabs.setExpanding(True)
        self.tabs.setDrawBase(False)
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keys to the canvas
        self.tabs.addTab(self.tr("Restore"))
        self.tabs.addTab(self.tr("Synthesis"))
        self.tabs.setTabToolTip(0, self.tr("Clean noise, find damage, repair it"))
        self.tabs.setTabToolTip(1, self.tr("Make something up and choose among samples (Ctrl+G)"))
        self.stack = QStackedWidget(self)
        self.tabs.currentChanged.connect(self.stack.setCurrentIndex)
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.export_button = QPushButton(self.tr("Export…"), self)

    def fill(self, panel: OperationsPanel, samples: SamplePanel, history: HistoryPanel) -> None:
        """Lay out what it shows."""
        self.stack.addWidget(panel)
        self.stack.addWidget(samples)
        upper = QWidget(self)
        upper.setMinimumHeight(200)
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(self.stack, 1)
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(upper)
        self.splitter.addWidget(history)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 1)  # room for the steps of auto restore where there is some
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([490, 100])
        history.setMinimumHeight(90)
        self.export_button.setObjectName("primary")
        self.export_button.setToolTip(self.tr("Write the photo to a file (Ctrl+E)"))
        self.export_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(12, 8, 12, 10)
        bottom.addWidget(self.export_button)
        chain([history.list, self.export_button])
        rows = QVBoxLayout(self)
        rows.setContentsMargins(1, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.splitter, 1)
        rows.addLayout(bottom)

    @property
    def shows_samples(self) -> bool:
        return self.tabs.currentIndex() == 1

    def show_samples(self, on: bool) -> None:
        self.tabs.setCurrentIndex(1 if on else 0)
