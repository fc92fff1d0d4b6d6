"""The actions: every command of the window with its name, keys and icon, and the menus made of them."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from app.theme import Colours, icon


class Actions(QObject):
    """Actions by name. Those for the canvas alone react to their keys only while it has the focus."""

    def __init__(self, window: QWidget, canvas: QWidget) -> None:
        super().__init__(window)
        self._window, self._canvas = window, canvas
        self._actions: dict[str, QAction] = {}
        self._icons: dict[str, str] = {}
        self._primary: set[str] = set()

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def add(
        self,
        name: str,
        text: str,
        does: Callable[..., Any],
        keys: str = "",
        *,
        canvas: bool = False,
        checkable: bool = False,
        picture: str = "",
        primary: bool = False,
    ) -> QAction:
        """A new action; `keys` are separated by blanks. `does` gets the state of a checkable one.

        The picture of a `primary` one is for a button in the accent's colour, not for menus.
        """
        action = QAction(text, self._window)
        action.setObjectName(name)
        action.setCheckable(checkable)
        sequences = [QKeySequence(one) for one in keys.split()]
        action.setShortcuts(sequences)
        shown = sequences[0].toString(QKeySequence.SequenceFormat.NativeText) if sequences else ""
        plain = text.replace("&", "").rstrip("…")
        action.setToolTip(f"{plain} ({shown})" if shown else plain)
        if canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self._canvas.addAction(action)
        else:
            self._window.addAction(action)
        if checkable:
            action.toggled.connect(does)
        else:
            action.triggered.connect(lambda _checked=False: does())
        self._actions[name] = action
        if picture:
            self._icons[name] = picture
            action.setIconVisibleInMenu(not primary)
            self._primary |= {name} if primary else set()
        return action

    def group(self, names: list[str]) -> QActionGroup:
        """Of these, one is checked at a time."""
        group = QActionGroup(self._window)
        for name in names:
            group.addAction(self._actions[name])
        return group

    def menu(self, bar: QMenuBar | QMenu, title: str, names: list[str | QMenu | None]) -> QMenu:
        """A menu of actions by name, other menus, and separators where there is None."""
        menu = QMenu(title, bar)
        for one in names:
            if one is None:
                menu.addSeparator()
            elif isinstance(one, QMenu):
                menu.addMenu(one)
            else:
                menu.addAction(self._actions[one])
        bar.addMenu(menu)
        return menu

    def enable(self, names: str, on: bool) -> None:
        for name in names.split():
            self._actions[name].setEnabled(on)

    def keys(self) -> list[tuple[str, str]]:
        """What each key does, for the help."""
        return [
            (action.text().replace("&", "").rstrip("…"), ", ".join(one.toString() for one in action.shortcuts()))
            for action in self._actions.values()
            if action.shortcuts()
        ]

    def use_colours(self, colours: Colours) -> None:
        for name, picture in self._icons.items():
            action = self._actions[name]
            primary = name in self._primary
            action.setIcon(icon(picture, colours, checkable=action.isCheckable(), primary=primary))
