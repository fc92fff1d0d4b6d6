"""The house rules that a machine can check: who may import whom, sizes, names, what a start may load."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(path for folder in ("engine", "app", "tests") for path in (ROOT / folder).rglob("*.py"))
NAMES = [path.relative_to(ROOT).as_posix() for path in FILES]

OPERATION = (
    "engine.operation engine.params engine.image engine.masks engine.tiles engine.models engine.noise engine.tones "
    "engine.samplers "
    "engine.progress engine.errors"
)
MAY_IMPORT = {  # folder -> our modules that its files may import; the longest matching folder counts
    "engine/nets/": "engine.nets",
    "engine/operations/": f"{OPERATION} engine.filling engine.diffusion",
    "engine/detectors/": f"{OPERATION} engine.finding",
    "engine/filling/": "engine.filling engine.image engine.masks engine.progress engine.errors",
    "engine/finding/": "engine.finding engine.image engine.masks engine.tiles engine.progress engine.errors",
    "engine/diffusion/": "engine.diffusion engine.image engine.masks engine.tiles engine.progress engine.errors",
    "engine/models.py": "engine.nets engine.devices engine.tiles engine.image engine.progress engine.errors "
    "engine.resources",
    "engine/devices.py": "engine.errors",
    "engine/operations/__init__.py": "engine.operation engine.models",
    "engine/": "engine",
    "app/": "app engine",
    "tests/": "app engine tests make",
}
MAY_NOT_IMPORT = {  # folder -> other people's modules that its files must not import, inside functions either
    "engine/": "PySide6 shiboken6",
    "app/": "torch",
}
OTHERS = {  # folder -> the only modules of other people that its files may import, beside Python's own
    "engine/operations/": "numpy scipy cv2",
    "engine/detectors/": "numpy scipy cv2",
    "engine/filling/": "numpy scipy cv2",
    "engine/finding/": "numpy scipy cv2",
    "engine/diffusion/": "numpy scipy cv2",
}
BROAD = {"app/jobs.py", "app/crash.py", "engine/batch.py"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or inside a function: `from a import b` as a.b and a."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def is_within(module: str, allowed: str) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in allowed.split())


@pytest.mark.parametrize("name", NAMES)
def test_a_file_imports_only_what_its_folder_may(name: str) -> None:
    allowed = MAY_IMPORT[max((folder for folder in MAY_IMPORT if name.startswith(folder)), key=len)]
    forbidden = " ".join(words for folder, words in MAY_NOT_IMPORT.items() if name.startswith(folder))
    others = next((modules for folder, modules in OTHERS.items() if name.startswith(folder)), None)
    for module in imports(ROOT / name):
        ours = module.split(".")[0] in ("engine", "app", "tests")
        # "from engine import models" is written engine.models here, "from engine.errors import RestoreError" deeper
        assert not ours or is_within(module, allowed), f"{name} must not import {module}"
        assert not is_within(module, forbidden), f"{name} must not import {module}"
        own = ours or module.split(".")[0] in sys.stdlib_module_names
        assert others is None or own or is_within(module, others), f"{name} must not import {module}"
        training = name.startswith(("engine/training/", "tests/"))
        assert training or not is_within(module, "engine.training"), f"{name} must not import {module}"


@pytest.mark.parametrize("module", ["engine.operations", "engine.detectors", "engine.files", "engine.recipe"])
def test_the_engine_starts_without_torch(module: str) -> None:
    assert "torch" not in loaded_by(module)


def test_the_window_starts_without_torch_and_opencv() -> None:
    assert {"torch", "cv2", "scipy"}.isdisjoint(loaded_by("app.main_window"))


def loaded_by(module: str) -> set[str]:
    """The top-level modules that are loaded after importing `module` in a fresh Python."""
    code = f"import {module}, sys; print(*(name for name in sys.modules if '.' not in name))"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.split())


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_what_it_is_about_and_stays_small(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert not text or ast.get_docstring(tree(ROOT / name)), "the first sentence is missing"
    assert Path(name).stem not in {"util", "utils", "helper", "helpers", "common", "misc", "manager"}


@pytest.mark.parametrize("name", NAMES)
def test_functions_stay_small(name: str) -> None:
    for node in ast.walk(tree(ROOT / name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{node.name} is too long"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in BROAD and not name.startswith("tests/")])
def test_only_the_last_line_of_defence_catches_everything(name: str) -> None:
    for node in ast.walk(tree(ROOT / name)):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "BaseException"
            raises_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            assert raises_again or not re.search(r"\b(Base)?Exception\b", caught), f"line {node.lineno}"


def test_no_path_of_a_machine_is_written_down() -> None:
    pattern = r"/(work|home|farm|Users)/[a-z]|/opt/wheels|[A-Z]:\\\\Users"
    tracked = subprocess.run(["git", "grep", "-nIE", pattern], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode not in (0, 1):
        pytest.skip("this is not a git checkout")
    found = [line for line in tracked.stdout.splitlines() if not line.startswith("tests/test_house.py")]
    assert found == []
