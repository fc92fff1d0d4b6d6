"""Where the files that belong to the app lie: weights, samples, icons, translations."""

import sys
from pathlib import Path


def folder() -> Path:
    """The folder resources/, beside the packages or inside the frozen app."""
    base = getattr(sys, "_MEIPASS", None)
    return Path(base if base else Path(__file__).resolve().parent.parent) / "resources"
