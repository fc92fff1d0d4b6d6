"""Training photos: all of them in memory as uint8 tensors on the device, handed out as augmented crops."""

import struct
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional as F

from engine.training import leaves, patterns
from engine.training.degrade import on

SUFFIXES = {".avif", ".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"}
_UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError)  # Pillow's
_LARGEST = 2048  # px a side: photos of today are larger than what is learned from them
REDUCED = 0.4  # share of the crops of photos that are of a reduced photo: there is more in them
MOST_REDUCED = 3.0
_READY = 24_000  # crops that are made beforehand for a GPU, which is faster than what launches its work on each
_ROOM = 1 / 8  # at most, of its free memory, for them
_RENEWED = 96  # of them at a time


def read_folder(folder: Path, device: torch.device, limit: int | None = None) -> list[Tensor]:
    """Every photo of `folder`, or of photos/ in it, in name order as uint8 (3, H, W) on `device`; of more than
    `limit` so many, evenly spread. Files that cannot be read are left out.

    Raises OSError: FileNotFoundError where the folder holds no photo, others where it cannot be read.
    """
    folder = folder / "photos" if (folder / "photos").is_dir() else folder
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if limit and len(files) > limit:
        files = [files[number * len(files) // limit] for number in range(limit)]
    photos: list[Tensor] = []
    for path in files:
        try:
            photos.append(read_photo(path).to(device))
        except _UNREADABLE as error:
            print(f"{path.name} cannot be read: {error}", flush=True)
    if not photos:
        raise FileNotFoundError(f"there are no photos that can be read in {folder}")
    return photos


def read_photo(path: Path) -> Tensor:
    """One photo the right way up as uint8 (3, H, W), on the CPU; one of more than 2048 px a side is reduced."""
    with Image.open(path) as file:
        upright = ImageOps.exif_transpose(_in_8_bits(file)).convert("RGB")
        upright.thumbnail((_LARGEST, _LARGEST), Image.Resampling.BOX)
        pixels = np.array(upright)
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def _in_8_bits(photo: Image.Image) -> Image.Image:
    """Grey photos of 16 bits, which Pillow would clip, with 8; others as they are."""
    if not photo.mode.startswith("I;16"):
        return photo
    result = Image.fromarray((np.asarray(photo).astype(np.uint32) * 255 // 65535).astype(np.uint8))
    result.info["exif"] = photo.getexif().tobytes()
    return result


class Crops:
    """An endless source of clean crops: photos by area, and a share of synthetic leaves, among them a fifth patterns.

    They are made on the device in a bank that is renewed while training runs, so that none is seen for long. On a GPU
    crops of photos, too, come from such a store.
    """

    def __init__(
        self,
        photos: list[Tensor],
        size: int,
        leaf_share: float,
        bank: int,
        generator: torch.Generator,
        reduced: float = REDUCED,
        most_reduced: float = MOST_REDUCED,
    ) -> None:
        self.size = size
        self.reduced, self.most_reduced = reduced, most_reduced
        self.leaf_share = leaf_share
        self.generator = generator
        self.photos = [photo for photo in photos if min(photo.shape[1:]) >= size]
        if not self.photos:
            raise ValueError(f"no photo has {size} px a side")
        area = torch.tensor([photo.shape[1] * photo.shape[2] for photo in self.photos], dtype=torch.float64)
        self.odds = area / area.sum()
        self.bank = [self._leaves() for _ in range(bank)] if leaf_share > 0 else []
        self.ready: Tensor | None = None
        if self.photos[0].is_cuda:
            free, _total = torch.cuda.mem_get_info(self.photos[0].device)
            self.ready = self.store(min(_READY, max(1, int(_ROOM * free) // (3 * size * size))))

    def _leaves(self) -> Tensor:
        """One synthetic image of twice the crop's side, coloured like a random photo. uint8 (3, 2 size, 2 size)"""
        make = patterns.generate if self._random(5) == 0 else leaves.generate
        return make(2 * self.size, self._photo(), self.generator)

    def _photo(self) -> Tensor:
        return self.photos[int(torch.multinomial(self.odds, 1, generator=self.generator))]

    def _random(self, below: int) -> int:
        return int(torch.randint(below, (1,), generator=self.generator))

    def renew(self) -> None:
        """Replace one synthetic image of the bank, and on a GPU some crops."""
        if self.bank:
            self.bank[self._random(len(self.bank))] = self._leaves()
        if self.ready is not None:
            places = torch.randint(len(self.ready), (_RENEWED,), generator=self.generator)
            self.ready[on(self.ready, places)] = self.store(_RENEWED)

    def batch(self, count: int) -> Tensor:
        """`count` augmented crops. Returns float32 (count, 3, size, size) in [0, 1]."""
        if self.ready is None:
            crops = self.store(count)
        else:
            crops = self.ready[on(self.ready, torch.randint(len(self.ready), (count,), generator=self.generator))]
        return self._recolour(turned(crops, 0.5, self.generator).float().div_(255))

    def store(self, count: int) -> Tensor:
        """So many crops, not turned yet, one after the other so that no more room is taken. uint8 (count, 3, size,
        size), where the photos are"""
        crops = self.photos[0].new_empty((count, 3, self.size, self.size))
        for crop in crops:
            crop.copy_(self._any())
        return crops

    def _any(self) -> Tensor:
        """A crop of a synthetic image or of a photo. uint8 (3, size, size)"""
        if self.bank and float(torch.rand(1, generator=self.generator)) < self.leaf_share:
            return self._crop(self.bank[self._random(len(self.bank))])
        return self._reduced(self._photo())

    def _crop(self, source: Tensor, side: int = 0) -> Tensor:
        side = side or self.size
        y, x = (self._random(whole - side + 1) for whole in source.shape[1:])
        return source[:, y : y + side, x : x + side]

    def _reduced(self, photo: Tensor) -> Tensor:
        """A crop of a photo, often of one that was reduced by up to `most_reduced` times."""
        draw = torch.rand(2, generator=self.generator).tolist()
        factor = min(self.most_reduced ** draw[1], min(photo.shape[1:]) / self.size)
        if draw[0] > self.reduced or factor < 1.1:
            return self._crop(photo)
        crop = self._crop(photo, int(self.size * factor))
        size = (self.size, self.size)
        crop = F.interpolate(crop[None].float(), size=size, mode="bicubic", antialias=True)[0]
        return crop.round().clamp(0, 255).to(torch.uint8)

    def _recolour(self, batch: Tensor) -> Tensor:
        """A fifth grey, a third with random gamma: scans are both. Same shape, in [0, 1]."""
        count, device = len(batch), batch.device
        grey = on(batch, torch.rand(count, 1, 1, 1, generator=self.generator) < 0.2)
        gamma = torch.exp(0.4 * torch.randn(count, 1, 1, 1, generator=self.generator))
        gamma = torch.where(torch.rand(count, 1, 1, 1, generator=self.generator) < 0.33, gamma, 1.0).clamp(0.5, 2)
        weights = torch.tensor([0.299, 0.587, 0.114], device=device).view(1, 3, 1, 1)
        batch = torch.where(grey, (batch * weights).sum(1, keepdim=True).expand_as(batch), batch)
        return batch.clamp_(0, 1).pow(on(batch, gamma))


def pieces(pictures: Tensor, numbers: Tensor, corners: Tensor, size: int) -> Tensor:
    """Pieces of `size` px of the pictures (N, C, H, W) of these numbers, (B,), whose upper left corners (2, B), y and
    x, are given, on the CPU. (B, C, size, size)"""
    side = torch.arange(size)
    rows, columns = (on(pictures, first[:, None] + side) for first in corners)
    found = pictures[on(pictures, numbers)[:, None, None], :, rows[:, :, None], columns[:, None]]  # (B, size, size, C)
    return found.permute(0, 3, 1, 2)


def turned(batch: Tensor, across: float, generator: torch.Generator) -> Tensor:
    """Square pictures (B, C, S, S), each mirrored at random both ways and, a share `across` of them, with rows and
    columns exchanged. Same shape"""
    odds = torch.tensor([0.5, 0.5, across]).view(3, 1, 1, 1, 1)
    left, down, other = on(batch, torch.rand(3, len(batch), 1, 1, 1, generator=generator) < odds)
    batch = torch.where(left, batch.flip(3), batch)
    batch = torch.where(down, batch.flip(2), batch)
    return torch.where(other, batch.transpose(2, 3), batch)
