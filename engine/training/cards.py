"""Model cards: resources/weights/README.md, made from the manifest and the curves of the training runs."""

import csv
import tomllib
from pathlib import Path
from typing import Any

_ROWS = 5  # of a curve that a card shows


def write(folder: Path) -> None:
    """Write README.md of a folder with manifest.toml, and curves/NAME.csv where a run left one."""
    (folder / "README.md").write_text(cards(folder), encoding="utf-8")


def cards(folder: Path) -> str:
    """The text of README.md: a card for each model of the manifest in `folder`."""
    manifest, twins = (_read(folder / name) for name in ("manifest.toml", "comparisons.toml"))
    total = sum((folder / row["file"]).stat().st_size for row in manifest.values()) / 1e6
    intro = (
        "# Model cards\n\nEvery network is our own: architecture, training and weights, under the MIT licence. "
        f"{len(manifest)} files, {total:.1f} MB together. Scores come from the recipe itself, on public test sets that "
        "we looked at while tuning; `python make.py bench` measures what the operations make of the weights. This page "
        "is made from `manifest.toml` by `python -m engine.training.cards`.\n"
    )
    return intro + "".join(_card(name, row, folder) for name, row in sorted(manifest.items())) + _compared(twins)


def _read(file: Path) -> dict[str, dict[str, Any]]:
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def _compared(twins: dict[str, dict[str, Any]]) -> str:
    """What was trained only to be compared; its weights are not shipped."""
    lines = [
        f"- **{name}**, for {row['twin_of']}: {row['paper']} {row['trained']}; commit {row['commit']}. Scores: "
        f"{_flat(row['scores'])}"
        for name, row in sorted(twins.items())
    ]
    return "\n## Twins, trained only to be compared\n\n" + "\n".join(lines) + "\n" if lines else ""


def _card(name: str, row: dict[str, Any], folder: Path) -> str:
    size = (folder / row["file"]).stat().st_size / 1e6
    facts = {
        "Used by": row.get("used", ""),
        "Architecture": f"`engine.nets.{row['net']}` with {_flat(row['config'])}; {size:.1f} MB in half precision",
        "Method": row["paper"],
        "Training": f"{row['trained']}; recipe and code as of commit {row['commit']}",
        "Data": row["data"],
        "Scores": _flat(row["scores"]),
        "Limits": row.get("limits", ""),
    }
    lines = [f"\n## {name}\n"] + [f"- **{key}:** {value}" for key, value in facts.items() if value]
    sheet = f"samples/{name}.jpg"
    shown = f"\n![64 samples, not picked]({sheet})\n" if (folder / sheet).exists() else ""
    return "\n".join(lines) + "\n" + _curve(folder / "curves" / f"{name}.csv") + shown


def _curve(file: Path) -> str:
    """Some rows of a curve, from first to last, as a table; empty without the file."""
    if not file.exists():
        return ""
    with file.open(newline="") as opened:
        rows = list(csv.reader(opened))
    head, body = rows[0], rows[1:]
    chosen = sorted({round(index * (len(body) - 1) / max(1, _ROWS - 1)) for index in range(_ROWS)})
    table = [head, ["---"] * len(head)] + [[_short(cell) for cell in body[index]] for index in chosen]
    return "\n" + "\n".join("| " + " | ".join(row) + " |" for row in table) + "\n"


def _short(cell: str) -> str:
    try:
        return f"{float(cell):.4g}"
    except ValueError:
        return cell


def _flat(values: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items())


if __name__ == "__main__":
    write(Path(__file__).resolve().parents[2] / "resources" / "weights")
