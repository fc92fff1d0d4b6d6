"""The looks: light and dark palettes for Fusion, one style sheet for both, and icons in the colour of the text."""

import functools
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from engine import resources


@dataclass(frozen=True)
class Colours:
    """One theme."""

    window: str
    panel: str  # side panels and bars
    field: str  # inputs, lists
    button: str
    line: str  # separators and borders
    text: str
    faint: str  # secondary text; at least 4.5 : 1 on window and panel
    disabled: str
    accent: str
    on_accent: str
    hover: str
    warning: str  # background of the message bar
    good: str


LIGHT = Colours(
    window="#f4f4f5",
    panel="#fbfbfc",
    field="#ffffff",
    button="#ececee",
    line="#d5d6d9",
    text="#1d1e21",
    faint="#5d6168",
    disabled="#a0a3a9",
    accent="#1763c6",
    on_accent="#ffffff",
    hover="#e4e6ea",
    warning="#fdecc8",
    good="#d9efdd",
)
DARK = Colours(
    window="#27282b",
    panel="#2e2f33",
    field="#1f2023",
    button="#3a3c41",
    line="#46484e",
    text="#e9eaec",
    faint="#a6a9b0",
    disabled="#73767d",
    accent="#4c93ee",
    on_accent="#0c1420",
    hover="#3f4147",
    warning="#4d3d17",
    good="#24432b",
)


def is_dark(theme: str) -> bool:
    """Whether "system", "light" or "dark" means dark now."""
    if theme != "system":
        return theme == "dark"
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def use(app: QApplication, theme: str) -> Colours:
    """Give the app the palette and style sheet of "system", "light" or "dark"."""
    colours = DARK if is_dark(theme) else LIGHT
    app.setStyle("Fusion")
    app.setPalette(_palette(colours))
    app.setStyleSheet(_sheet(colours))
    return colours


def _palette(colours: Colours) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette(QColor(colours.button), QColor(colours.window))
    for one, colour in (
        (role.Window, colours.window),
        (role.WindowText, colours.text),
        (role.Base, colours.field),
        (role.AlternateBase, colours.panel),
        (role.Text, colours.text),
        (role.PlaceholderText, colours.faint),
        (role.Button, colours.button),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.text),
        (role.ToolTipBase, colours.panel),
        (role.ToolTipText, colours.text),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.on_accent),
        (role.Accent, colours.accent),
        (role.Link, colours.accent),
        (role.LinkVisited, colours.accent),
        (role.Mid, colours.line),
    ):
        palette.setColor(one, QColor(colour))
    for one in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, one, QColor(colours.disabled))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(colours.line))
    return palette


def _sheet(c: Colours) -> str:
    return _areas(c) + _controls(c)


def _areas(c: Colours) -> str:
    """The style of bars, panels and sections."""
    return f"""
    QMainWindow, #page {{ background: {c.window}; }}
    QMenuBar {{ background: {c.panel}; padding: 1px 4px; }}
    QMenuBar::item {{ padding: 4px 9px; background: transparent; border-radius: 4px; }}
    QMenuBar::item:selected {{ background: {c.hover}; }}
    #header, #side, #tools, #options, #panelBody, QStatusBar {{ background: {c.panel}; }}
    #header {{ border-bottom: 1px solid {c.line}; border-top: 1px solid {c.line}; }}
    #strip {{ background: {c.panel}; border-top: 1px solid {c.line}; }}
    #tools {{ border-right: 1px solid {c.line}; }}
    #options {{ border-bottom: 1px solid {c.line}; }}
    #side {{ border-left: 1px solid {c.line}; }}
    QStatusBar {{ border-top: 1px solid {c.line}; }}
    QStatusBar::item {{ border: none; }}
    QScrollArea {{ border: none; background: {c.panel}; }}
    #section {{ border-bottom: 1px solid {c.line}; }}
    #sectionHead {{ border: none; background: transparent; text-align: left; padding: 9px 12px; font-weight: 600;
        outline: none; }}
    #sectionHead:hover {{ background: {c.hover}; }}
    #sectionHead:focus {{ border: 1px solid {c.accent}; padding: 8px 11px; }}
    #sideTabs::tab {{ padding: 7px 10px; background: transparent; color: {c.faint}; font-weight: 600;
        border: 1px solid transparent; border-bottom: 2px solid {c.line}; }}
    #sideTabs::tab:hover {{ background: {c.hover}; }}
    #sideTabs::tab:selected {{ color: {c.text}; border-bottom-color: {c.accent}; }}
    #sideTabs::tab:selected:focus {{ border: 1px solid {c.accent}; border-bottom-width: 2px; }}
    #faint {{ color: {c.faint}; }}
    #faint[loss="true"] {{ color: {c.text}; background: {c.warning}; border-radius: 5px; padding: 5px 8px; }}
    #title {{ font-weight: 600; }}
    #state {{ padding: 12px 12px 4px 12px; }}
    #welcome {{ font-size: 20px; font-weight: 600; }}
    """


