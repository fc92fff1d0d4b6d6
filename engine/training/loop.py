"""The training loop: Muon on a cosine, an average of the weights, a checkpoint that survives a kill, a curve."""

import csv
import importlib
import io
import math
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from engine import resources
from engine.errors import RestoreError
from engine.nets.unet import UNet
from engine.training import checkpoint
from engine.training.recipe import Recipe

_SLOWEST = 1 / 64  # of the rate
_PARTS = ("stem", "encoders", "downs", "bottom", "ups", "decoders", "head")  # of a U-Net
_DIVERGED = 4.0  # times the mean loss before; where a recipe goes over to squared errors it rises by half of that


@dataclass(frozen=True)
class Budget:
    """When a run is over: after `steps`, or after `minutes` of training however often it was interrupted."""

    minutes: float
    steps: int | None = None

    def fraction(self, step: int, seconds: float) -> float:
        """How much of the run is over, 0..1."""
        return min(1.0, step / self.steps if self.steps else seconds / (60 * self.minutes))


def build(recipe: type[Recipe]) -> nn.Module:
    """The recipe's net, channels_last, with fresh weights or, where the recipe says so, with those of a shipped one."""
    return _build(recipe, recipe.start)


def shipped(recipe: type[Recipe]) -> nn.Module:
    """The recipe's net, channels_last, with the weights that are shipped of it; in fp32."""
    return _build(recipe, recipe.name)


def _build(recipe: type[Recipe], start: str) -> nn.Module:
    module, name = recipe.net.split(".")
    net: nn.Module = getattr(importlib.import_module(f"engine.nets.{module}"), name)(**recipe.config)
    if start:
        begin_with(net, load_file(resources.folder() / "weights" / f"{start}.safetensors"))
    return net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def begin_with(net: nn.Module, shipped: dict[str, torch.Tensor]) -> None:
    """Give the net, or the U-Net or trunk that is a part of it, shipped weights as far as names and shapes agree.

    A wider net begins with the answers of the narrower one: its further channels start fresh, but what was there does
    not listen to them yet (after Chen et al. 2016, Net2Net). So does a U-Net with a further level of a net without.
    Further planes of an answer begin as 0.
    """
    state = net.state_dict()
    known = {key.partition(".")[2]: value for key, value in shipped.items()} | shipped
    if unet := next((module for module in net.modules() if isinstance(module, UNet)), None):
        known = _deepened(unet, known)
    inner = {key: known.get(key, known.get(key.partition(".")[2])) for key in state}
    turned = {f"{name}.weight" for name, module in net.named_modules() if isinstance(module, nn.ConvTranspose2d)}
    net.load_state_dict({key: _fitted(key, value, inner[key], key in turned) for key, value in state.items()})


