"""Models: nets with their weights, called on images; with devices, nets and training all that uses torch."""

from __future__ import annotations

import functools
import hashlib
import importlib
import itertools
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine import devices, resources
from engine.errors import RestoreError
from engine.image import Box, Image, Mask
from engine.progress import Progress
from engine.tiles import run_tiled, split

if TYPE_CHECKING:
    import torch


_AGAIN = "Train on my photos again"
_VIEWS = [(quarter, mirrored) for mirrored in (False, True) for quarter in range(4)]  # quarter turns, left is right


class Pass(NamedTuple):
    """What a recurrent net makes of an image in so many passes: the image, and further planes (H, W, n) such as a
    mask; both writable."""

    image: Image
    planes: np.ndarray


class Model:
    """A net with its weights, called on an image and its condition planes; see `load`."""

    def __init__(self, facts: dict[str, Any], state: dict[str, torch.Tensor], precise: bool = False) -> None:
        module, name = facts["net"].split(".")
        self._net = getattr(importlib.import_module(f"engine.nets.{module}"), name)(**facts["config"])
        self._net.load_state_dict(state)
        self._net.eval().requires_grad_(False)
        self._multiple: int = facts["multiple"]
        self._overlap: int = facts.get("overlap", 0)
        self._remembered: int = facts.get("remembered", 1000)  # passes
        self._precise = precise
        self._facts = facts

    def __call__(self, image: Image, *planes: Mask | float, views: int = 1, progress: Progress | None = None) -> Image:
        """The net's answer for an image of any size: padded, tiled with overlap, in the quickest precision, clamped.

        `planes` are the net's condition planes: (H, W) arrays or numbers. With 2, 4 or 8 `views` it is the mean of the
        answers to so many turned and mirrored views (Lim et al. 2017, EDSR, section 3.4), whose errors partly cancel.
        When memory runs out the tile halves and the work starts again, in the end on the CPU. Returns (H, W, 3),
        writable. Raises Cancelled, RestoreError.
        """
        progress = progress or Progress()
        progress(0.0)
        for tile in devices.tiles():
            with devices.memory_may_run_out():
                count = len(split(image.shape, tile, self._multiple)) * views
                done = itertools.count(1)
                run = self._tile(planes, views, lambda done=done, count=count: progress(next(done) / count))
                return run_tiled(image, run, tile, self._overlap, Progress(), self._multiple)  # `run` reports
        raise no_memory()

    def passes(
        self, image: Image, *planes: Mask | float, count: int, progress: Progress | None = None
    ) -> Iterator[Pass]:
        """The answers of a recurrent net after each of `count` passes, each over the whole image. Otherwise as a call.

        Where the manifest tells how many passes are `remembered`, what these leave is the answer, and each further one
        sees the photo in another view, without a memory, and the answer is the mean of all.

        What the net remembers of each tile is kept in main memory from pass to pass, of a pixel 18 bytes of a
        ConvGRU and 54 of a ConvLSTM in half precision, 24 and 84 in fp32.
        """
        progress = progress or Progress()
        done = 0
        for tile in devices.tiles(slow=True):
            with devices.memory_may_run_out():
                for number, answer in enumerate(self._passes(image, planes, count, tile, progress), start=1):
                    if number > done:  # else it was made again with smaller tiles
                        done = number
                        yield answer
                return
        raise no_memory()

    def _passes(
        self, image: Image, planes: tuple[Mask | float, ...], count: int, tile: int, progress: Progress
    ) -> Iterator[Pass]:
        import torch

        net, device, dtype = self._placed()
        states: dict[Box, Any] = {}

        def answer(crop: np.ndarray, planes: torch.Tensor) -> np.ndarray:
            told = planes[0, :, : crop.shape[0], : crop.shape[1]].permute(1, 2, 0).float().cpu().numpy()
            return np.concatenate((np.clip(crop + told[..., :3], 0, 1), told[..., 3:]), axis=2)

        @torch.inference_mode()
        def remember(crop: np.ndarray, box: Box) -> np.ndarray:
            x = self._input(crop, box, planes).to(device=device, dtype=dtype, memory_format=torch.channels_last)
            state = tuple(one.to(device) for one in states[box]) if box in states else net.begin(x)
            state = net.step(x, state)
            states[box] = tuple(one.cpu() for one in state)
            return answer(crop, net.answer(state))

        @torch.inference_mode()
        def look(quarter: int, mirrored: bool, crop: np.ndarray, box: Box) -> np.ndarray:
            x = self._input(crop, box, planes).to(device=device, dtype=dtype, memory_format=torch.channels_last)
            x = _turned(x, quarter, mirrored)
            told = net.answer(net.step(x, net.begin(x)))
            return answer(crop, _turned(told, quarter if mirrored else -quarter, mirrored))

        mean = np.empty(0, np.float32)
        for number in range(count):
            part, further = progress.part(number / count, (number + 1) / count), number - self._remembered + 1
            if further < 1:
                mean = run_tiled(image, remember, tile, self._overlap, part, self._multiple)
            else:
                states.clear()
                run = functools.partial(look, *_VIEWS[further % len(_VIEWS)])
                seen = run_tiled(image, run, tile, self._overlap, part, self._multiple)
                seen -= mean
                seen /= further + 1
                seen += mean
                mean = seen
            given = mean if number == count - 1 else mean.copy()
            yield Pass(given[..., :3], given[..., 3:])

    def probabilities(
        self, image: Image, progress: Progress | None = None, kept: Callable[[np.ndarray], np.ndarray] = np.asarray
    ) -> np.ndarray:
        """What a net that judges pixels says of each of them, as it is. Tiled and in the precision of a call. fp32
        (H, W, n) in 0..1, or what is `kept` of the answer for each tile. Raises Cancelled, RestoreError."""
        for tile in devices.tiles():
            with devices.memory_may_run_out():
                return run_tiled(image, self._judge(kept), tile, self._overlap, progress or Progress(), self._multiple)
        raise no_memory()

    def _judge(self, kept: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray, Box], np.ndarray]:
        """The function for run_tiled that asks the net for probabilities, on the device of the moment."""
        import torch

        net, device, _ = self._placed()

        @torch.inference_mode()
        def judge(crop: np.ndarray, box: Box) -> np.ndarray:
            x = self._input(crop, box, ()).to(device=device, memory_format=torch.channels_last)
            return kept(net(x)[0, :, : crop.shape[0], : crop.shape[1]].permute(1, 2, 0).cpu().numpy())

        return judge

    def numbers(self, pieces: Sequence[np.ndarray]) -> np.ndarray:
        """What a net that reads numbers tells of pieces (H, W, 3) of a photo together. fp32 (n,)"""
        import torch

        net, device, _ = self._placed(torch.float32)
        with torch.inference_mode():
            inputs = (torch.from_numpy(np.array(piece, np.float32)).permute(2, 0, 1)[None] for piece in pieces)
            blocks = torch.cat([net.blocks(x.to(device)) for x in inputs], dim=2)
            return net.conclude(blocks)[0].cpu().numpy()

    def net(self) -> tuple[Any, str, dict[str, Any]]:
        """The net itself, in fp32 where it shall run, with the device and what the manifest says: for `samplers`."""
        import torch

        net, device, _ = self._placed(torch.float32)
        return net, device, self._facts

    def _placed(self, dtype: torch.dtype | None = None) -> tuple[Any, str, torch.dtype]:
        """The net where it shall run, the device, and the number format (the quickest, if not given)."""
        import torch

        device = devices.current()
        dtype = dtype or (torch.float32 if self._precise else devices.quickest(device))
        return self._net.to(device=device, dtype=dtype, memory_format=torch.channels_last), device, dtype

    def _input(
        self, crop: np.ndarray, box: Box, planes: tuple[Mask | float, ...], dtype: torch.dtype | None = None
    ) -> torch.Tensor:
        """The crop and the condition planes as the net takes them, padded to its multiple. (1, C, H, W), channels_last,
        fp32 if not told else"""
        import torch

        height, width = crop.shape[:2]
        down, right = -height % self._multiple, -width % self._multiple
        seen = np.pad(crop, ((0, down), (0, right), (0, 0)), mode="symmetric") if down or right else np.array(crop)
        photo = torch.from_numpy(seen).to(dtype)
        result = photo.new_empty((1, height + down, width + right, 3 + len(planes)))
        result[0, ..., :3] = photo
        for index, plane in enumerate(planes, start=3):
            if isinstance(plane, float | int):
                result[0, ..., index] = plane
            else:
                part = np.pad(plane[box.slices], ((0, down), (0, right)), mode="symmetric")  # as the photo
                result[0, ..., index] = torch.from_numpy(part)
        return result.permute(0, 3, 1, 2)

    def _tile(
        self, planes: tuple[Mask | float, ...], views: int, report: Callable[[], None]
    ) -> Callable[[np.ndarray, Box], np.ndarray]:
        """The function for run_tiled that runs the net on one crop, on the device of the moment; calls `report` after
        each view."""
        import torch

        net, device, dtype = self._placed()
        dtype = dtype if getattr(net, "rounds", False) else None  # others round, where they convolve, themselves

        @torch.inference_mode()
        def run(crop: np.ndarray, box: Box) -> np.ndarray:
            x = self._input(crop, box, planes, dtype).to(device)
            total: torch.Tensor | None = None
            for quarter, mirrored in _VIEWS[:views]:
                residual = net.residual(_turned(x, quarter, mirrored)).float()
                residual = _turned(residual, quarter if mirrored else -quarter, mirrored)
                # the sum is made in fp32: in bf16 it alone would cost more precision than the whole net
                total = residual if total is None else total.add_(residual)
                report()
            assert total is not None  # there is a view at least
            change = total.div_(views)[0, :, : crop.shape[0], : crop.shape[1]].permute(1, 2, 0).cpu().numpy()
            change += crop
            return np.clip(change, 0, 1, out=change)

        return run


