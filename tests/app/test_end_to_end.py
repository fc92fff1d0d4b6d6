"""The real window on a real screen: open a photo, paint with the mouse, repair, export, and look at the file."""

import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

CANVAS = (slice(130, 650), slice(60, 690))  # where the photo is on this screen, without the blue of buttons
EXPORT, ACCENT = (slice(600, 660), slice(735, 1010)), (23, 99, 198)  # the button, and its colour while it can be used
ROOT = Path(__file__).resolve().parents[2]
PHOTOS = ROOT / "../shared/data/test/old_scratched"
MISSING = [tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


@pytest.fixture
def display() -> Iterator[str]:
    """A screen of 1024 x 700 on a free display, with a window manager where there is one."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1024x700x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        name = f":{pipe.readline().strip()}"
    started = [server]
    if shutil.which("openbox"):
        environment = os.environ | {"DISPLAY": name}
        started.append(
            subprocess.Popen(["openbox"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        time.sleep(0.5)
    yield name
    for one in reversed(started):
        one.terminate()
        one.wait(5)


class Screen:
    """Hands and eyes on a display."""

    def __init__(self, display: str, home: Path) -> None:
        self.environment = os.environ | {
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
            "QT_SCALE_FACTOR": "1",
            "PHOTOMEND_HOME": str(home),
        }

    def do(self, *words: object) -> str:
        command = ["xdotool", *map(str, words)]
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout

    def picture(self) -> np.ndarray:
        """What is on the screen, uint8 (H, W, 3), read from the X server."""
        if shutil.which("import") is None:
            pytest.skip("not installed: ImageMagick's import")
        command = ["import", "-window", "root", "png:-"]
        done = subprocess.run(command, env=self.environment, check=True, capture_output=True)
        return np.asarray(Pillow.open(io.BytesIO(done.stdout)).convert("RGB"))

    def keep(self, name: str) -> None:
        """Leave a screenshot in build/ for people to look at."""
        folder = ROOT / "build" / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(self.picture()).save(folder / f"{name}.png")

    def wait_for(self, title: str, seconds: float = 30) -> str:
        """The id of the window whose title has these words."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            search = ["xdotool", "search", "--onlyvisible", "--name", title]
            found = subprocess.run(search, env=self.environment, capture_output=True, text=True, check=False)
            if found.stdout.strip():
                return found.stdout.split()[-1]
            time.sleep(0.1)
        self.keep("failed")
        raise AssertionError(f"no window “{title}” within {seconds} s")


def marked_photo(folder: Path) -> Path:
    """A real photo, or a smooth one where there is none, with a blue bar that the test finds on the screen."""
    path = folder / "grandmother.png"
    source = PHOTOS / "a.png"
    if source.exists():
        pixels = np.array(Pillow.open(source).convert("RGB"))
    else:
        y, x = np.mgrid[:624, :496]
        pixels = np.stack([x // 4 + 40, y // 5 + 30, (x + y) // 8 + 20], axis=2).astype(np.uint8)
    pixels[300:306, 200:280] = (0, 0, 255)
    Pillow.fromarray(pixels).save(path)
    return path


def bar_on(screen: Screen) -> tuple[int, int, int]:
    """Left, right and the row of the blue bar on the screen."""
    rows, columns = np.nonzero((screen.picture() == (0, 0, 255)).all(axis=2))
    assert len(rows), "the photo is not on the screen"
    return int(columns.min()), int(columns.max()), int(np.median(rows))


def test_open_paint_repair_export(display: str, tmp_path: Path, home: Path) -> None:
    photo = marked_photo(tmp_path)
    screen = Screen(display, home)
    app = subprocess.Popen([sys.executable, "-m", "app", str(photo)], cwd=ROOT, env=screen.environment)
    try:
        screen.do("windowfocus", screen.wait_for("grandmother.png — Photomend"))
        time.sleep(1)
        left, right, row = bar_on(screen)
        screen.do("mousemove", left - 4, row, "mousedown", 1)
        for x in range(left, right + 6, 6):
            screen.do("mousemove", x, row)
        screen.do("mouseup", 1)
        screen.wait_for("grandmother.png\\* — Photomend")
        screen.keep("painted")
        wait_until_repaired(screen)
        screen.keep("repaired")
        screen.do("key", "ctrl+e")
        screen.wait_for("^Export$")
        time.sleep(0.5)
        screen.keep("export")
        screen.do("key", "Return")
        written = photo.with_name("grandmother restored.png")
        screen.wait_for("grandmother.png — Photomend")
        assert written.exists()
        screen.do("key", "ctrl+q")
        assert app.wait(15) == 0
    finally:
        if app.poll() is None:
            app.kill()
            app.wait()
    check(photo, written)
    log = (home / "photomend.log").read_text()
    assert "ERROR" not in log and "WARNING" not in log


def wait_until_repaired(screen: Screen) -> None:
    """Press Enter until the blue is gone and a candidate accepted: the engine may still be loading at first."""
    for _ in range(20):
        screen.do("key", "Return")
        for _ in range(10):
            time.sleep(0.3)
            picture = screen.picture()[CANVAS].astype(int)
            blue = (picture[..., 2] - picture[..., :2].max(axis=2) > 60).sum()
            red = (picture[..., 0] - picture[..., 1:].max(axis=2) > 90).sum()
            offered = (screen.picture()[EXPORT] == ACCENT).all(axis=2).mean() > 0.3
            if blue < 40 and red < 40 and offered:  # neither the bar nor the tint over it, nor a choice of candidates
                return
    screen.keep("failed")
    raise AssertionError("the bar was not repaired")


def check(photo: Path, written: Path) -> None:
    """Changed in the painted place only, and there the bar is gone."""
    old, new = np.asarray(Pillow.open(photo)).astype(int), np.asarray(Pillow.open(written)).astype(int)
    assert old.shape == new.shape
    changed = (old != new).any(axis=2)
    assert changed[300:306, 205:275].mean() > 0.95
    far = np.ones_like(changed)
    far[250:360, 140:340] = False  # the brush is 40 px wide
    assert not changed[far].any()
    blue = new[300:306, 200:280, 2] - new[300:306, 200:280, :2].max(axis=2)
    assert blue.max() < 120
