"""Models: nets with their weights, called on images of any size; with nets/ and training/ the only place for torch."""

from __future__ import annotations

import functools
import hashlib
import importlib
import logging
import os
import time
import tomllib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine import resources
from engine.errors import RestoreError
from engine.image import Box, Image, Mask
from engine.progress import Progress
from engine.tiles import run_tiled

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cuda", "mps", "cpu")
_SMALLEST_TILE = 128  # px; below this a device has too little memory to be of use
_TILE = {"mps": 768, "cpu": 768}  # px; a tile is also the time that a cancel waits
_LARGEST_TILE = 2048  # px, on CUDA: there a larger one is no quicker
_BYTES = 600  # at most, that a net in half precision needs for a pixel of a tile

_log = logging.getLogger(__name__)


@dataclass
class _Choice:
    """The device that the user wants and, once torch is loaded, the one in use."""

    wanted: str = "auto"
    device: str | None = None
    remark: str = ""


_choice = _Choice()


def use(device: str) -> None:
    """Run all models on `device` from now on: "auto", "cuda", "mps" or "cpu". Does not load torch.

    Raises RestoreError for another word; whether the machine has the device shows at the first use.
    """
    if device not in DEVICES:
        raise RestoreError(f"There is no device “{device}”; there is {', '.join(DEVICES)}.")
    _choice.wanted, _choice.device, _choice.remark = device, None, ""


def warm_up() -> None:
    """Load torch and find the device, so that the first job need not. Raises RestoreError where it is missing."""
    _device()


def describe_device() -> str:
    """The device in use in words for a status bar: "GPU NVIDIA RTX 3060, 12 GB", "CPU, 2 threads"; "" before use."""
    if _choice.device is None:
        return ""
    import torch

    if _choice.device == "cuda":
        facts = torch.cuda.get_device_properties(0)
        return f"GPU {facts.name}, {facts.total_memory / 2**30:.0f} GB"
    name = "GPU Apple" if _choice.device == "mps" else f"CPU, {_threads()} threads"
    return f"{name}{', ' if _choice.remark else ''}{_choice.remark}"


