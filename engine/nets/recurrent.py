"""Nets that go over a photo in passes and remember: the U-Net with a GRU, or an LSTM, at 1/4 of the resolution."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.segmenter import RARE, seen
from engine.nets.unet import UNet

State = tuple[Tensor, ...]  # first what is to be added to the image, (B, planes, H, W) in fp32, then memories

_SUSPECTED = 0.915  # of the mask; learned with 0.84, but each 0.08 spares clean photos 1 to 2 dB and costs 0.1
_UNKNOWN = 0.3  # what stands for the quality of a photo of which none is known


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)


class _Passes(UNet, ABC):
    """What both have in common: `begin`, then `step` again and again with the same weights. H and W: multiples of 8.

    The U-Net sees the photo, three planes of a level as denoisers do, and `more` planes, among them the answer of the
    pass before; after its second encoder lies the memory, whose word is added to the features. With its weights from a
    denoiser, the new ones 0, it begins as that denoiser.
    """

    def __init__(self, more: int, planes: int, widths: Sequence[int], blocks: int) -> None:
        super().__init__(widths, blocks, image_planes=3, condition_planes=3 + more)
        self.planes = planes
        self.memory_width = widths[1]
        self.head = _conv(widths[0], 4 * planes)
        self.word = nn.Conv2d(self.memory_width, self.memory_width, 1, bias=False)
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.word.weight.zero_()

    def forward(self, x: Tensor, passes: int = 1) -> list[State]:  # type: ignore[override]
        """The states after each of `passes`; `answer` says what they mean."""
        states: list[State] = []
        state = self.begin(x)
        for _ in range(passes):
            state = self.step(x, state)
            states.append(state)
        return states

    @abstractmethod
    def begin(self, x: Tensor) -> State:
        """The state before the first pass."""

    @abstractmethod
    def step(self, x: Tensor, state: State) -> State:
        """The state after one more pass over the same photo."""

    @abstractmethod
    def remember(self, features: Tensor, memories: State) -> State:
        """The memories after `features` were seen; the first is what speaks."""

    def answer(self, state: State) -> Tensor:
        """What to add to the photo, then further planes of an answer in 0..1. fp32 (B, 3 or more, H, W)"""
        return state[0]

    def _nothing(self, x: Tensor, memories: int) -> State:
        count, _, height, width = x.shape
        memory = x.new_zeros((count, self.memory_width, height // 4, width // 4), dtype=self.stem.weight.dtype)
        memory = memory.contiguous(memory_format=torch.channels_last)
        return (x.new_zeros((count, self.planes, height, width), dtype=torch.float32), *[memory] * memories)

    def _pass(self, seen: Sequence[Tensor], memories: State) -> State:
        """One pass over planes: the answer, fp32 (B, planes, H, W), and the memories."""
        dtype = self.stem.weight.dtype
        folded = F.pixel_unshuffle(torch.cat([one.to(dtype) for one in seen], dim=1), 2)
        features = self.stem(folded.contiguous(memory_format=torch.channels_last))
        skips: list[Tensor] = []
        for level, (encoder, down) in enumerate(zip(self.encoders, self.downs, strict=True)):
            features = encoder(features)
            if level == 1:
                memories = self.remember(features, memories)
                features = features + self.word(memories[0])
            skips.append(features)
            features = down(features)
        features = self.deepest(features)
        for up, decoder in zip(self.ups, self.decoders, strict=True):
            features = decoder(up(features) + skips.pop())
        return F.pixel_shuffle(self.head(features), 2).float(), *memories


class ConvGRU(_Passes):
    """A convolutional gated recurrent unit (Cho et al. 2014; Ballas et al. 2016) in a U-Net that improves a JPEG.

    Input (B, 4, H, W): the photo, and a plane of its quality / 100, 0 where that is unknown. `state` is (residual,
    memory).
    """

    def __init__(self, widths: Sequence[int] = (24, 48, 96), blocks: int = 2) -> None:
        super().__init__(4, 3, widths, blocks)
        self.gates = _conv(2 * widths[1], 2 * widths[1])
        self.candidate = _conv(2 * widths[1], widths[1])

    def begin(self, x: Tensor) -> State:
        return self._nothing(x, 1)

    def step(self, x: Tensor, state: State) -> State:
        photo, quality = x[:, :3], x[:, 3:4]
        worst = 1 - torch.where(quality > 0, quality, _UNKNOWN)
        level = (0.06 * worst.square()).expand_as(photo)  # about the error of such a JPEG, as a denoiser is told
        return self._pass((photo, level, quality, 8 * state[0]), state[1:])

    def remember(self, features: Tensor, memories: State) -> State:
        memory = memories[0]
        update, reset = self.gates(torch.cat((features, memory), dim=1)).sigmoid().chunk(2, dim=1)
        candidate = self.candidate(torch.cat((features, reset * memory), dim=1)).tanh()
        return (torch.lerp(memory.to(update.dtype), candidate, update),)


class ConvLSTM(_Passes):
    """A convolutional long short-term memory (Shi et al. 2015) in a U-Net that finds and removes streaks in passes.

    After PReNet (Ren et al. 2019), with soft masks: each pass sees what a `Segmenter` sees, the answer and the masks of
    the pass before, and says where lines, spots and tears are and what they hide. Under the masks the photo gives way
    to what is around them (pull and push), with what the net adds to that, so that where nothing is found nothing
    changes. With the weights of a `Segmenter` it begins as that detector. `state` is (mask logits and what is added,
    memory, cell, what the detector sees).
    """

    masks = 3

    def __init__(self, widths: Sequence[int] = (24, 48, 96), blocks: int = 2) -> None:
        super().__init__(3 + 3 + self.masks, self.masks + 3, widths, blocks)
        self.gates = _conv(2 * widths[1], 4 * widths[1])

    def begin(self, x: Tensor) -> State:
        return (*self._nothing(x, 2), seen(x[:, :3].float()).to(self.stem.weight.dtype))

    def step(self, x: Tensor, state: State) -> State:
        first = not bool(state[0].any())  # nothing is masked before the first pass
        shown = (
            torch.zeros_like(state[0])
            if first
            else torch.cat((4 * self.answer(state)[:, :3], mask_logits(state).sigmoid()), dim=1)
        )
        return *self._pass((state[3], shown), state[1:3]), state[3]

    def remember(self, features: Tensor, memories: State) -> State:
        memory, cell = memories
        forget, let_in, let_out, candidate = self.gates(torch.cat((features, memory), dim=1)).chunk(4, dim=1)
        cell = (forget + 1).sigmoid() * cell + let_in.sigmoid() * candidate.tanh()  # + 1: remembers from the start
        return let_out.sigmoid() * cell.tanh(), cell

    def answer(self, state: State) -> Tensor:
        """What to add to the photo, and the soft mask of all kinds. (B, 4, H, W)"""
        photo, change = state[3][:, :3].float(), state[0][:, self.masks :]
        mask = 1 - (1 - mask_logits(state).sigmoid()).prod(dim=1, keepdim=True)
        around = surroundings(photo, (1 - mask).square())
        sure = ((mask - _SUSPECTED) / (1 - _SUSPECTED)).clamp(min=0)
        share = sure.square() * (3 - 2 * sure)  # what is only suspected is not touched
        return torch.cat((share * (around - photo + change), mask), dim=1)


def mask_logits(state: State) -> Tensor:
    """The masks of a `ConvLSTM` before the sigmoid, lines, spots and tears, (B, 3, H, W): nothing is damaged until
    something is seen."""
    return state[0][:, : ConvLSTM.masks] - RARE


def surroundings(photo: Tensor, trust: Tensor, levels: int = 5) -> Tensor:
    """The photo (B, 3, H, W) where its `trust` (B, 1, H, W), 0..1, is 1; elsewhere what is around, from as near as
    there is any to be trusted: pull and push (Gortler et al. 1996) over so many halvings of the size. H and W multiples
    of 32 for five; of sides that cannot be halved as often fewer are made."""
    if not levels or photo.shape[2] % 2 or photo.shape[3] % 2:
        return photo
    weight = F.avg_pool2d(trust, 2)
    mean = F.avg_pool2d(photo * trust, 2) / (weight + 1e-4)
    coarse = surroundings(mean, (4 * weight).clamp(max=1), levels - 1)
    spread = F.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
    return trust * photo + (1 - trust) * spread