def _turned(x: torch.Tensor, quarter: int, mirrored: bool) -> torch.Tensor:
    """A view of (B, C, H, W), channels_last: mirrored left to right or not, then turned by so many quarters. What is
    mirrored comes back by the same again, else by as many quarters the other way."""
    import torch

    if quarter == 0 and not mirrored:
        return x
    rows = x.permute(0, 2, 3, 1)  # all that is of a pixel moves together, which is quicker
    return torch.rot90(rows.flip(2) if mirrored else rows, quarter, (1, 2)).contiguous().permute(0, 3, 1, 2)


def no_memory() -> RestoreError:
    """What to tell where the smallest tile on the CPU is still too large."""
    return RestoreError("There is not enough memory for this; close other programs and try again.")


@functools.cache
def manifest() -> dict[str, dict[str, Any]]:
    """What is known of each weight file, by model name. Raises RestoreError where the manifest is missing or broken."""
    file = resources.folder() / "weights" / "manifest.toml"
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise RestoreError(f"The list of models cannot be read ({error}); install Photomend again.") from None


def is_shipped(name: str) -> bool:
    """Whether there is a model of that name. Does not load torch."""
    try:
        return name in manifest()
    except RestoreError:
        return False  # whoever needs one will be told why


@functools.cache
def load(name: str, precise: bool = False) -> Model:
    """The model of that name in the manifest, loaded once; if `precise` it always computes in fp32, for work that asks
    it again and again, which would make the rounding of other formats grow. Raises RestoreError where its weights are
    missing or not the very file that the manifest names (SHA-256)."""
    facts = manifest().get(name)
    if facts is None:
        raise RestoreError(f"There is no model “{name}”; there is {', '.join(manifest()) or 'none'}.")
    devices.current()
    state = _read(resources.folder() / "weights" / facts["file"], facts["sha256"], "Install Photomend again")
    return Model(facts, state, precise)


