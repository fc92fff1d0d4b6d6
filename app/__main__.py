"""The app: `python -m app [FILE]`."""

from engine import allocator

allocator.tune()  # first of all: the C library reads its settings before the first thread starts

import argparse  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import runpy  # noqa: E402
import sys  # noqa: E402
from importlib import metadata  # noqa: E402
from pathlib import Path  # noqa: E402


def version() -> str:
    try:
        return metadata.version("photomend")
    except metadata.PackageNotFoundError:
        return "0.1.0.dev0"


def train(arguments: list[str]) -> int:
    """Be the process that trains: where the app is frozen there is no other Python for `-m engine.training`."""
    sys.argv = ["engine.training", *arguments]
    runpy.run_module("engine.training", run_name="__main__", alter_sys=True)
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Show the window; the exit code. What takes time is loaded after it is on the screen."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:2] == ["-m", "engine.training"]:
        return train(arguments[2:])
    parser = argparse.ArgumentParser(prog="photomend", description="Restores damaged and noisy photos.")
    parser.add_argument("file", nargs="?", type=Path, help="a photo to open")
    parser.add_argument("--version", action="version", version=f"Photomend {version()}")
    chosen = parser.parse_args(arguments)

    from PySide6.QtCore import QTimer
    from PySide6.QtGui import QIcon
    from PySide6.QtWidgets import QApplication

    from app import crash
    from app.main_window import MainWindow
    from engine import resources

    application = QApplication(sys.argv[:1])
    application.setApplicationName("Photomend")
    application.setApplicationVersion(version())
    application.setDesktopFileName("photomend")
    application.setWindowIcon(QIcon(str(resources.folder() / "icons" / "photomend.svg")))
    crash.start_log()
    reporter = crash.CrashReporter(version(), application)
    reporter.install()
    window = MainWindow()
    window.show()
    QTimer.singleShot(0, window, lambda: window.begin(chosen.file))
    code = application.exec()
    if not window.resting:
        # The interpreter would wait for the worker, which may be deep inside a library; nothing of it is wanted.
        logging.shutdown()
        os._exit(code)
    return code


if __name__ == "__main__":
    sys.exit(main())
