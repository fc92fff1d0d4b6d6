"""The export dialog: what it proposes, what it tells, and what it remembers."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.export_dialog import ExportDialog, formats
from app.settings import Settings
from engine.files import ExportSettings, Metadata


def make(
    qtbot: QtBot, settings: ExportSettings, metadata: Metadata, alpha: bool = False, name: str = "scan restored.tif"
) -> ExportDialog:
    dialog = ExportDialog(Path("/photos") / name, settings, metadata, alpha)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


@pytest.fixture
def dialog(qtbot: QtBot) -> ExportDialog:
    return make(qtbot, ExportSettings("tiff", 16, 95), Metadata("tiff", 16, icc=b"profile", exif=b"exif"))


def choose(dialog: ExportDialog, key: str) -> None:
    dialog.format_choice.setCurrentIndex(dialog.format_choice.findData(key))


def test_enter_exports_what_is_proposed(dialog: ExportDialog, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.chosen) as told:
        qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert told.args == [Path("/photos/scan restored.tif"), ExportSettings("tiff", 16, 95)]
    assert not dialog.isVisible()


def test_enter_in_the_file_name_exports_too(dialog: ExportDialog, qtbot: QtBot) -> None:
    dialog.name.setFocus()
    with qtbot.waitSignal(dialog.chosen):
        qtbot.keyClick(dialog.name, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("name", "written"),
    [("foo", "foo.tif"), ("scan 1.5", "scan 1.5.tif"), ("foo.TIFF", "foo.TIFF"), ("a.png", "a.png")],
)
def test_no_file_is_without_suffix(dialog: ExportDialog, qtbot: QtBot, name: str, written: str) -> None:
    dialog.name.setFocus()
    dialog.name.selectAll()
    qtbot.keyClicks(dialog.name, name)
    assert dialog.name.text() == name and dialog.path().name == written


def test_a_loss_is_seen_as_one(dialog: ExportDialog) -> None:
    assert dialog.note.property("loss") is False and "are kept" in dialog.note.text()
    choose(dialog, "jpeg")
    assert dialog.note.property("loss") is True and "8 of the photo’s 16 bits" in dialog.note.text()
    choose(dialog, "tiff")
    assert dialog.note.property("loss") is False


def test_replacing_the_opened_photo_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    source = tmp_path / "scan.png"
    source.touch()
    path = tmp_path / "scan restored.png"
    dialog = ExportDialog(path, ExportSettings("png", 8, existing="replace"), Metadata("png", 8), source=source)
    qtbot.addWidget(dialog)
    assert "replaces the photo" not in dialog.note.text()
    dialog.name.setText("scan.png")
    assert "replaces the photo" in dialog.note.text()
    dialog.existing.setCurrentIndex(dialog.existing.findData("number"))
    assert "replaces the photo" not in dialog.note.text()


def test_escape_exports_nothing(dialog: ExportDialog, qtbot: QtBot) -> None:
    dialog.chosen.connect(pytest.fail)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_the_format_brings_its_suffix_depths_and_quality(dialog: ExportDialog) -> None:
    assert not dialog.quality.isVisible()
    choose(dialog, "jpeg")
    assert dialog.path().name == "scan restored.jpg"
    assert dialog.quality.isVisible()
    assert dialog.settings().depth == 8 and not dialog.depth_choice.isEnabled()
    choose(dialog, "png")
    assert dialog.path().name == "scan restored.png"
    assert dialog.settings().depth == 16


def test_a_suffix_typed_brings_its_format(dialog: ExportDialog, qtbot: QtBot) -> None:
    dialog.name.clear()
    qtbot.keyClicks(dialog.name, "mine.png")
    assert dialog.settings().format == "png"
    assert dialog.path() == Path("/photos/mine.png")


def test_dots_in_a_name_are_not_lost(qtbot: QtBot) -> None:
    dialog = make(qtbot, ExportSettings("tiff"), Metadata("tiff"), name="p. 12 restored.tif")
    choose(dialog, "png")
    assert dialog.path().name == "p. 12 restored.png"


def test_it_says_what_is_lost(qtbot: QtBot) -> None:
    metadata = Metadata("tiff", 16, icc=b"profile", exif=b"exif")
    dialog = make(qtbot, ExportSettings("tiff", 16), metadata, alpha=True)
    assert "kept" in dialog.note.text()
    dialog.keep_metadata.setChecked(False)
    assert "left out" in dialog.note.text() and "kept" not in dialog.note.text()
    choose(dialog, "jpeg")
    assert "16" in dialog.note.text() and "transparency" in dialog.note.text()
    choose(dialog, "bmp")
    assert "profile" in dialog.note.text() and "camera" in dialog.note.text()


def test_no_name_no_export(dialog: ExportDialog) -> None:
    dialog.name.clear()
    assert not dialog.export.isEnabled()
    dialog.name.setText("a/b.tif")
    assert not dialog.export.isEnabled()


def test_the_last_choices_come_back_but_never_narrow_another_photo() -> None:
    settings = Settings()
    own = ExportSettings("tiff", 16, 95)
    assert settings.export(own, formats()) == ExportSettings("tiff", 16, 95, True, "number")
    settings.remember_export(ExportSettings("jpeg", 8, 80, False, "replace"), own)
    assert Settings().export(own, formats()) == ExportSettings("jpeg", 8, 80, False, "replace")
    settings.remember_export(ExportSettings("png", 8, 95, True, "number"), ExportSettings("png", 8, 95))
    assert Settings().export(own, formats()).format == "tiff"
    assert Settings().export(own, formats()).depth == 16


def test_nonsense_in_the_settings_counts_as_nothing() -> None:
    settings = Settings()
    for key, value in (("format", "xyz"), ("depth", "many"), ("quality", "900"), ("existing", "burn")):
        settings.put(f"export/{key}", value)
    found = settings.export(ExportSettings("png", 16, 90), formats())
    assert found == ExportSettings("png", 16, 100, True, "number")