def _read(file: Path, sha256: str, advice: str) -> dict[str, torch.Tensor]:
    """The weights of a file, fp32. Raises RestoreError, with `advice`, where it cannot be read or is not the one of
    that SHA-256."""
    import torch
    from safetensors.torch import load as parse

    try:
        data = file.read_bytes()
    except OSError as error:
        raise RestoreError(f"{advice}: the weights {file.name} cannot be read ({error.strerror}).") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise RestoreError(f"{advice}: the weights {file.name} are damaged.")
    return {key: value.to(torch.float32) for key, value in parse(data).items()}


def load_own(name: str) -> Model:
    """The model of that name that was trained on this computer, always in fp32. Raises RestoreError: there is none."""
    try:
        facts = tomllib.loads((resources.own_weights() / "manifest.toml").read_text(encoding="utf-8"))[name]
        return _load_own(name, facts["file"], facts["sha256"])
    except (OSError, tomllib.TOMLDecodeError, KeyError):
        raise RestoreError("No net was trained on your photos yet: see Tools > Train on my photos.") from None


@functools.lru_cache(maxsize=2)
def _load_own(name: str, file: str, sha256: str) -> Model:
    facts = tomllib.loads((resources.own_weights() / "manifest.toml").read_text(encoding="utf-8"))[name]
    devices.current()
    state = _read(resources.own_weights() / file, sha256, _AGAIN)
    try:
        return Model(facts, state, precise=True)
    except (
        RuntimeError,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
        ImportError,
    ):  # a net that was another then
        raise RestoreError(f"{_AGAIN}: the weights {file} are of another version of Photomend.") from None
