"""Nets that go over a photo in passes and remember: a convolutional GRU and a convolutional LSTM at 1/4 resolution."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.top_hats import top_hats
from engine.nets.unet import ResidualBlock

_FOLD = 4  # full-size convolutions would cost sixteen times as much

State = tuple[Tensor, ...]  # first what is to be added to the image, (B, planes, H, W) in fp32, then memories


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)


class _Passes(nn.Module):
    """What both have in common: `begin`, then `step` again and again. H and W are multiples of 8.

    Input (B, 3 + condition_planes, H, W): the photo, then planes of facts, of which the mean of 4 x 4 px is seen.
    """

    image_planes = 3

    def __init__(self, width: int, blocks: int, seen: int, planes: int, condition_planes: int) -> None:
        super().__init__()
        self.width = width
        self.planes = planes
        self.stem = _conv(seen * _FOLD**2 + condition_planes + 1, width)
        self.body = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))
        self.head = _conv(width, planes * _FOLD**2)
        with torch.no_grad():
            self.head.weight.mul_(0.1)

    def forward(self, x: Tensor, passes: int = 1) -> list[State]:
        """The states after each of `passes`; the first entry of the last is the answer."""
        states: list[State] = []
        state = self.begin(x)
        for _ in range(passes):
            state = self.step(x, state)
            states.append(state)
        return states

    def begin(self, x: Tensor) -> State:
        """The state before the first pass."""
        raise NotImplementedError

    def step(self, x: Tensor, state: State) -> State:
        """The state after one more pass over the same photo."""
        raise NotImplementedError

    def answer(self, state: State) -> Tensor:
        """What to add to the photo, then further planes of an answer in 0..1. fp32 (B, 3 or more, H, W)"""
        return state[0]

    def _nothing(self, x: Tensor, memories: int) -> State:
        count, _, height, width = x.shape
        memory = x.new_zeros((count, self.width, height // _FOLD, width // _FOLD), dtype=self.stem.weight.dtype)
        memory = memory.contiguous(memory_format=torch.channels_last)
        return (x.new_zeros((count, self.planes, height, width), dtype=torch.float32), *[memory] * memories)

    def _unfold(self, features: Tensor, memory: Tensor) -> Tensor:
        """What a pass answers, at full size; features go in beside the memory, or a closed gate would end all learning.
        fp32 (B, planes, H, W)"""
        return F.pixel_shuffle(self.head(features + memory), _FOLD).float()

    def _see(self, x: Tensor, *more: Tensor) -> Tensor:
        """Features (B, width, H / 4, W / 4) of the photo, what is known of it, and further planes."""
        dtype = self.stem.weight.dtype
        photo = torch.cat((x[:, : self.image_planes].to(dtype), *(one.to(dtype) for one in more)), dim=1)
        facts = F.avg_pool2d(x[:, self.image_planes :].to(dtype), _FOLD) if x.shape[1] > self.image_planes else None
        folded = F.pixel_unshuffle(photo, _FOLD)
        one = torch.ones_like(folded[:, :1])  # instead of biases
        seen = torch.cat((folded, one) if facts is None else (folded, facts, one), dim=1)
        return self.body(F.relu(self.stem(seen.contiguous(memory_format=torch.channels_last))))


class ConvGRU(_Passes):
    """Residual blocks with shared weights and a gated recurrent unit (Cho et al. 2014) that improve a photo in passes.

    Each pass sees the photo and the answer of the pass before, and gives a better one. `state` is (residual, memory).
    """

    def __init__(self, width: int = 64, blocks: int = 2, condition_planes: int = 1) -> None:
        super().__init__(width, blocks, 6, 3, condition_planes)
        self.gates = _conv(2 * width, 2 * width)
        self.candidate = _conv(2 * width, width)

    def begin(self, x: Tensor) -> State:
        return self._nothing(x, 1)

    def step(self, x: Tensor, state: State) -> State:
        residual, memory = state
        features = self._see(x, x[:, :3] + residual)
        update, reset = self.gates(torch.cat((features, memory), dim=1)).sigmoid().chunk(2, dim=1)
        candidate = self.candidate(torch.cat((features, reset * memory), dim=1)).tanh()
        memory = torch.lerp(memory.to(update.dtype), candidate, update)
        return self._unfold(features, memory), memory


class ConvLSTM(_Passes):
    """A long short-term memory (Shi et al. 2015) between residual blocks that finds and removes streaks in passes.

    After PReNet (Ren et al. 2019), at quarter resolution and with soft masks: each pass sees the photo, its top-hats,
    the answer and the masks so far. There are two masks, of what is too light and of what is too dark; under the first
    the white top-hat is taken away, under the second the black one added, each with what the net adds to that, so that
    where nothing is found nothing changes. `state` is (residual and mask logits, memory, cell, top-hats).
    """

    def __init__(self, width: int = 64, blocks: int = 1, condition_planes: int = 0) -> None:
        super().__init__(width, blocks, 3 + 6 + 3 + 2, 5, condition_planes)
        self.gates = _conv(2 * width, 4 * width)

    def begin(self, x: Tensor) -> State:
        return (*self._nothing(x, 2), top_hats(x[:, :3].float()).to(self.stem.weight.dtype))

    def step(self, x: Tensor, state: State) -> State:
        _, memory, cell, hats = state
        answer = self.answer(state)
        features = self._see(x, 4 * hats, x[:, :3] + answer[:, :3], mask_logits(state).sigmoid())
        forget, let_in, let_out, candidate = self.gates(torch.cat((features, memory), dim=1)).chunk(4, dim=1)
        cell = (forget + 1).sigmoid() * cell + let_in.sigmoid() * candidate.tanh()  # + 1: remembers from the start
        memory = let_out.sigmoid() * cell.tanh()
        return self._unfold(features, memory), memory, cell, hats

    def answer(self, state: State) -> Tensor:
        """What to add to the photo, and the soft mask of both kinds. (B, 4, H, W)"""
        change, hats = state[0][:, :3], state[3].float()
        mask = mask_logits(state).sigmoid()
        light, dark = (mask.square() * (3 - 2 * mask)).split(1, dim=1)  # what is hardly suspected is hardly touched
        residual = light * (change - hats[:, :3]) + dark * (change + hats[:, 3:])
        return torch.cat((residual, 1 - (1 - mask).prod(dim=1, keepdim=True)), dim=1)


def mask_logits(state: State) -> Tensor:
    """The masks of a `ConvLSTM` before the sigmoid, light and dark, (B, 2, H, W): nothing is damaged until something is
    seen."""
    return state[0][:, 3:] - 3
