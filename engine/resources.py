"""Where the files that belong to the app lie: weights, samples, icons, translations."""

import os
import sys
from pathlib import Path

import platformdirs


def folder() -> Path:
    """The folder resources/, beside the packages or inside the frozen app."""
    base = getattr(sys, "_MEIPASS", None)
    return Path(base if base else Path(__file__).resolve().parent.parent) / "resources"


def own_weights() -> Path:
    """The folder of the weights that were trained on this computer; it need not exist."""
    home = os.environ.get("PHOTOMEND_HOME")  # where everything of the user shall lie: for tests and for sticks
    return (Path(home) if home else platformdirs.user_data_path("Photomend", appauthor=False)) / "weights"
