"""What the app remembers from one start to the next, in one ini file of the user."""

import os
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

from engine import resources
from engine.files import ExportSettings

_RECENT = 8  # files


def _home() -> Path | None:
    """Where PHOTOMEND_HOME says that everything of the user shall lie: for tests and for sticks."""
    value = os.environ.get("PHOTOMEND_HOME")
    return Path(value) if value else None


def config_folder() -> Path:
    return _home() or platformdirs.user_config_path("photomend", appauthor=False)


def log_folder() -> Path:
    return _home() or platformdirs.user_log_path("photomend", appauthor=False)


def data_folder() -> Path:
    """Where what the user has trained lies."""
    return resources.own_weights().parent


class Settings:
    """Typed access to the ini file. A value that cannot be used counts as missing."""

    def __init__(self) -> None:
        folder = config_folder()
        self._ini = QSettings(str(folder / "photomend.ini"), QSettings.Format.IniFormat)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        try:
            return min(high, max(low, float(self.text(key))))
        except ValueError:
            return default

    def flag(self, key: str, default: bool) -> bool:
        return {"true": True, "false": False}.get(self.text(key), default)

    def choice(self, key: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(key)
        return value if value in choices else default

    def put(self, key: str, value: str | float | bool) -> None:
        self._ini.setValue(key, str(value).lower() if isinstance(value, bool) else str(value))

    def blob(self, key: str) -> QByteArray:
        value: Any = self._ini.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def put_blob(self, key: str, value: QByteArray) -> None:
        self._ini.setValue(key, value)

    def sync(self) -> None:
        self._ini.sync()

    def text(self, key: str) -> str:
        """Empty where there is none."""
        value: Any = self._ini.value(key, "")
        return value if isinstance(value, str) else ""

    @property
    def theme(self) -> str:
        return self.choice("theme", "system", ("system", "light", "dark"))

    @property
    def folder(self) -> Path:
        """Where the last photo was; at first the user's pictures."""
        text = self.text("folder")
        if text and Path(text).is_dir():
            return Path(text)
        pictures = Path(platformdirs.user_pictures_dir())
        return pictures if pictures.is_dir() else Path.home()

    @property
    def recent(self) -> list[Path]:
        """The photos opened last, the newest first; those that are gone are left out."""
        paths = [Path(self.text(f"recent/{index}")) for index in range(_RECENT) if self.text(f"recent/{index}")]
        return [path for path in paths if path.is_file()]

    def remember(self, path: Path) -> None:
        """A photo was opened."""
        path = path.absolute()
        paths = [path, *(one for one in self.recent if one != path)][:_RECENT]
        for index, one in enumerate(paths):
            self.put(f"recent/{index}", str(one))
        self.put("folder", str(path.parent))

    def forget_recent(self) -> None:
        self._ini.remove("recent")

    @property
    def canvas(self) -> tuple[int, int]:
        """Height and width in px of the last new canvas."""
        return round(self.number("canvas/height", 1200, 1, 1e6)), round(self.number("canvas/width", 1600, 1, 1e6))

    def remember_canvas(self, height: int, width: int) -> None:
        self.put("canvas/height", height)
        self.put("canvas/width", width)

    def export(self, default: ExportSettings, depths: dict[str, tuple[int, ...]]) -> ExportSettings:
        """The choices of the last export where they fit; `default` (the photo's own) where none was made.

        `depths` has the depths that each format can hold.
        """
        kind = self.choice("export/format", default.format, tuple(depths))
        depth = self.choice("export/depth", str(default.depth), tuple(str(one) for one in depths[kind]))
        return ExportSettings(
            kind,
            int(depth) if int(depth) in depths[kind] else depths[kind][-1],
            round(self.number("export/quality", default.quality, 1, 100)),
            self.flag("export/metadata", True),
            self.choice("export/existing", "number", ("refuse", "replace", "number")),
        )

    def remember_export(self, chosen: ExportSettings, default: ExportSettings) -> None:
        """What was chosen; format, depth and quality only where they are not the photo's own."""
        same = chosen.format == default.format
        self.put("export/format", "" if same else chosen.format)
        self.put("export/depth", "" if same and chosen.depth == default.depth else chosen.depth)
        self.put("export/quality", "" if same and chosen.quality == default.quality else chosen.quality)
        self.put("export/metadata", chosen.keep_metadata)
        self.put("export/existing", chosen.existing)
