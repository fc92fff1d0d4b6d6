"""What a training recipe is: a net, a source of batches, a loss and a score; one file of `recipes/` each."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from engine.training.muon import Muon
from engine.training.photos import MOST_REDUCED, REDUCED, Crops, read_folder

Batch = dict[str, Tensor]


class Recipe(ABC):
    """A recipe is made for one run: `data` is the folder with `photos/`, or one of photos, and `generator` decides
    every random draw."""

    name: ClassVar[str]
    config: ClassVar[dict[str, Any]]  # arguments of the net, written to the manifest
    net: ClassVar[str]  # module and class in engine.nets, "unet.UNet"
    facts: ClassVar[dict[str, Any]] = {}  # further manifest facts: multiple, overlap, ...
    start: ClassVar[str] = ""  # weight file in resources/weights to begin with, as far as names and shapes agree
    data: ClassVar[str] = ""  # what it learns from, with licences
    twin_of: ClassVar[str] = ""  # the recipe that it is only compared with; its weights are not shipped
    used: ClassVar[str] = ""  # by which operations, for its model card
    limits: ClassVar[str] = ""  # what it is not good at, for its model card
    rate: ClassVar[float] = 1.5e-3  # peak learning rate
    count: ClassVar[int] = 24  # pictures in a batch
    warm_up: ClassVar[int] = 100  # steps
    renew_every: ClassVar[int] = 200  # steps between calls of `renew`

    @abstractmethod
    def __init__(self, data: Path, device: torch.device, generator: torch.Generator, photos: int | None) -> None: ...

    @abstractmethod
    def batch(self) -> Batch:
        """The next training batch, on the device."""

    @abstractmethod
    def loss(self, net: nn.Module, batch: Batch, fraction: float) -> Tensor:
        """The scalar to lower; `fraction` 0..1 of the run is over."""

    @abstractmethod
    def validate(self, net: nn.Module) -> dict[str, float]:
        """Scores on photos held out of training, for the curve; the same each time for the same weights."""

    @abstractmethod
    def score(self, net: nn.Module, test: Path) -> dict[str, float]:
        """Scores on the test sets found in folder `test`, for the manifest; {} where there are none."""

    def optimizer(self, net: nn.Module) -> torch.optim.Optimizer:
        """What trains the net: Muon, for convolutions without biases."""
        return Muon(list(net.parameters()), lr=self.rate)

    def preview(self, net: nn.Module) -> Tensor | None:
        """Pictures (n, 3, H, W) in 0..1 that show what the net makes by now; None where it shows nothing."""
        return None

    def sheet(self, net: nn.Module) -> Tensor | None:
        """64 pictures (64, 3, H, W) in 0..1 that show nothing but what the net makes, not picked, to be kept beside its
        weights; None where it makes nothing by itself."""
        return None

    def renew(self) -> None:
        """Refresh whatever the recipe keeps in memory (synthetic images); called now and then."""


HELD_OUT = 8  # photos, the last in name order


class PhotoRecipe(Recipe):
    """A recipe that learns from crops of the photos and from synthetic leaves, and keeps some photos back."""

    data = "381 photos: CC0, Unsplash, Pexels, CC BY-SA 4.0, US public domain; synthetic leaves made by us"
    size: ClassVar[int] = 128  # px, side of a crop
    leaf_share: ClassVar[float] = 0.3
    bank: ClassVar[int] = 48  # synthetic images kept
    reduced: ClassVar[float] = REDUCED  # share of the crops of photos that are of a reduced photo
    most_reduced: ClassVar[float] = MOST_REDUCED  # times

    def __init__(self, data: Path, device: torch.device, generator: torch.Generator, photos: int | None) -> None:
        self.device, self.generator = device, generator
        everything = read_folder(data, device, photos)
        everything = [photo for photo in everything if min(photo.shape[1:]) >= self.size]
        held = min(HELD_OUT, len(everything) // 4)
        few = everything[-1:] if not held else []  # so few are judged by what was learned from
        self.held_out = [centre(photo, 256) for photo in everything[len(everything) - held :] or few]
        learned = everything[: len(everything) - held]
        self.crops = Crops(learned, self.size, self.leaf_share, self.bank, generator, self.reduced, self.most_reduced)

    def renew(self) -> None:
        self.crops.renew()


def centre(photo: Tensor, size: int) -> Tensor:
    """The middle of a photo (3, H, W), at most `size` px a side."""
    y, x = (max(0, (side - size) // 2) for side in photo.shape[1:])
    return photo[:, y : y + size, x : x + size]
