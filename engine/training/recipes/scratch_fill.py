"""The net that fills narrow holes: residual to a membrane, judged inside the holes only, no GAN."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine.training import degrade, metrics, scoring
from engine.training.holes import KINDS, dense, hole
from engine.training.recipe import Batch, PhotoRecipe

_SIDE = 256  # px of the crops that are scored


class ScratchFill(PhotoRecipe):
    """A U-Net on the known pixels, the mask and a membrane (pull and push), L1 and a little of the spectrum's L1."""

    name = "scratch-fill-u24"
    used = "fill method=auto and learned, for narrow holes"
    limits = "For holes of up to some 20 px: in larger ones it is smooth. Grain is not made up."
    net = "filler.Filler"
    config = {"widths": [24, 48, 96], "blocks": 2}  # noqa: RUF012
    facts = {"scale": 1, "multiple": 8, "overlap": 48, "half": True}  # noqa: RUF012
    start = "denoise-u24"
    rate = 1.5e-3
    scenes = 256

    def __init__(self, data: Path, device: torch.device, generator: torch.Generator, photos: int | None) -> None:
        super().__init__(data, device, generator, photos)
        self.holes = [
            torch.from_numpy(np.array(dense(2 * self.size, np.random.default_rng(seed)), np.uint8))
            for seed in range(self.scenes)
        ]

    def batch(self) -> Batch:
        reference = self.crops.batch(self.count)
        mask = torch.stack([self._hole() for _ in range(self.count)]).to(self.device).float()
        seen = reference + 4 / 255 * torch.rand(self.count, 1, 1, 1, generator=self.generator).to(
            self.device
        ) * degrade.normal(reference, self.generator)
        return {"reference": reference, "seen": torch.cat((degrade.rounded(seen) * (1 - mask), mask), dim=1)}

    def _hole(self) -> Tensor:
        """A piece of one of the masks, turned. uint8 (1, size, size)"""
        number, place, turns = torch.randint(2**31, (3,), generator=self.generator).tolist()
        y, x = divmod(place % (self.size + 1) ** 2, self.size + 1)
        piece = self.holes[number % len(self.holes)][y : y + self.size, x : x + self.size]
        return torch.rot90(piece, turns % 4)[None]

    def loss(self, net: nn.Module, batch: Batch, fraction: float) -> Tensor:
        reference, mask = batch["reference"], batch["seen"][:, 3:]
        filled = net(batch["seen"])
        off = (filled - reference) * mask
        share = mask.mean().clamp(min=1e-3)
        if fraction > 0.5:
            return 20 * off.square().mean() / share
        spectrum = torch.fft.rfft2(off, norm="ortho").abs().mean()
        return off.abs().mean() / share + 0.1 * spectrum / share.sqrt()

    def validate(self, net: nn.Module) -> dict[str, float]:
        photos = [photo.permute(1, 2, 0).cpu().numpy().astype(np.float32) / 255 for photo in self.held_out]
        return self._measure(net, photos, ("scratch 1-3", "blotch 4-10"))

    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        """PSNR in dB inside the holes that `make.py bench --only fill` makes, over the same crops."""
        files = [*sorted((test / "mcmaster18").glob("*.png")), *sorted((test / "cbsd68").glob("*.png"))[:18]]
        photos = [scoring.read(file) for file in files]
        return self._measure(net, photos, KINDS) if photos else {}

    def _measure(self, net: nn.Module, photos: list[np.ndarray], kinds: tuple[str, ...]) -> dict[str, float]:
        scores: dict[str, float] = {}
        crops = [_middle(photo) for photo in photos if min(photo.shape[:2]) >= _SIDE]
        for kind in kinds if crops else ():
            found: list[float] = []
            for index, crop in enumerate(crops):
                mask = hole(kind, _SIDE, np.random.default_rng(index))[..., None]
                filled = scoring.run(net, np.concatenate((crop * (1 - mask), mask), axis=2), self.device, 8)
                found.append(metrics.psnr_inside(filled, crop, mask[..., 0]))
            scores[kind.replace(" ", "_").replace("-", "_")] = round(float(np.mean(found)), 3)
        return scores


def _middle(photo: np.ndarray) -> np.ndarray:
    top, left = ((side - _SIDE) // 2 for side in photo.shape[:2])
    return photo[top : top + _SIDE, left : left + _SIDE]