def _controls(c: Colours) -> str:
    """The style of buttons, lists and what else there is in them."""
    return f"""
    QPushButton {{ padding: 5px 12px; border: 1px solid {c.line}; border-radius: 5px; background: {c.button};
        min-height: 17px; outline: none; }}
    QPushButton:hover {{ background: {c.hover}; }}
    QPushButton:pressed {{ background: {c.line}; }}
    QPushButton:focus {{ border-color: {c.accent}; }}
    QPushButton:disabled {{ color: {c.disabled}; }}
    QPushButton#primary, QPushButton:default {{ background: {c.accent}; color: {c.on_accent};
        border-color: {c.accent}; font-weight: 600; }}
    QPushButton#primary:focus, QPushButton:default:focus {{ border: 2px solid {c.text}; padding: 4px 11px; }}
    QPushButton#primary:disabled {{ background: {c.button}; color: {c.disabled}; border-color: {c.line}; }}
    QPushButton#link {{ border: none; background: transparent; color: {c.accent}; padding: 3px 4px; text-align: left; }}
    QPushButton#link:hover, QPushButton#link:focus {{ text-decoration: underline; }}
    QToolButton {{ border: 1px solid transparent; border-radius: 5px; padding: 5px; outline: none; }}
    QToolButton:hover {{ background: {c.hover}; }}
    QToolButton:focus {{ border-color: {c.accent}; }}
    #sample {{ padding: 3px; }}
    QToolButton:checked {{ background: {c.accent}; color: {c.on_accent}; }}
    QToolButton:checked:disabled {{ background: {c.hover}; }}
    QToolButton#autoButton:enabled {{ background: {c.accent}; color: {c.on_accent}; font-weight: 600; }}
    QToolButton#autoButton:enabled:focus {{ border: 2px solid {c.text}; padding: 4px; }}
    QToolButton#menuButton {{ padding: 4px 22px 4px 9px; border-color: {c.line}; }}
    QToolButton#menuButton::menu-indicator {{ subcontrol-origin: padding; subcontrol-position: right center;
        right: 7px; }}
    #overlay {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: 8px; }}
    #message {{ background: {c.warning}; border: 1px solid {c.line}; border-radius: 8px; }}
    #message[kind="good"] {{ background: {c.good}; }}
    #drop {{ border: 2px dashed {c.line}; border-radius: 12px; background: {c.panel}; }}
    #drop[over="true"] {{ border-color: {c.accent}; }}
    QListWidget {{ border: none; background: {c.panel}; outline: none; }}
    QListWidget::item {{ padding: 4px 12px; }}
    QListWidget::item:hover {{ background: {c.hover}; }}
    QListWidget::item:selected {{ background: {c.accent}; color: {c.on_accent}; }}
    QCheckBox::indicator:unchecked {{ border: 1px solid {c.faint}; border-radius: 2px; background: {c.field};
        width: 12px; height: 12px; }}
    QCheckBox::indicator:unchecked:disabled {{ border-color: {c.line}; }}
    QToolTip {{ border: 1px solid {c.line}; background: {c.panel}; color: {c.text}; padding: 4px; }}
    QProgressBar {{ border: 1px solid {c.line}; border-radius: 4px; background: {c.field}; text-align: center;
        max-height: 12px; }}
    QProgressBar::chunk {{ background: {c.accent}; border-radius: 3px; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QSplitter::handle {{ background: {c.line}; }}
    """


def icon(name: str, colours: Colours, *, checkable: bool = False, listed: bool = False, primary: bool = False) -> QIcon:
    """The icon resources/icons/<name>.svg in the colour of the text; of the text that it stands beside when checked,
    selected in a list, or on a primary button."""
    looks = [
        (QIcon.Mode.Normal, QIcon.State.Off, colours.on_accent if primary else colours.text),
        (QIcon.Mode.Disabled, QIcon.State.Off, colours.disabled),
    ]
    if checkable:
        looks += [
            (QIcon.Mode.Normal, QIcon.State.On, colours.on_accent),
            (QIcon.Mode.Disabled, QIcon.State.On, colours.disabled),
        ]
    if listed:
        looks.append((QIcon.Mode.Selected, QIcon.State.Off, colours.on_accent))
    result = QIcon()
    for mode, state, colour in looks:
        for scale in (1, 2):
            result.addPixmap(drawing(name, colour, 20, scale), mode, state)
    return result


@functools.cache
def _source(name: str) -> str:
    return (resources.folder() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def drawing(name: str, colour: str, side: int, scale: float) -> QPixmap:
    """The same icon as a picture of `side` logical px for a screen with `scale` device px each."""
    renderer = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))
    pixmap = QPixmap(round(side * scale), round(side * scale))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(pixmap.rect()))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap
