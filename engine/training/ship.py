"""Takes a finished run to the app: half-precision weights and their row of the manifest."""

import hashlib
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from engine.errors import RestoreError
from engine.training import cards
from engine.training.loop import Run, mosaic


def write(run: Run, scores: dict[str, float], folder: Path) -> None:
    """Write NAME.safetensors (fp16), its table in manifest.toml of `folder`, its curve, its samples, and all cards.

    Of a twin only a table in comparisons.toml. Raises RestoreError, before anything is written, as `check`.
    """
    check(run)
    folder.mkdir(parents=True, exist_ok=True)
    recipe = type(run.recipe)
    trained = f"{recipe.name}, {run.step} steps, {run.seconds / 60:.0f} minutes on {run.device.type}"
    facts: dict[str, object] = {"paper": (recipe.__doc__ or "").split("\n")[0], "trained": trained}
    facts |= {"commit": run.commit, "data": recipe.data, "scores": scores}
    if recipe.twin_of:
        _put(folder / "comparisons.toml", recipe.name, {"twin_of": recipe.twin_of, **facts})
    else:
        file = folder / f"{recipe.name}.safetensors"
        save_file(_halved(run.average), file)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        facts = {"file": file.name, "sha256": digest, "net": recipe.net, "config": recipe.config} | recipe.facts | facts
        facts |= {"licence": "MIT", "used": recipe.used, "limits": recipe.limits}
        _put(folder / "manifest.toml", recipe.name, facts)
        if (run.folder / "curve.csv").exists():
            (folder / "curves").mkdir(exist_ok=True)
            shutil.copyfile(run.folder / "curve.csv", folder / "curves" / f"{recipe.name}.csv")
        sheet = run.recipe.sheet(run.average)
        if sheet is not None:
            (folder / "samples").mkdir(exist_ok=True)
            mosaic(sheet).save(folder / "samples" / f"{recipe.name}.jpg", quality=90)
    cards.write(folder)


def check(run: Run) -> None:
    """Raises RestoreError where the training diverged: a weight is not finite, or would not be in half precision."""
    if not all(bool(value.isfinite().all()) for value in _halved(run.average).values()):
        raise RestoreError("The training diverged: some weights are no finite numbers, so nothing was written.")


def _halved(net: nn.Module) -> dict[str, torch.Tensor]:
    """The weights in half precision on the CPU."""
    return {
        key: value.half().contiguous(memory_format=torch.contiguous_format).cpu()
        for key, value in net.state_dict().items()
    }


def _put(manifest: Path, name: str, facts: dict[str, object]) -> None:
    """Write the table `name` of a TOML file, in place of an older one."""
    kept = _without(manifest.read_text() if manifest.exists() else "", name)
    manifest.write_text(kept + f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in facts.items()))


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
