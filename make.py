"""What a developer or a newcomer does with Photomend, one word each: `python3 make.py run`; standard library only."""

from __future__ import annotations  # so that an old Python reaches the sentence about its age

import argparse
import ast
import ctypes
import hashlib
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = Path(os.environ.get("PHOTOMEND_VENV", ROOT / ".venv"))
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SAMPLE = ROOT / "resources" / "samples" / "sample.jpg"
OLDEST = (3, 11)
LIBRARIES = (  # what Qt's window needs from a bare Debian or Ubuntu
    "libegl1 libgl1 libglib2.0-0 libxkbcommon0 libdbus-1-3 libfontconfig1 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 "
    "libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, prog="make.py")
    words = parser.add_subparsers(dest="word", required=True)
    for function in (run, check, test, bench, size):
        word = words.add_parser(function.__name__, help=(function.__doc__ or "").splitlines()[0])
        word.set_defaults(function=function)
        if function is run:
            word.add_argument(
                "--headless", action="store_true", help="no window: restore the photo and write the result"
            )
            word.add_argument("file", nargs="?", type=Path, default=SAMPLE, help="a photo (default: the sample)")
    arguments, rest = parser.parse_known_args()
    if rest and arguments.function not in (test, bench):
        parser.error(f"unknown: {' '.join(rest)}")
    if sys.version_info < OLDEST:
        sys.exit(f"Photomend needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}.")
    return arguments.function(arguments, rest)


def run(arguments: argparse.Namespace, _rest: list[str]) -> int:
    """Install Photomend into a private environment and open it."""
    install("heic")
    photo = arguments.file.resolve()
    if arguments.headless:
        result = ROOT / "build" / f"{photo.stem}-restored{photo.suffix}"
        result.parent.mkdir(exist_ok=True)
        status = python("-m", "engine", str(photo), "-o", str(result), "--", "denoise", "damage", "fill")
        print(f"The restored photo: {result}" if status == 0 else "The photo was not restored.")
        return status
    complain_without_screen()
    return python("-m", "app", str(photo))


def check(_arguments: argparse.Namespace, _rest: list[str]) -> int:
    """Run the linter, the formatter's check and the type checker."""
    install("heic", "test")
    return max(
        python("-m", "ruff", "check"),
        python("-m", "ruff", "format", "--check"),
        python("-m", "pyright", "--pythonpath", str(PYTHON)),
    )


def test(_arguments: argparse.Namespace, rest: list[str]) -> int:
    """Install what the tests need and run them; further words go to pytest."""
    install("heic", "test")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    complain_about_library("offscreen")
    return python("-m", "pytest", *rest)


def bench(_arguments: argparse.Namespace, rest: list[str]) -> int:
    """Measure quality and speed; --quick for a small part, --only NAME for one."""
    install("heic", "test")
    return python("-m", "tests.benchmarks.bench", *rest)


def size(_arguments: argparse.Namespace, _rest: list[str]) -> int:
    """Print how big the project is beside what the house allows."""
    files = sorted(path for folder in ("engine", "app", "tests") for path in (ROOT / folder).rglob("*.py"))
    files.append(ROOT / "make.py")
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    folders: dict[str, int] = {}
    for path, count in lines.items():
        folder = path.parent.relative_to(ROOT).as_posix()
        folders[folder] = folders.get(folder, 0) + count
    for folder, count in sorted(folders.items()):
        print(f"{count:7,} lines  {folder}")
    weights = list((ROOT / "resources" / "weights").glob("*.safetensors"))
    print(f"{sum(path.stat().st_size for path in weights) / 1e6:7.2f} MB     {len(weights)} weight files (28 allowed)")
    print_spread("file", {path.relative_to(ROOT).as_posix(): count for path, count in lines.items()}, 120, 400)
    print_spread("function", dict(item for path in files for item in functions(path)), 10, 60)
    return 0


def functions(path: Path) -> list[tuple[str, int]]:
    """The functions of a file and their lengths in lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    place = path.relative_to(ROOT).as_posix()
    return [
        (f"{place}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1) for node in found
    ]


def print_spread(kind: str, lengths: dict[str, int], median: int, longest: int) -> None:
    name = max(lengths, key=lambda one: lengths[one])
    print(
        f"{len(lengths):7,} {kind}s, median {statistics.median(lengths.values()):.0f} lines ({median} allowed), "
        f"longest {lengths[name]} ({longest} allowed): {name}"
    )


def install(*extras: str) -> None:
    """Make the private environment and put in what pyproject.toml asks for, unless that was done already."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    done = [VENV / f"installed-{extra}" for extra in extras]
    if PYTHON.exists() and all(mark.exists() and mark.read_text() == wanted for mark in done):
        return
    print(f"Installing Photomend into {VENV} (the first time: 0.5 GB to download, on Linux 3 GB)")
    if not PYTHON.exists() and subprocess.call([sys.executable, "-m", "venv", str(VENV)]):
        sys.exit("Python could not make a virtual environment; on Debian and Ubuntu: sudo apt install python3-venv")
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    if python(*pip, "--editable", f"{ROOT}[{','.join(extras)}]"):
        sys.exit("The installation failed; pip says above why. Nothing outside this folder was changed.")
    for mark in done:
        mark.write_text(wanted)


def python(*arguments: str) -> int:
    """Run the private environment's Python in the project's folder; returns its exit status."""
    sys.stdout.flush()
    process = subprocess.Popen([str(PYTHON), *arguments], cwd=ROOT)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the child got it as well and ends in its own way
            continue


def complain_without_screen() -> None:
    """End with a sentence where Linux has no screen, or lacks a library that Qt's window needs."""
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    if not sys.platform.startswith("linux") or platform not in ("", "xcb"):
        return
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        sys.exit("There is no screen here. Without one: python3 make.py run --headless")
    complain_about_library("wayland" if not os.environ.get("DISPLAY") else "xcb")


def complain_about_library(plugin: str) -> None:
    """End with a sentence where Linux lacks a library of a Qt platform plugin; Qt aborts and blames the wrong one."""
    for path in VENV.glob(f"lib/python*/site-packages/PySide6/Qt/plugins/platforms/libq{plugin}.so"):
        try:
            ctypes.CDLL(str(path))
        except OSError as error:
            missing = re.split(r"[: ]", str(error))[0]
            sys.exit(f"This Linux lacks {missing}, which the window needs. On Debian and Ubuntu:\n"
                     f"  sudo apt install {LIBRARIES}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