@torch.no_grad()
def _deepened(unet: UNet, shipped: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The shipped weights named as in a U-Net with one level more: what was the bottom lies on both sides of the new
    one, from which nothing comes up yet."""
    inner = {key: value for key, value in shipped.items() if key.startswith(_PARTS)}
    levels = len([key for key in inner if key.startswith("downs.")])
    if len(unet.downs) != levels + 1 or levels == 0:
        return shipped
    blocks = len({key.split(".")[1] for key in inner if key.startswith("bottom.")}) // 2
    named = {key: value for key, value in inner.items() if key.startswith(("stem", "encoders", "downs", "head"))}
    for key, value in inner.items():
        part, number, *rest = key.split(".")
        if part in ("ups", "decoders"):
            named[".".join((part, str(int(number) + 1), *rest))] = value
        elif part == "bottom":
            side = ("encoders", str(levels)) if int(number) < blocks else ("decoders", "0")
            named[".".join((*side, str(int(number) % blocks), *rest))] = value
    return named | {"ups.0.weight": torch.zeros_like(unet.ups[0].get_parameter("weight"))}


def _fitted(key: str, fresh: torch.Tensor, shipped: torch.Tensor | None, turned: bool) -> torch.Tensor:
    """The shipped weights in fresh ones that are as large or larger; the fresh ones where there is nothing that fits.
    `turned` ones have their inputs first."""
    if (
        shipped is None
        or fresh.ndim != shipped.ndim
        or any(new < old for new, old in zip(fresh.shape, shipped.shape, strict=True))
    ):
        return fresh
    result = torch.zeros_like(fresh) if key.endswith("head.weight") else fresh.clone()
    if fresh.ndim > 1:
        outputs = int(turned)
        result.narrow(outputs, 0, shipped.shape[outputs]).zero_()
    result[tuple(slice(side) for side in shipped.shape)] = shipped.float()
    return result


@torch.no_grad()
def mix(net: nn.Module, begun: dict[str, torch.Tensor], share: float) -> None:
    """Let the net's weights be this `share`, 0..1, of its own and for the rest those it began with: nets of one origin
    may be averaged, and keep what training on other material took from them (Wortsman et al. 2022)."""
    for key, value in net.state_dict().items():
        value.lerp_(begun[key], 1 - share)


def _commit() -> str:
    try:
        answer = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    except OSError:  # users have no git
        return "unknown"
    return answer.stdout.strip() or "unknown"


class Run:
    """One training run of a recipe in a folder: `train` it, then take `average`, the net with averaged weights."""

    def __init__(self, recipe: Recipe, folder: Path, device: torch.device, budget: Budget) -> None:
        self.recipe, self.folder, self.device, self.budget = recipe, folder, device, budget
        self.net = build(type(recipe)).to(device)
        self.average = build(type(recipe)).to(device).requires_grad_(False)
        self.average.load_state_dict(self.net.state_dict())
        self.optimizer: torch.optim.Optimizer = recipe.optimizer(self.net)
        self.step, self.seconds = 0, 0.0
        self.usual, self.slower = math.inf, 1.0  # mean loss before the last checkpoint; what the rate is multiplied by
        self.commit = _commit()  # of the code that the run began with
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def fraction(self) -> float:
        return self.budget.fraction(self.step, self.seconds)

    def resume(self, generator: torch.Generator) -> None:
        """Go on from the checkpoint, also of the random draws. Raises FileNotFoundError where there is none."""
        data = checkpoint.read(self.folder)
        state: dict[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        self.restore(state)
        generator.set_state(state["generator"])

    def save(self, generator: torch.Generator) -> None:
        """Write the checkpoint; a kill in the middle leaves the one before."""
        data = io.BytesIO()
        torch.save(self.state() | {"generator": generator.get_state()}, data)
        checkpoint.write(self.folder, data.getvalue())

    def state(self) -> dict[str, Any]:
        """All that a checkpoint holds but the random draws."""
        state = {"net": self.net.state_dict(), "average": self.average.state_dict(), "step": self.step}
        state |= {"usual": self.usual, "slower": self.slower}
        return state | {"optimizer": self.optimizer.state_dict(), "seconds": self.seconds, "commit": self.commit}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds, self.commit = state["step"], state["seconds"], state["commit"]
        self.usual, self.slower = state.get("usual", math.inf), state.get("slower", 1.0)

    def train(
        self, generator: torch.Generator, every_seconds: float = 300, wanted: Callable[[], bool] = lambda: True
    ) -> bool:
        """Train until the budget is spent; every `every_seconds` validate, write the curve and the checkpoint. False
        where nobody `wanted` it any more after a step: then there is nothing but the checkpoint.

        Where the loss has risen to many times what it was before the last checkpoint, the run goes back to that and on
        at half the rate.
        """
        if self.step == 0:
            (self.folder / "curve.csv").unlink(missing_ok=True)  # of an older run
        losses: list[Tensor] = []  # on the device: a GPU is not waited for after each step
        began, reported = time.monotonic() - self.seconds, time.monotonic()
        while self.fraction < 1:
            losses.append(self._one_step())
            self.seconds = time.monotonic() - began
            if self.step % self.recipe.renew_every == 0:
                self.recipe.renew()
            if not wanted():
                self.save(generator)
                return False
            if time.monotonic() - reported > every_seconds or self.fraction >= 1:
                mean = float(torch.stack(losses).mean())
                self._report(mean)
                if self.diverged(mean):
                    self._go_back(generator)
                else:
                    self.usual = mean
                    self.save(generator)
                losses, reported = [], time.monotonic()
        return True

    def diverged(self, mean: float) -> bool:
        """Whether a mean loss says so."""
        return not mean < _DIVERGED * self.usual

    def _go_back(self, generator: torch.Generator) -> None:
        """To the last checkpoint, with half the rate. Raises RestoreError where there is none, or where that has been
        done again and again."""
        if math.isinf(self.usual) or self.slower < _SLOWEST:
            raise RestoreError("The training diverged, so no weights were written.")
        seconds, slower, usual = self.seconds, self.slower / 2, 2 * self.usual
        self.resume(generator)
        self.seconds, self.slower, self.usual = seconds, slower, usual  # more is allowed each time: it must end
        print(f"diverged: back to step {self.step}, at {slower} of the rate", flush=True)

    def _one_step(self) -> Tensor:
        """One batch. Returns its loss, a scalar on the device."""
        fraction = self.fraction
        rate = self.slower * self.recipe.rate * (0.001 + 0.999 * 0.5 * (1 + math.cos(math.pi * fraction)))
        self._pace(self.optimizer, rate * min(1.0, (self.step + 1) / self.recipe.warm_up))
        batch = self.recipe.batch()
        with torch.autocast(self.device.type, torch.bfloat16):
            loss = self.recipe.loss(self.net, batch, fraction)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self._follow()
        return loss.detach()

    @staticmethod
    def _pace(optimizer: torch.optim.Optimizer, rate: float) -> None:
        for group in optimizer.param_groups:
            group["lr"] = rate

    @torch.no_grad()
    def _follow(self) -> None:
        """Let the average follow: over the last tenth of the steps so far, at most the last thousand."""
        decay = min(0.999, 1 - 1 / (1 + self.step / 10))
        for average, parameter in zip(self.average.parameters(), self.net.parameters(), strict=True):
            average.lerp_(parameter, 1 - decay)

    def _report(self, loss: float) -> None:
        scores = self.recipe.validate(self.average)
        row = {"step": self.step, "seconds": round(self.seconds), "loss": loss} | scores
        print("  ".join(f"{key} {value:.4g}" for key, value in row.items()), flush=True)
        self._preview()
        curve = self.folder / "curve.csv"
        fresh = not curve.exists()
        with curve.open("a", newline="") as file:
            writer = csv.DictWriter(file, row)
            if fresh:
                writer.writeheader()
            writer.writerow(row)

    @torch.no_grad()
    def _preview(self) -> None:
        """Write preview.png, where the recipe has something to show."""
        pictures = self.recipe.preview(self.average)
        if pictures is not None and len(pictures):
            mosaic(pictures).save(self.folder / "preview.png")


def mosaic(pictures: Tensor) -> Image.Image:
    """Pictures (n, 3, H, W) in 0..1 side by side in about as many rows as columns."""
    rows = [torch.cat(list(row), dim=2) for row in pictures.split(math.ceil(math.sqrt(len(pictures))))]
    whole = torch.cat([F.pad(row, (0, rows[0].shape[2] - row.shape[2])) for row in rows], dim=1)
    return Image.fromarray(whole.clamp(0, 1).mul(255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy())
