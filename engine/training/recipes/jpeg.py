"""The recurrent deblocker: a convolutional GRU that takes JPEG's traces away in passes, told the quality or not."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.training import degrade, jpeg, metrics, scoring
from engine.training.recipe import Batch, PhotoRecipe

MOST = 6  # passes
QUALITIES = (10, 20, 30)


class Jpeg(PhotoRecipe):
    """A GRU (Cho et al. 2014) in a U-Net, unrolled over passes, trained on from U24; L1 after each pass."""

    name = "jpeg-gru"
    used = "jpeg"
    limits = (
        "Detail that quantisation has removed does not come back. Blocks that were scaled after compression are seen "
        "less well than those of a file as it was saved."
    )
    net = "recurrent.ConvGRU"
    config = {"widths": [24, 48, 96], "blocks": 2}  # noqa: RUF012
    facts = {"scale": 1, "multiple": 8, "overlap": 64, "half": True, "remembered": 2}  # noqa: RUF012
    start = "denoise-u24"
    rate = 1e-3
    size = 96
    count = 12
    leaf_share = 0.15
    bank = 32

    def batch(self) -> Batch:
        reference = degrade.rounded(self.crops.batch(self.count))
        quality = self._qualities()
        known = (torch.rand(self.count, generator=self.generator) < 0.8).float()
        aligned = bool(torch.rand(1, generator=self.generator) < 0.6)  # as in a file that nobody has cropped
        shift = [0, 0] if aligned else torch.randint(16, (2,), generator=self.generator).tolist()
        compressed = self._compress(self._twice(reference), quality, (shift[0], shift[1]))
        return {"reference": reference, "seen": _seen(compressed, quality * known), "passes": self._passes()}

    def _qualities(self) -> Tensor:
        """5 to 95, half of them below 45. (count,)"""
        draw = torch.rand(self.count, generator=self.generator)
        low = torch.rand(self.count, generator=self.generator) < 0.5
        return torch.where(low, 5 + 40 * draw, 5 + 91 * draw).floor()

    def _compress(self, batch: Tensor, quality: Tensor, shift: tuple[int, int]) -> Tensor:
        return jpeg.compress(batch, quality, torch.rand(self.count, generator=self.generator) < 0.75, shift)

    def _twice(self, reference: Tensor) -> Tensor:
        """An eighth was a better JPEG before, its blocks elsewhere, as in pictures that were passed around."""
        if torch.rand(1, generator=self.generator) > 0.5:
            return reference
        quality = 60 + (38 * torch.rand(self.count, generator=self.generator)).floor()
        y, x = torch.randint(16, (2,), generator=self.generator).tolist()
        before = (torch.rand(self.count, 1, 1, 1, generator=self.generator) < 0.25).to(self.device)
        return torch.where(before, self._compress(reference, quality, (y, x)), reference)

    def _passes(self) -> Tensor:
        """How many passes this batch takes: mostly few, which is quicker, seldom all."""
        odds = torch.tensor([0.0, 3, 3, 2, 0, 1])
        return 1 + torch.multinomial(odds, 1, generator=self.generator)

    def loss(self, net: nn.Module, batch: Batch, fraction: float) -> Tensor:
        passes = int(batch["passes"]) if fraction > 0.3 else 2  # the first things are learned in the first passes
        photo, reference = batch["seen"][:, :3], batch["reference"]
        return torch.stack([F.l1_loss(photo + state[0], reference) for state in net(batch["seen"], passes)]).mean()

    @torch.no_grad()
    def validate(self, net: nn.Module) -> dict[str, float]:
        scores: dict[str, float] = {}
        for quality in (10, 30):
            gains: list[list[float]] = []
            for photo in self.held_out:
                reference = photo[None].float() / 255
                level = torch.full((1,), float(quality), device=self.device)
                photo_before = jpeg.compress(reference, level, level > 0)
                error = (photo_before - reference).square().mean()
                states = net(_seen(photo_before, level), MOST)
                after = [(photo_before + one[0]).clamp(0, 1) - reference for one in states]
                gains.append([float(10 * torch.log10(error / one.square().mean())) for one in after])
            means = torch.tensor(gains).mean(0).tolist()
            scores |= {
                f"gain_{quality}_first": means[0],
                f"gain_{quality}_third": means[2],
                f"gain_{quality}": means[-1],
            }
        return scores

    @torch.no_grad()
    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        """Mean gain over the JPEG after all passes, and for quality 10 after each."""
        scores: dict[str, float] = {}
        for label, folder in scoring.SETS.items():
            references = [scoring.read(file) for file in sorted((test / folder).glob("*.png"))]
            for quality in QUALITIES if references else ():
                gains = np.mean([self._gains(net, reference, quality) for reference in references], axis=0)
                scores[f"{label}_q{quality}"] = round(float(gains[-1]), 3)
                if quality == QUALITIES[0]:
                    scores |= {f"{label}_q10_pass_{n}": round(float(gains[n - 1]), 3) for n in range(1, MOST)}
        return scores

    def _gains(self, net: nn.Module, reference: np.ndarray, quality: int) -> list[float]:
        """The gain over a file of libjpeg's `quality` after each pass, dB."""
        photo = scoring.through_jpeg(reference, quality)
        height, width = photo.shape[:2]
        x = F.pad(torch.from_numpy(photo).permute(2, 0, 1)[None], (0, -width % 8, 0, -height % 8), mode="replicate")
        x = x.to(self.device)
        before = metrics.psnr(photo, reference)
        gains: list[float] = []
        for state in net(_seen(x, torch.full((1,), float(quality))), MOST):
            answer = (x + state[0])[0, :, :height, :width].permute(1, 2, 0).clamp(0, 1).cpu().numpy()
            gains.append(metrics.psnr(answer, reference) - before)
        return gains


def _seen(photo: Tensor, quality: Tensor) -> Tensor:
    """The photo (B, 3, H, W) and a plane of its quality / 100, 0 where that is unknown. (B, 4, H, W)"""
    plane = (quality.to(photo.device) / 100).view(-1, 1, 1, 1).expand_as(photo[:, :1])
    return torch.cat((photo, plane), dim=1)
