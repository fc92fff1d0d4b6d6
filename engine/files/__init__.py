"""Photo files: what they hold, reading them, writing them."""

from engine.files.photo import (
    FORMATS,
    PIXEL_LIMIT,
    SUFFIXES_READ,
    ExportSettings,
    Format,
    Metadata,
    Photo,
    defaults_for,
    format_of,
)
from engine.files.reading import read, read_draft, read_mask
from engine.files.writing import write, write_mask

__all__ = [
    "FORMATS",
    "PIXEL_LIMIT",
    "SUFFIXES_READ",
    "ExportSettings",
    "Format",
    "Metadata",
    "Photo",
    "defaults_for",
    "format_of",
    "read",
    "read_draft",
    "read_mask",
    "write",
    "write_mask",
]
