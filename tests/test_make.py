"""make.py: what a newcomer meets on a machine that lacks something."""

import sys
from pathlib import Path

import pytest

import make


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private environment that holds nothing but files the test puts there."""
    folder = tmp_path / "venv"
    monkeypatch.setattr(make, "VENV", folder)
    monkeypatch.setattr(make, "PYTHON", folder / "bin" / "python")
    return folder


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Qt's libraries are complete elsewhere")
def test_a_missing_library_is_named_with_the_command_that_brings_it(venv: Path) -> None:
    plugin = venv / "lib/python3/site-packages/PySide6/Qt/plugins/platforms/libqxcb.so"
    plugin.parent.mkdir(parents=True)
    plugin.write_bytes(b"no library")  # the loader's message begins with the name of what it could not load
    with pytest.raises(SystemExit) as caught:
        make.complain_about_library("xcb")
    assert str(plugin) in str(caught.value)
    assert "apt install" in str(caught.value)
    assert "libxcb-cursor0" in str(caught.value)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there always is a screen elsewhere")
def test_without_a_screen_the_headless_way_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit, match="--headless"):
        make.complain_without_screen()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    make.complain_without_screen()


def test_what_is_installed_is_not_installed_again_until_the_project_asks_for_something_else(
    venv: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[tuple[str, ...]] = []
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text("one")
    make.PYTHON.parent.mkdir(parents=True)
    make.PYTHON.touch()
    monkeypatch.setattr(make, "ROOT", project)
    monkeypatch.setattr(make, "python", lambda *words: calls.append(words) or 0)
    make.install("heic")
    make.install("heic")
    assert len(calls) == 1
    make.install("heic", "test")
    assert calls[1][-1] == f"{project}[heic,test]"
    (project / "pyproject.toml").write_text("two")
    make.install("heic")
    assert len(calls) == 3


def test_a_failed_installation_is_tried_again(venv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make.PYTHON.parent.mkdir(parents=True)
    make.PYTHON.touch()
    monkeypatch.setattr(make, "python", lambda *_words: 1)
    for _ in range(2):
        with pytest.raises(SystemExit, match="installation failed"):
            make.install("heic")


def test_the_child_s_exit_status_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "PYTHON", Path(sys.executable))
    assert make.python("-c", "raise SystemExit(5)") == 5
