"""Takes a finished run to the app: half-precision weights and their row of the manifest."""

import hashlib
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from engine.training import cards
from engine.training.loop import Run


def write(run: Run, scores: dict[str, float], folder: Path) -> None:
    """Write NAME.safetensors (fp16), its table in manifest.toml of `folder`, its curve, and the cards of all."""
    folder.mkdir(parents=True, exist_ok=True)
    recipe = type(run.recipe)
    weights = {
        key: value.half().contiguous(memory_format=torch.contiguous_format).cpu()
        for key, value in run.average.state_dict().items()
    }
    file = folder / f"{recipe.name}.safetensors"
    save_file(weights, file)
    facts = {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "net": recipe.net}
    facts |= {"config": recipe.config, **recipe.facts, "licence": "MIT", "paper": (recipe.__doc__ or "").split("\n")[0]}
    facts |= {"trained": f"{recipe.name}, {run.step} steps, {run.seconds / 60:.0f} minutes on {run.device.type}"}
    facts |= {"commit": run.commit, "data": recipe.data, "scores": scores}
    facts |= {"used": recipe.used, "limits": recipe.limits}
    manifest = folder / "manifest.toml"
    kept = _without(manifest.read_text() if manifest.exists() else "", recipe.name)
    manifest.write_text(kept + f"[{recipe.name}]\n" + "".join(f"{k} = {_toml(v)}\n" for k, v in facts.items()))
    if (run.folder / "curve.csv").exists():
        (folder / "curves").mkdir(exist_ok=True)
        shutil.copyfile(run.folder / "curve.csv", folder / "curves" / f"{recipe.name}.csv")
    cards.write(folder)


def _without(manifest: str, name: str) -> str:
    """The text of a manifest without the table `name`; every table ends with a blank line."""
    tables = [table for table in ("\n" + manifest).split("\n[") if table.strip()]
    kept = [table.strip() for table in tables if not table.startswith(f"{name}]")]
    return "".join(f"[{table}\n\n" for table in kept)


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case dict():
            return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(_toml(item) for item in value) + "]"
        case _:
            return repr(value)
