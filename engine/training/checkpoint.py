"""A checkpoint as files of less than 16 MB, so that it travels, and so that a kill at any moment leaves a whole one."""

import hashlib
import json
import os
from pathlib import Path

PART = 15_000_000  # bytes
_INDEX = "checkpoint.json"


def write(folder: Path, data: bytes) -> None:
    """Write `data` beside the checkpoint before, then let the index name the new parts, then delete the old ones."""
    before = _parts(folder)
    digest = hashlib.sha256(data).hexdigest()
    names: list[str] = []
    for number, start in enumerate(range(0, max(1, len(data)), PART)):
        names.append(f"checkpoint-{digest[:12]}-{number}.part")
        _write_through(folder / names[-1], data[start : start + PART])
    _write_through(folder / "checkpoint.new", json.dumps({"parts": names, "sha256": digest}).encode())
    (folder / "checkpoint.new").replace(folder / _INDEX)
    for name in set(before) - set(names):
        (folder / name).unlink(missing_ok=True)


def read(folder: Path) -> bytes:
    """The data of the last checkpoint. Raises FileNotFoundError where there is none, ValueError where it is damaged."""
    data = b"".join((folder / name).read_bytes() for name in _parts(folder, needed=True))
    if hashlib.sha256(data).hexdigest() != json.loads((folder / _INDEX).read_text())["sha256"]:
        raise ValueError(f"the checkpoint in {folder} is damaged")
    return data


def _parts(folder: Path, needed: bool = False) -> list[str]:
    index = folder / _INDEX
    if not needed and not index.exists():
        return []
    return list(json.loads(index.read_text())["parts"])


def _write_through(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
