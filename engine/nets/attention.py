"""The residual U-Net with attention between the channels at its bottom: the CNN-attention hybrid."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.nets.unet import UNet

_BLOCK = 4  # places a side that share one attention


class ChannelAttention(nn.Module):
    """Transposed attention (Zamir et al. 2022, Restormer, eq. 1) over windows, added to the input; no biases.

    Queries and keys are correlated channel by channel, and the correlations mix the channels of the values: a filter
    made for what is seen. Restormer correlates over the whole image; here it is a block of 4 x 4 places and the eight
    blocks around it (windows as in Chu et al. 2022, TLC), so that tiles agree with the whole image. Correlations know
    no scale, therefore scaling the input scales the output. Input (B, width, H, W), H and W multiples of 4.
    """

    def __init__(self, width: int, heads: int = 8) -> None:
        super().__init__()
        self.heads = heads
        self.mix = nn.Conv2d(width, 3 * width, 1, bias=False)
        self.spread = nn.Conv2d(3 * width, 3 * width, 3, padding=1, groups=3 * width, bias=False)
        self.temperature = nn.Parameter(torch.full((heads, 1, 1), 3.0))
        self.out = nn.Conv2d(width, width, 1, bias=False)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        count, width, height, breadth = x.shape
        grid = (count, height // _BLOCK, breadth // _BLOCK)
        query, key, value = (self._blocks(part, grid) for part in self.spread(self.mix(x)).chunk(3, dim=1))
        attention = self._correlate(query, key, grid).to(value.dtype)
        mixed = torch.bmm(value, attention)  # (n, places, d)
        mixed = mixed.view(*grid, self.heads, _BLOCK, _BLOCK, width // self.heads).permute(0, 3, 6, 1, 4, 2, 5)
        return x + self.out(mixed.reshape(count, width, height, breadth).contiguous(memory_format=torch.channels_last))

    def _blocks(self, x: Tensor, grid: tuple[int, int, int]) -> Tensor:
        """(B, C, H, W) cut into blocks and heads: (n, places of a block, C / heads), n = B * rows * columns * heads."""
        count, rows, columns = grid
        cut = x.view(count, self.heads, -1, rows, _BLOCK, columns, _BLOCK).permute(0, 3, 5, 1, 4, 6, 2)
        return cut.reshape(count * rows * columns * self.heads, _BLOCK * _BLOCK, -1)

    def _correlate(self, query: Tensor, key: Tensor, grid: tuple[int, int, int]) -> Tensor:
        """How the values' channels (rows) add up to the mixed ones (columns), (n, d, d); columns sum to 1."""
        depth = query.shape[2]
        products = torch.bmm(key.mT, query).float()
        strengths = torch.cat((key, query), dim=2).float().square().sum(dim=1)
        sums = torch.cat((products.flatten(1), strengths), dim=1).view(*grid, -1).permute(0, 3, 1, 2)
        sums = F.avg_pool2d(sums, 3, 1, 1, count_include_pad=False).permute(0, 2, 3, 1).reshape(len(query), -1)
        products, of_key, of_query = sums.split((depth * depth, depth, depth), dim=1)
        scale = (of_key[:, :, None] * of_query[:, None, :] + 1e-12).rsqrt()
        scaled = (products.view(-1, depth, depth) * scale).view(*grid, self.heads, depth, depth) * self.temperature
        return scaled.softmax(dim=-2).view(-1, depth, depth)


class AttentionUNet(UNet):
    """A U-Net each of whose residual blocks at the bottom is followed by `ChannelAttention`.

    H and W of its input are multiples of `4 * 2 ** len(widths)`.
    """

    def __init__(
        self,
        widths: Sequence[int] = (24, 48, 96),
        blocks: int = 2,
        image_planes: int = 3,
        condition_planes: int = 3,
        heads: int = 8,
    ) -> None:
        super().__init__(widths, blocks, image_planes, condition_planes)
        self.multiple *= _BLOCK
        self.attention = nn.ModuleList(ChannelAttention(widths[-1], heads) for _ in self.bottom)

    def deepest(self, features: Tensor) -> Tensor:
        for block, attention in zip(self.bottom, self.attention, strict=True):
            features = attention(block(features))
        return features
