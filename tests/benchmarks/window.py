"""The window's times: start, opening a photo, cancelling. Each is measured in a process of its own, off screen."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engine import resources

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120  # most that a child may take


def measure_start(quick: bool) -> list[dict[str, object]]:
    """Seconds from the start of the process to the first painted window; what is loaded by then. Best and worst."""
    runs = [_child("start") for _ in range(2 if quick else 5)]
    times = [float(run["shown"]) - float(run["started"]) for run in runs]
    return [
        {"what": "start to window, best (s)", "measured": min(times)},
        {"what": "start to window, worst (s)", "measured": max(times)},
        {"what": "processor time by then, best (s)", "measured": min(float(run["cpu"]) for run in runs)},
        {"what": "torch loaded by then", "measured": runs[0]["torch"]},
        {"what": "OpenCV loaded by then", "measured": runs[0]["cv2"]},
    ]


def measure_open(_quick: bool) -> list[dict[str, object]]:
    """Seconds from asking for a photo to its pixels: a quick small version, and the whole photo in the session."""
    from PIL import Image as Files  # not on top: the child that measures the start shall not pay for it

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        with Files.open(resources.folder() / "samples" / "sample.jpg") as sample:
            sample.resize((6000, 4000), Files.Resampling.BICUBIC).save(path, quality=92)
        told = _child("open", str(path))
    return [{"what": name, "measured": value} for name, value in told.items() if name != "started"]


def measure_cancel(_quick: bool) -> list[dict[str, object]]:
    """Seconds from Cancel to a window that answers, and to a worker that could take other work."""
    rows: list[dict[str, object]] = []
    for word in ("denoise", "nlm", "fill method=harmonic", "fill"):
        told = _child("cancel", *word.split())
        rows.append({"job": word, "to a live window (s)": told["window"], "to an idle worker (s)": told["worker"]})
    return rows


def _child(*words: str) -> dict[str, float]:
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    with tempfile.TemporaryDirectory() as home:  # settings of its own
        environment |= {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home, "XDG_DATA_HOME": home}
        command = [sys.executable, "-m", "tests.benchmarks.window", *words]
        started = time.monotonic()
        answer = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=SECONDS
        )
    return {"started": started} | json.loads(answer.stdout.splitlines()[-1])


def _start() -> dict[str, object]:
    """In the child: as app.__main__ does it, up to the first paint."""
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication

    application = QApplication(sys.argv[:1])
    from app.main_window import MainWindow

    class FirstPaint(QObject):
        told: dict[str, object] | None = None

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and self.told is None:
                self.told = {"shown": time.monotonic(), "cpu": time.process_time()}
                self.told |= {name: name in sys.modules for name in ("torch", "cv2")}
            return False

    first = FirstPaint()
    application.installEventFilter(first)
    window = MainWindow()
    window.show()
    end = time.monotonic() + SECONDS / 2
    while first.told is None and time.monotonic() < end:
        application.processEvents()
    assert first.told is not None, "nothing was painted"
    return first.told


def _open(path: Path) -> dict[str, object]:
    from PySide6.QtWidgets import QApplication

    from app.display import Display
    from app.session import Session
    from engine import files

    application = QApplication(sys.argv[:1])
    start = time.perf_counter()
    draft = files.read_draft(path, 1600)
    assert draft is not None
    Display.build(draft, None)
    first = time.perf_counter() - start
    session = Session()
    start = time.perf_counter()
    session.open(path)
    while session.photo is None:
        application.processEvents()
    whole = time.perf_counter() - start
    session.jobs.close()
    return {"24 MP JPEG to first pixels (s)": first, "24 MP JPEG whole in the session (s)": whole}


def _cancel(word: str, *values: str) -> dict[str, object]:
    from PySide6.QtWidgets import QApplication

    from app.jobs import Jobs
    from engine.operation import Operation, Step, apply
    from engine.recipe import make
    from tests.benchmarks.cost import photo, scratches

    application = QApplication(sys.argv[:1])
    image, operation, jobs = photo(12), make(word, dict(value.split("=", 1) for value in values)), Jobs()
    assert isinstance(operation, Operation)
    mask = scratches(image.shape) if operation.needs_mask else None
    seen: list[float] = []
    jobs.progressed.connect(lambda fraction, _left: seen.append(fraction))
    jobs.start(lambda progress: apply(Step(operation, mask), image, progress), lambda _result: None, word)
    end = time.monotonic() + 20
    while not (seen and seen[-1] > 0.02) and time.monotonic() < end:
        application.processEvents()
    start = time.perf_counter()
    jobs.cancel()
    application.processEvents()
    window = time.perf_counter() - start
    idle: list[float] = []
    jobs.start(lambda _progress: time.perf_counter(), idle.append)
    while not idle:
        application.processEvents()
    jobs.close()
    return {"window": window, "worker": idle[0] - start}


if __name__ == "__main__":
    from engine import allocator

    allocator.tune()
    match sys.argv[1]:
        case "start":
            result = _start()
        case "open":
            result = _open(Path(sys.argv[2]))
        case _:
            result = _cancel(*sys.argv[2:])
    print(json.dumps(result), flush=True)
    os._exit(0)  # the numbers are out; threads that still load torch need not be waited for
