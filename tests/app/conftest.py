"""What the tests of the window share: settings that are not the user's, small photos, and waiting for jobs."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from pytestqt.qtbot import QtBot

from app.jobs import Jobs
from app.main_window import MainWindow
from tests.app.samplers import Dye, Table


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where settings and logs of the app go during a test."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("PHOTOMEND_HOME", str(folder))
    return folder


@pytest.fixture
def idle(qtbot: QtBot) -> Callable[[Jobs], None]:
    """Waits until a Jobs has nothing to do."""

    def wait(jobs: Jobs) -> None:
        qtbot.waitUntil(lambda: jobs.running is None, timeout=20_000)

    return wait


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A smooth 8-bit PNG of 96 x 64 px with a bright scratch from (20, 10) to (20, 50)."""
    y, x = np.mgrid[:64, :96]
    pixels = np.stack([60 + x, 40 + y, 90 + (x + y) // 2], axis=2).astype(np.uint8)
    pixels[10:50, 19:22] = 250
    path = tmp_path / "old photo.png"
    Pillow.fromarray(pixels).save(path)
    return path


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """The real window with the engine loaded, except for torch."""
    made = MainWindow()
    made.session.loader._torch_jobs.start = lambda *_args, **_more: 0  # type: ignore[method-assign]
    qtbot.addWidget(made, before_close_func=lambda one: setattr(one, "_closing", True))
    made.resize(1024, 700)
    with qtbot.waitExposed(made):
        made.show()
    made.begin(None)
    qtbot.waitUntil(lambda: made.session.loader.engine is not None, timeout=30_000)
    yield made
    made.session.close()


@pytest.fixture
def opened(window: MainWindow, photo: Path, qtbot: QtBot) -> MainWindow:
    """The window with the scratched photo at a known zoom, the scratch being in the middle of the left half."""
    with qtbot.waitSignal(window.session.opened):
        window.files.open(photo)
    qtbot.waitUntil(window.canvas.isVisible)
    window.canvas.set_brush(9, 1)
    return window


@pytest.fixture
def gate() -> Iterator[threading.Semaphore]:
    """Shut: samples of Dye wait until it is released."""
    Dye.gate = threading.Semaphore(0)
    yield Dye.gate
    Dye.gate.release(1000)
    Dye.gate = None


@pytest.fixture
def table(qtbot: QtBot, photo: Path) -> Iterator[Table]:
    """What samples need of the window, with the scratched photo; quicker to make than the window."""
    made = Table()
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    with qtbot.waitSignal(made.session.opened):
        made.session.open(photo)
    yield made
    made.session.close()
