"""The damage detector: where lines, spots and tears are, learned from the damage simulator."""

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.segmenter import Segmenter
from engine.training import blind, damage, degrade, detection, scoring
from engine.training.damage import Bank, Example, examples, read_film
from engine.training.damage_film import Film, split
from engine.training.detection import Findings
from engine.training.photos import read_folder
from engine.training.recipe import Batch, PhotoRecipe

_FALSE = 0.001  # share of clean photos above the usual threshold; grown by a pixel, as it is used, twice as much
_AS_IT_IS = 0.4  # share of a batch that has nothing but damage
_TORN = 0.35  # share of the scenes with a tear: more than are met, or tears are given up before they are learned
_SHARPENED = 0.25  # share of the pictures sharpened, so that damage has rims
_WEIGHTS = (1.0, 1.0, 2.0)  # of lines, spots and tears where they are, in the cross entropy


class Damage(PhotoRecipe):
    """Three classes from the photo and top-hats in a U-Net, cross entropy and Dice loss (Milletari et al. 2016)."""

    name = "damage-u32"
    used = "damage"
    limits = (
        "Trained on simulated damage only. Fine lines of the photo that look like scratches may be marked; damage that "
        "differs by less than 4 % is missed; stains, and spots of more than some 16 px, are not its business."
    )
    net = "segmenter.Segmenter"
    config = {"widths": [32, 64, 128, 64], "blocks": 2}  # noqa: RUF012
    facts = {"scale": 1, "multiple": 16, "overlap": 96, "half": True}  # noqa: RUF012
    data = f"{PhotoRecipe.data}; damage simulated by us and rendered by FilmDamageSimulator (MIT)"
    start = "denoise-u24"
    rate = 8e-4
    leaf_share = 0.2
    bank = 64  # and four times as many scenes of damage
    size = 192  # a scratch is known by how far it goes on
    reduced = 0.6
    most_reduced = 6.0  # in small copies eyes and letters are as small as dust, and none

    def __init__(self, data: Path, device: torch.device, generator: torch.Generator, photos: int | None) -> None:
        super().__init__(data, device, generator, photos)
        film, self.held_film = split(read_film(data / "damage"))
        self.damage = Bank(film, 4 * self.bank, 2 * self.size, device, torn=_TORN)
        self.weights = torch.tensor(_WEIGHTS, device=device).view(1, 3, 1, 1)
        held = _degrade_all(examples(self.held_out, self.held_film, len(self.held_out), min(256, 2 * self.size), 1))
        self.held_examples = list(held)

    def batch(self) -> Batch:
        layers = self.damage.batch(self.count, self.size, self.generator)
        reference = blind.fade(self.crops.batch(self.count), self.generator)
        reference = layers.decorate(reference, self.generator)
        damaged = damage.apply(reference, layers)
        labels, counts = damage.visible(reference, damaged, layers)
        sharp = degrade.on(damaged, torch.rand(len(damaged), 1, 1, 1, generator=self.generator) < _SHARPENED)
        damaged = torch.where(sharp, blind.sharpen(damaged, self.generator), damaged)
        return {"photo": _degraded(damaged, self.generator), "labels": labels.float(), "counts": counts.float()}

    def loss(self, net: nn.Module, batch: Batch, fraction: float) -> Tensor:
        logits = cast(Segmenter, net).logits(batch["photo"])
        labels, counts = batch["labels"], batch["counts"]
        entropy = F.binary_cross_entropy_with_logits(logits, labels, reduction="none", pos_weight=self.weights)
        found, there = logits.sigmoid() * counts, labels * counts
        some = 20.0  # px: a kind of damage that is not in the batch must not count as missed
        both, either = (found * there).sum((0, 2, 3)), (found + there).sum((0, 2, 3))
        dice = 1 - (2 * both + some) / (either + some)
        return (entropy * counts).mean() + dice.mean()

    def validate(self, net: nn.Module) -> dict[str, float]:
        findings = _find(net, self.held_examples, self.device)
        return {"held_out_f1": float(findings.f1().max()), "held_out_area": findings.area()}

    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        """How well simulated damage on CBSD68 is found, within 2 px and with film damage kept out of training: the best
        F1 over all thresholds with its precision and recall, and the area under precision over recall; the log-odds
        that are `usual`, as so little of clean photos is above them, and the same there."""
        if not (test / "cbsd68").is_dir():
            return {}
        photos = read_folder(test / "cbsd68", torch.device("cpu"))
        findings = _find(net, held(photos, self.held_film), self.device)
        clean = {label: self._on_clean(net, test / folder) for label, folder in scoring.SETS.items()}
        usual = float(np.quantile(np.concatenate([one for found in clean.values() for one in found]), 1 - _FALSE))
        scores = _at(findings, int(findings.f1().argmax())) | {"area": findings.area()}
        scores |= {"usual": float(np.log(usual / (1 - usual)))}
        scores |= {f"usual_{key}": value for key, value in _at(findings, min(255, int(usual * 256))).items()}
        for label, found in clean.items():
            scores |= {f"{label}_false": float(np.mean([detection.marked(one, usual) for one in found] or [0.0]))}
        return {key: round(value, 4) for key, value in scores.items()}

    def _on_clean(self, net: nn.Module, folder: Path) -> list[np.ndarray]:
        """The probabilities of all pixels of each photo in a folder."""
        files = sorted(folder.glob("*.png"))
        return [_probability(net, scoring.read(file), self.device).ravel() for file in files]


def _at(findings: Findings, level: int) -> dict[str, float]:
    """F1, precision and recall at a threshold, in 256ths."""
    found = {"f1": findings.f1(), "precision": findings.precision(), "recall": findings.recall()}
    return {key: float(values[level]) for key, values in found.items()}


def held(photos: list[Tensor], film: Film) -> Iterable[Example]:
    """The pictures that `score` is made on: the photos, uint8 (3, H, W), twice each under damage, half of them degraded
    as in training; the same each time."""
    return _degrade_all(examples(photos, film, 2 * len(photos), 256, 2))


def _degraded(damaged: Tensor, generator: torch.Generator) -> Tensor:
    """What happens to damaged photos on their way to us: to the first of the batch nothing. Same shape."""
    kept = round(_AS_IT_IS * len(damaged))
    return torch.cat((degrade.rounded(damaged[:kept]), blind.degrade(damaged[kept:], generator)))


def _degrade_all(pictures: Iterable[Example]) -> Iterable[Example]:
    """Every other example degraded as in training, the same each time."""
    generator = torch.Generator().manual_seed(1)
    for number, example in enumerate(pictures):
        damaged = degrade.rounded(example.damaged)
        if number % 2:
            damaged = blind.degrade(damaged[None], generator)[0]
        yield example._replace(damaged=damaged)


def _probability(net: nn.Module, photo: np.ndarray, device: torch.device) -> np.ndarray:
    """That a pixel is damaged, whatever the kind, in a photo (H, W, 3). (H, W)"""
    return scoring.run(net, photo, device).max(2)


def _find(net: nn.Module, pictures: Iterable[Example], device: torch.device) -> Findings:
    findings = Findings()
    for example in pictures:
        probability = _probability(net, example.damaged.permute(1, 2, 0).contiguous().numpy(), device)
        findings.add(probability, example.labels.amax(0).numpy(), example.counts[0].numpy())
    return findings
