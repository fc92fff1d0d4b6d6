"""Where networks run: the device, the number format, the size of a tile, and what happens when memory runs out."""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import RestoreError

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cuda", "mps", "cpu")
_SMALLEST_TILE = 128  # px; below this a device has too little memory to be of use
_TILE = {"mps": 1024, "cpu": 1024}  # px; larger ones overlap less; a tile is also the time that a cancel waits
_SLOW_TILE = 768  # px, there, of nets that take three times as long
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
    current()


def describe() -> str:
    """The device in use in words for a status bar: "GPU NVIDIA RTX 3060, 12 GB", "CPU, 2 threads"; "" before use."""
    if _choice.device is None:
        return ""
    import torch

    if _choice.device == "cuda":
        facts = torch.cuda.get_device_properties(0)
        return f"GPU {facts.name}, {facts.total_memory / 2**30:.0f} GB"
    count = _threads()
    name = "GPU Apple" if _choice.device == "mps" else f"CPU, {count} thread{'' if count == 1 else 's'}"
    return f"{name}{', ' if _choice.remark else ''}{_choice.remark}"


def _threads() -> int:
    """All cores of two, else one fewer, which keeps the window live."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if cores <= 2 else cores - 1


def current() -> str:
    """The device in use, found at the first call. Loads torch. Raises RestoreError where it is missing."""
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
def quickest(device: str) -> torch.dtype:
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


def tiles(slow: bool = False) -> Iterator[int]:
    """Sides of tiles in px to try in turn: halved when memory runs out, in the end on the CPU. Smaller if a net is
    `slow`, as recurrent ones are."""
    while True:
        tile = _first_tile()
        if slow and _choice.device != "cuda":
            tile = min(tile, _SLOW_TILE)
        while tile >= _SMALLEST_TILE:
            yield tile
            tile //= 2
            _log.info("memory ran out, tile is now %d px on %s", tile, _choice.device)
        if _choice.device == "cpu":
            return
        _fall_back()


def _first_tile() -> int:
    """Px a side, on CUDA as the free memory allows: a multiple of 256 up to 2048."""
    device = current()
    if device != "cuda":
        return _TILE[device]
    import torch

    free, _ = torch.cuda.mem_get_info()
    return int(np.clip((free / 2 / _BYTES) ** 0.5 // 256 * 256, 256, _LARGEST_TILE))


@contextmanager
def memory_may_run_out() -> Generator[None]:
    """Goes on after the block where memory ran out in it; every other error passes."""
    try:
        yield
    except RuntimeError as error:
        if not _is_out_of_memory(error):
            raise
        if _choice.device == "cuda":
            import torch

            torch.cuda.empty_cache()


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