def _threads() -> int:
    """All cores of two, else one fewer, which keeps the window live."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if cores <= 2 else cores - 1


def _device() -> str:
    import torch

    device = _choice.device
    if device is None:
        present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        if _choice.wanted != "auto" and not present[_choice.wanted]:
            raise RestoreError(f"This computer offers no {_choice.wanted} device; choose auto or cpu.")
        wanted = next(name for name in ("cuda", "mps", "cpu") if present[name])
        device = _choice.device = wanted if _choice.wanted == "auto" else _choice.wanted
    torch.set_num_threads(_threads())  # a setting of the calling thread
    return device  # not what `_choice` says by now: the window may just have chosen another


@functools.cache
def _quickest(device: str) -> torch.dtype:
    """The number format that convolves quickest: fp16 on CUDA; on a CPU bf16 where a trial says so, else fp32.

    CPUs without AVX512-bf16 or AMX take seven times as long in bf16, and no flag tells that on every system.
    """
    import torch

    if device != "cpu":
        return torch.float16 if device == "cuda" else torch.float32

    def trial(dtype: torch.dtype) -> float:
        layer = torch.nn.Conv2d(48, 48, 3, padding=1, bias=False).to(dtype)  # oneDNN packs its weights
        x = torch.rand(1, 48, 128, 128).to(dtype).contiguous(memory_format=torch.channels_last)
        times: list[float] = []
        for _ in range(4):
            start = time.perf_counter()
            layer(x)
            times.append(time.perf_counter() - start)
        return min(times[1:])

    with torch.inference_mode():
        return torch.bfloat16 if trial(torch.bfloat16) < 0.9 * trial(torch.float32) else torch.float32


class Pass(NamedTuple):
    """What a recurrent net makes of an image in so many passes: the image, and further planes (H, W, n) such as a
    mask; both writable."""

    image: Image
    planes: np.ndarray


class Model:
    """A net with its weights, called on an image and its condition planes; see `load`."""

    def __init__(self, facts: dict[str, Any], state: dict[str, torch.Tensor]) -> None:
        module, name = facts["net"].split(".")
        self._net = getattr(importlib.import_module(f"engine.nets.{module}"), name)(**facts["config"])
        self._net.load_state_dict(state)
        self._net.eval().requires_grad_(False)
        self._multiple: int = facts["multiple"]
        self._overlap: int = facts["overlap"]

    def __call__(self, image: Image, *planes: Mask | float, progress: Progress | None = None) -> Image:
        """The net's answer for an image of any size: padded, tiled with overlap, in the quickest precision, clamped.

        `planes` are the net's condition planes: (H, W) arrays or numbers. When memory runs out the tile halves and
        the work starts again, in the end on the CPU. Returns (H, W, 3), writable. Raises Cancelled, RestoreError.
        """
        run = self._tile(planes)
        progress = progress or Progress()
        for tile in _tiles():
            with _memory_may_run_out():
                return run_tiled(image, run(), tile, self._overlap, progress, self._multiple)
        raise _no_memory()

    def passes(
        self, image: Image, *planes: Mask | float, count: int, progress: Progress | None = None
    ) -> Iterator[Pass]:
        """The answers of a recurrent net after each of `count` passes, each over the whole image. Otherwise as a call.

        What the net remembers of each tile is kept in main memory from pass to pass: 20 to 30 bytes a pixel.
        """
        progress = progress or Progress()
        done = 0
        for tile in _tiles():
            with _memory_may_run_out():
                for number, answer in enumerate(self._passes(image, planes, count, tile, progress), start=1):
                    if number > done:  # else it was made again with smaller tiles
                        done = number
                        yield answer
                return
        raise _no_memory()

    def _passes(
        self, image: Image, planes: tuple[Mask | float, ...], count: int, tile: int, progress: Progress
    ) -> Iterator[Pass]:
        import torch

        net, device, dtype = self._placed()
        states: dict[Box, Any] = {}

        @torch.inference_mode()
        def run(crop: np.ndarray, box: Box) -> np.ndarray:
            x = self._input(crop, box, planes).to(device=device, dtype=dtype, memory_format=torch.channels_last)
            state = tuple(one.to(device) for one in states[box]) if box in states else net.begin(x)
            state = net.step(x, state)
            states[box] = tuple(one.cpu() for one in state)
            answer = net.answer(state)[0, :, : crop.shape[0], : crop.shape[1]].permute(1, 2, 0).float().cpu().numpy()
            return np.concatenate((np.clip(crop + answer[..., :3], 0, 1), answer[..., 3:]), axis=2)

        for number in range(count):
            part = progress.part(number / count, (number + 1) / count)
            answer = run_tiled(image, run, tile, self._overlap, part, self._multiple)
            yield Pass(answer[..., :3], answer[..., 3:])

    def numbers(self, pieces: Sequence[np.ndarray]) -> np.ndarray:
        """The answer of a net that votes: its opinions over all the pieces (H, W, 3) together, as fp32 numbers (n,)."""
        import torch

        net, device, _ = self._placed(torch.float32)
        with torch.inference_mode():
            inputs = (torch.from_numpy(np.array(piece, np.float32)).permute(2, 0, 1)[None] for piece in pieces)
            votes = np.stack([net.votes(x.to(device)).sum((0, 2, 3)).cpu().numpy() for x in inputs]).sum(axis=0)
        return votes[:-1] / votes[-1]

    def _placed(self, dtype: torch.dtype | None = None) -> tuple[Any, str, torch.dtype]:
        """The net where it shall run, the device, and the number format (the quickest, if not given)."""
        import torch

        device = _device()
        dtype = dtype or _quickest(device)
        return self._net.to(device=device, dtype=dtype, memory_format=torch.channels_last), device, dtype

    def _input(self, crop: np.ndarray, box: Box, planes: tuple[Mask | float, ...]) -> torch.Tensor:
        """The crop and the condition planes as the net takes them, padded to its multiple. (1, C, H, W) fp32"""
        import torch

        height, width = crop.shape[:2]
        down, right = -height % self._multiple, -width % self._multiple
        layers = [np.pad(crop, ((0, down), (0, right), (0, 0)), mode="symmetric")]
        for plane in planes:
            part = np.float32(plane) if isinstance(plane, float | int) else plane[box.slices]
            part = np.broadcast_to(part, (height, width))
            layers.append(np.pad(part, ((0, down), (0, right)), mode="edge")[..., None])
        return torch.from_numpy(np.concatenate(layers, axis=2)).permute(2, 0, 1)[None]  # channels_last

    def _tile(self, planes: tuple[Mask | float, ...]) -> Callable[[], Callable[[np.ndarray, Box], np.ndarray]]:
        """Makes, on the device of the moment, the function for run_tiled that runs the net on one crop."""
        import torch

        def place() -> Callable[[np.ndarray, Box], np.ndarray]:
            net, device, dtype = self._placed()

            @torch.inference_mode()
            def run(crop: np.ndarray, box: Box) -> np.ndarray:
                x = self._input(crop, box, planes)
                residual = net.residual(x.to(device=device, dtype=dtype, memory_format=torch.channels_last))
                # the sum is made in fp32: in bf16 it alone would cost more precision than the whole net
                change = residual[0, :, : crop.shape[0], : crop.shape[1]].permute(1, 2, 0).float().cpu().numpy()
                return np.clip(crop + change, 0, 1)

            return run

        return place


def _tiles() -> Iterator[int]:
    """Sides of tiles in px to try in turn: halved when memory runs out, in the end on the CPU."""
    while True:
        tile = _first_tile()
        while tile >= _SMALLEST_TILE:
            yield tile
            tile //= 2
            _log.info("memory ran out, tile is now %d px on %s", tile, _choice.device)
        if _choice.device == "cpu":
            return
        _fall_back()


def _first_tile() -> int:
    """Px a side, on CUDA as the free memory allows: a multiple of 256 up to 2048."""
    device = _device()
    if device != "cuda":
        return _TILE[device]
    import torch

    free, _ = torch.cuda.mem_get_info()
    return int(np.clip((free / 2 / _BYTES) ** 0.5 // 256 * 256, 256, _LARGEST_TILE))


@contextmanager
def _memory_may_run_out() -> Generator[None]:
    """Goes on after the block where memory ran out in it; every other error passes."""
    try:
        yield
    except RuntimeError as error:
        if not _is_out_of_memory(error):
            raise
        if _choice.device == "cuda":
            import torch

            torch.cuda.empty_cache()


def _no_memory() -> RestoreError:
    return RestoreError("There is not enough memory for this; close other programs and try again.")


def _is_out_of_memory(error: RuntimeError) -> bool:
    import torch

    if isinstance(error, torch.OutOfMemoryError):
        return True
    # the words of the CPU's allocator on Linux and macOS, of that on Windows, of MPS, of cuDNN and cuBLAS
    return any(
        words in str(error)
        for words in ("can't allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED", "bad_alloc")
    )


def _fall_back() -> None:
    """From the GPU to the CPU; the status bar will say so."""
    _choice.device, _choice.remark = "cpu", "as the GPU's memory ran out"


@functools.cache
def manifest() -> dict[str, dict[str, Any]]:
    """What is known of each weight file, by model name. Raises RestoreError where the manifest is missing or broken."""
    file = resources.folder() / "weights" / "manifest.toml"
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise RestoreError(f"The list of models cannot be read ({error}); install Photomend again.") from None


@functools.cache
def load(name: str) -> Model:
    """The model of that name in the manifest, loaded once. Raises RestoreError where its weights are missing or not
    the very file that the manifest names (SHA-256)."""
    facts = manifest().get(name)
    if facts is None:
        raise RestoreError(f"There is no model “{name}”; there is {', '.join(manifest()) or 'none'}.")
    _device()
    return Model(facts, _read(resources.folder() / "weights" / facts["file"], facts["sha256"]))


def _read(file: Path, sha256: str) -> dict[str, torch.Tensor]:
    import torch
    from safetensors.torch import load as parse

    try:
        data = file.read_bytes()
    except OSError as error:
        raise RestoreError(f"The weights {file.name} cannot be read ({error.strerror}).") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise RestoreError(f"The weights {file.name} are damaged; install Photomend again.")
    return {key: value.to(torch.float32) for key, value in parse(data).items()}
