"""The recurrent net that takes scratches and dust away without being told where: a convolutional LSTM in passes."""

import itertools
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.recurrent import ConvLSTM, State, mask_logits
from engine.training import blind, damage, degrade, metrics, scoring
from engine.training.damage_scene import scene
from engine.training.recipe import Batch, PhotoRecipe

MOST = 6  # passes that are scored
_PASSES = 5  # that it is trained for
_ONE_AT_FIRST = 0.6  # of the run
_HELD = 7_000_000  # seed of the scenes that are only for scoring


class Streaks(PhotoRecipe):
    """An LSTM (PReNet, Ren et al. 2019) in a U-Net with soft masks: squared errors, and BCE on the masks."""

    name = "streaks-lstm"
    used = "streaks, streak-mask"
    limits = (
        "Trained on simulated damage. Fine lines that belong to the photo may be taken for scratches; damage of more "
        "than some 15 px width stays."
    )
    net = "recurrent.ConvLSTM"
    config = {"widths": [24, 48, 96], "blocks": 2}  # noqa: RUF012
    facts = {"scale": 1, "multiple": 32, "overlap": 64, "half": True, "remembered": 2}  # noqa: RUF012
    data = PhotoRecipe.data + "; film damage: MIT (FilmDamageSimulator, Ivanova 2023); damage drawn by us"
    start = "streaks-lstm"  # goes on from itself; it began with the weights of a detector
    rate = 3e-4  # larger steps would spoil what it begins with
    size = 96
    count = 12
    leaf_share = 0.15
    bank = 32
    scenes = 192
    passes = _PASSES

    def __init__(self, data: Path, device: torch.device, generator: torch.Generator, photos: int | None) -> None:
        super().__init__(data, device, generator, photos)
        film = damage.read_film(data / "damage")
        self.damage = damage.Bank(film, self.scenes, 2 * self.size + 64, device)

    def batch(self) -> Batch:
        layers = self.damage.batch(self.count, self.size, self.generator)
        reference = layers.decorate(self.crops.batch(self.count), self.generator)
        damaged = damage.apply(reference, layers)
        labels, counts = damage.visible(reference, damaged, layers)
        damaged, reference = self._scan(damaged, reference)
        draw = int(torch.randint(6, (1,), generator=self.generator))
        return {
            "damaged": damaged,
            "reference": reference,
            "mask": labels.float(),
            "counts": counts.float(),
            "passes": torch.tensor(min(self.passes, (1, 2, 2, 3, 4, _PASSES)[draw])),
        }

    def _scan(self, *pictures: Tensor) -> list[Tensor]:
        """The pictures with the same softness, grain and JPEG losses, since these shall stay."""
        seed = int(torch.randint(2**31, (1,), generator=self.generator))
        return [self._scan_one(one, torch.Generator().manual_seed(seed)) for one in pictures]

    def _scan_one(self, batch: Tensor, generator: torch.Generator) -> Tensor:
        draw = torch.rand(3, len(batch), 1, 1, 1, generator=generator).to(batch.device)
        batch = torch.where(draw[0] < 0.3, blind.gaussian_blur(batch, 0.3 + draw[1]), batch)
        batch = torch.where(draw[1] < 0.5, blind.coarse(batch, generator, most=8), batch)
        return torch.where(draw[2] < 0.3, blind.squeeze(batch, generator), degrade.rounded(batch))

    def loss(self, net: nn.Module, batch: Batch, fraction: float) -> Tensor:
        passes = int(batch["passes"]) if fraction > _ONE_AT_FIRST else 1  # what one pass learns serves all
        photo, mask, counts = batch["damaged"], batch["mask"], batch["counts"]
        losses: list[Tensor] = []
        for state in net(photo, passes):
            error = photo + _change(net, state) - batch["reference"]
            missed = F.binary_cross_entropy_with_logits(mask_logits(state), mask, weight=counts)
            losses.append(0.2 * error.abs().mean() + 20 * error.square().mean() + 0.05 * missed)
        return torch.stack(losses).mean()

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        gains, _ = self._measure(net, [photo.float() / 255 for photo in self.held_out])
        clean = [self._clean(net, photo.float() / 255) for photo in self.held_out]
        return {"gain_1": gains[0], "gain_3": gains[2], "gain_5": gains[4], "clean": float(np.mean(clean))}

    @torch.no_grad()
    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        """Gain in dB on damaged photos after each pass, F1 of the mask after the fifth, PSNR of clean photos."""
        scores: dict[str, float] = {}
        for label, folder in scoring.SETS.items():
            files = sorted((test / folder).glob("*.png"))
            photos = [torch.from_numpy(scoring.read(file)).permute(2, 0, 1).to(self.device) for file in files]
            if not photos:
                continue
            pieces = [photo[:, :256, :256] for photo in photos]
            gains, f1 = self._measure(net, pieces)
            scores |= {f"{label}_pass_{n}": round(gains[n - 1], 3) for n in range(1, MOST + 1)}
            scores[f"{label}_f1"] = round(f1, 3)
            clean = [self._clean(net, photo) for photo in photos]
            scores |= {f"{label}_clean": round(float(np.mean(clean)), 2), f"{label}_clean_worst": round(min(clean), 2)}
        return scores

    def _measure(self, net: nn.Module, photos: list[Tensor]) -> tuple[list[float], float]:
        """Mean gain after each pass on photos (3, H, W) with damage never trained on; F1 of the mask by pixels."""
        gains: list[list[float]] = []
        hits = misses = alarms = 0.0
        for index, photo in enumerate(photos):
            generator = torch.Generator().manual_seed(index)
            height, width = photo.shape[1:]
            layers = held_scene(self.damage.film, max(height, width), index)
            layers = damage.Layers(layers.planes[..., :height, :width].to(self.device))
            reference = layers.decorate(photo[None], generator)
            damaged = damage.apply(reference, layers)
            labels, counts = damage.visible(reference, damaged, layers)
            damaged, reference = (degrade.rounded(one) for one in (damaged, reference))
            states = net(damaged, MOST)
            before = _psnr(damaged, reference)
            gains.append([_psnr(damaged + _change(net, state), reference) - before for state in states])
            found = (mask_logits(states[_PASSES - 1]).amax(1, keepdim=True) > 0) & counts
            wanted = labels.any(1, keepdim=True) & counts
            hits += float((found & wanted).sum())
            misses += float((wanted & ~found).sum())
            alarms += float((found & ~wanted).sum())
        return np.mean(gains, axis=0).tolist(), 2 * hits / max(1.0, 2 * hits + misses + alarms)

    @torch.no_grad()
    def _clean(self, net: nn.Module, photo: Tensor) -> float:
        """PSNR of what becomes of a clean photo (3, H, W)."""
        image = photo.permute(1, 2, 0).cpu().numpy()
        answer = scoring.run(lambda x: x + _change(net, net(x, _PASSES)[-1]), image, self.device, 32)
        return metrics.psnr(answer, image)


class StreaksOnce(Streaks):
    """The twin with which `streaks-lstm` is compared: the same net and training, but one pass only."""

    name = "streaks-once"
    twin_of = "streaks-lstm"
    passes = 1


def held_scene(film: damage.Film, side: int, number: int) -> damage.Layers:
    """One scene of `side` px that training never sees, with at least half a per cent of damage, so that a gain in dB
    means something."""
    for attempt in itertools.count():
        layers = damage.Layers(torch.from_numpy(scene(film, side, _HELD + 1000 * attempt + number))[None])
        if float((layers.labels.amax(1) > 0.25).float().mean()) > 0.005:
            return layers
    raise AssertionError("unreachable")


def _change(net: nn.Module, state: State) -> Tensor:
    """What the net adds to the photo in this state. (B, 3, H, W)"""
    return cast(ConvLSTM, net).answer(state)[:, :3]


def _psnr(restored: Tensor, reference: Tensor) -> float:
    return float(-10 * torch.log10((restored.clamp(0, 1) - reference).square().mean() + 1e-10))
