"""Models: tiled equals whole, quick precision equals fp32, memory that runs out, damaged weights."""

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine import devices, models, resources
from engine.errors import Cancelled, RestoreError
from engine.image import frozen
from engine.nets import recurrent
from engine.progress import Progress

NAME = "denoise-u24"


@pytest.fixture(autouse=True)
def _cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_choice", devices._Choice("cpu"))


def _noisy(height: int = 300, width: int = 420) -> np.ndarray:
    random = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    picture = 0.5 + 0.3 * np.stack((np.sin(x / 30), np.sin(y / 20), np.sin((x + y) / 15)), axis=2)
    return frozen(picture + random.normal(0, 0.1, picture.shape))


def test_tiles_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    image = _noisy()
    for dtype, most in ((torch.float32, 1e-3), (torch.bfloat16, 2 / 255)):  # bf16 rounds each tile a little otherwise
        monkeypatch.setattr(devices, "quickest", lambda _device, dtype=dtype: dtype)
        monkeypatch.setitem(devices._TILE, "cpu", 1024)
        whole = models.load(NAME)(image, 0.1, 0.1, 0.1)
        monkeypatch.setitem(devices._TILE, "cpu", 160)
        difference = np.abs(models.load(NAME)(image, 0.1, 0.1, 0.1) - whole)
        assert difference.max() < most
        assert difference.mean() < 1e-3


def test_quick_precision_stays_close_to_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    image = _noisy()
    monkeypatch.setattr(devices, "quickest", lambda _device: torch.bfloat16)
    quick = models.load(NAME)(image, 0.1, 0.1, 0.1)
    monkeypatch.setattr(devices, "quickest", lambda _device: torch.float32)
    exact = models.load(NAME)(image, 0.1, 0.1, 0.1)
    assert 10 * np.log10(1 / np.mean((quick - exact) ** 2)) > 50  # dB: moves a result of 34 dB by 0.02 at most


@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (8, 8), (33, 250)])
def test_any_size(shape: tuple[int, int]) -> None:
    restored = models.load(NAME)(_noisy(*shape), 0.1, 0.1, 0.1)
    assert restored.shape == (*shape, 3) and np.isfinite(restored).all()


def test_views_are_turned_and_mirrored_and_come_back() -> None:
    import torch

    x = torch.arange(2 * 3 * 4 * 5.0).view(2, 4, 5, 3).permute(0, 3, 1, 2)  # channels_last
    seen = {tuple(models._turned(x, *view).flatten().tolist()) for view in models._VIEWS}
    assert len(seen) == 8
    for quarter, mirrored in models._VIEWS:
        turned = models._turned(x, quarter, mirrored)
        assert torch.equal(turned, torch.rot90(x.flip(3) if mirrored else x, quarter, (2, 3)))
        assert turned.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(models._turned(turned, quarter if mirrored else -quarter, mirrored), x)


def test_what_a_net_sees_is_the_crop_padded_and_the_planes() -> None:
    import torch

    image = _noisy(30, 21)
    plane = np.linspace(0, 1, 30 * 21, dtype=np.float32).reshape(30, 21)
    box = models.Box(8, 30, 0, 21)
    for dtype in (None, torch.bfloat16):
        seen = models.load(NAME)._input(image[box.slices], box, (0.25, plane), dtype)
        expected = np.concatenate(
            (
                np.pad(image[8:], ((0, 2), (0, 3), (0, 0)), mode="symmetric"),
                np.full((24, 24, 1), 0.25, np.float32),
                np.pad(plane[8:], ((0, 2), (0, 3)), mode="symmetric")[..., None],
            ),
            axis=2,
        )
        assert torch.equal(seen[0].permute(1, 2, 0), torch.from_numpy(expected).to(dtype))
        assert seen.is_contiguous(memory_format=torch.channels_last)


def test_slow_nets_work_in_smaller_tiles_where_a_tile_is_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    assert next(devices.tiles(slow=True)) < next(devices.tiles())
    monkeypatch.setitem(devices._TILE, "cpu", 256)
    assert next(devices.tiles(slow=True)) == 256


def test_a_plane_may_vary_over_the_image() -> None:
    image = _noisy()
    plane = np.zeros(image.shape[:2], np.float32)
    plane[:, 210:] = 0.1
    change = np.abs(models.load(NAME)(image, plane, plane, plane) - image)
    assert change[:, 260:].mean() > 2 * change[:, :160].mean()


class _Hungry:
    """A stand-in for a net on a machine with too little memory: crops beyond `limit` px a side do not fit."""

    def __init__(self, net: object, limit: int) -> None:
        self.net, self.limit, self.refused = net, limit, 0  # px of a side, how often it was refused

    def to(self, **_where: object) -> "_Hungry":
        return self

    def residual(self, x: object) -> object:
        import torch

        if max(x.shape[2:]) > self.limit:  # type: ignore[attr-defined]
            self.refused += 1
            raise torch.OutOfMemoryError("out of memory")
        return self.net.float().residual(x.float())  # type: ignore[attr-defined]


def test_tile_halves_when_memory_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.load(NAME)
    image = _noisy(400, 700)
    expected = model(image, 0.1, 0.1, 0.1)
    hungry = _Hungry(model._net, 300)
    monkeypatch.setattr(model, "_net", hungry)
    restored = model(image, 0.1, 0.1, 0.1)
    assert hungry.refused > 0
    assert np.abs(restored - expected).mean() < 2e-3


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate memory: you tried to", True),
        ("[enforce fail at alloc_cpu.cpp:117] data. DefaultCPUAllocator: not enough memory: you tried to", True),
        ("MPS backend out of memory (MPS allocated: 9.0 GB)", True),
        ("cuDNN error: CUDNN_STATUS_ALLOC_FAILED", True),
        ("Given groups=1, weight of size [24, 24, 3, 3], expected input[1, 12, 8, 8] to have 24 channels", False),
    ],
)
def test_every_device_says_in_its_own_words_that_memory_ran_out(words: str, expected: bool) -> None:
    assert devices._is_out_of_memory(RuntimeError(words)) == expected


def test_no_memory_at_all_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.load(NAME)
    monkeypatch.setattr(model, "_net", _Hungry(model._net, 0))
    with pytest.raises(RestoreError, match="not enough memory"):
        model(_noisy(), 0.1, 0.1, 0.1)


class _Full(_Hungry):
    """A net on a graphics card with no memory at all, and on a CPU with enough."""

    def residual(self, x: object) -> object:
        self.limit = 0 if devices._choice.device == "cuda" else 10_000
        return super().residual(x)


def test_full_graphics_card_ends_on_the_cpu_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    model, image = models.load(NAME), _noisy(400, 700)
    expected = model(image, 0.1, 0.1, 0.1)
    full = _Full(model._net, 0)
    monkeypatch.setattr(devices, "_choice", devices._Choice("auto", "cuda"))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (8 << 30, 12 << 30))
    monkeypatch.setattr(model, "_placed", lambda _dtype=None: (full, "cpu", torch.float32))
    restored = model(image, 0.1, 0.1, 0.1)
    assert full.refused == 5  # tiles of 2048, 1024, 512, 256 and 128 px
    assert np.abs(restored - expected).mean() < 2e-3
    assert devices.describe().startswith("CPU") and "GPU's memory ran out" in devices.describe()


@pytest.mark.parametrize(("gigabytes", "tile"), [(0.02, 256), (1.0, 768), (3.0, 1536), (40.0, 2048)])
def test_the_first_tile_on_a_graphics_card_fits_its_free_memory(
    monkeypatch: pytest.MonkeyPatch, gigabytes: float, tile: int
) -> None:
    import torch

    monkeypatch.setattr(devices, "_choice", devices._Choice("cuda", "cuda"))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (int(gigabytes * 2**30), 48 << 30))
    assert devices._first_tile() == tile


def _made(net: str, multiple: int, **config: object) -> models.Model:
    """A net with random weights, large enough to do something."""
    import importlib

    import torch

    torch.manual_seed(0)
    module, name = net.split(".")
    made = getattr(importlib.import_module(f"engine.nets.{module}"), name)(**config)
    state = {key: value * (6 if "head" in key else 1) for key, value in made.state_dict().items()}
    state |= {key: torch.randn_like(value) for key, value in state.items() if "word" in key}  # begin as 0
    return models.Model({"net": net, "config": config, "multiple": multiple, "overlap": 96}, state)


@pytest.mark.parametrize(("net", "planes"), [("recurrent.ConvGRU", 0), ("recurrent.ConvLSTM", 1)])
def test_passes_go_over_the_whole_image_and_remember_it_tile_by_tile(
    monkeypatch: pytest.MonkeyPatch, net: str, planes: int
) -> None:
    import torch

    monkeypatch.setattr(devices, "quickest", lambda _device: torch.float32)
    monkeypatch.setattr(recurrent, "_SUSPECTED", 0.0)  # what is found by chance is never sure
    told = [0.3] * (1 - planes)  # the GRU is told a quality
    model, image = _made(net, 32, widths=(8, 16, 24), blocks=1), _noisy(250, 420)
    monkeypatch.setitem(devices._TILE, "cpu", 512)
    whole = list(model.passes(image, *told, count=3))
    assert [answer.planes.shape[2] for answer in whole] == [planes] * 3
    assert np.abs(whole[2].image - whole[0].image).max() > 3e-4  # later passes do something
    monkeypatch.setitem(devices._TILE, "cpu", 160)
    tiled = list(model.passes(image, *told, count=3))
    for one, other in zip(whole, tiled, strict=True):
        assert np.abs(one.image - other.image).max() < 5e-5


def test_passes_start_again_with_smaller_tiles_and_give_each_answer_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    model, image = _made("recurrent.ConvGRU", 8, widths=(8, 16, 24), blocks=1), _noisy(200, 300)
    monkeypatch.setattr(devices, "quickest", lambda _device: torch.float32)
    expected = [answer.image for answer in model.passes(image, 0.3, count=3)]
    step, refusals = model._net.step, [2]

    def refuse_in_second_pass(x: torch.Tensor, state: tuple[torch.Tensor, ...]) -> object:
        if refusals[0] and float(state[0].abs().max()) > 0:
            refusals[0] -= 1
            raise torch.OutOfMemoryError("out of memory")
        return step(x, state)

    monkeypatch.setattr(model._net, "step", refuse_in_second_pass)
    answers = [answer.image for answer in model.passes(image, 0.3, count=3)]
    assert refusals == [0] and len(answers) == 3
    for one, other in zip(expected, answers, strict=True):
        assert np.abs(one - other).max() < 2e-3


def test_pieces_are_read_together() -> None:
    model = _made("noise_level.NoiseLevel", 8)
    whole = _noisy(128, 192)
    together = model.numbers([whole[:, :96], whole[:, 96:]])
    assert together.shape == (3,) and (together > 0).all()
    assert np.allclose(together, model.numbers([whole[:, 96:], whole[:, :96]]), rtol=1e-5)  # in any order
    assert np.allclose(together, model.numbers([whole]), rtol=0.2)  # apart from what crosses the cut


def test_probabilities_are_what_the_net_says_and_the_same_in_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from engine.nets.segmenter import Segmenter

    torch.manual_seed(0)
    net = Segmenter((8, 16), 1)
    torch.nn.init.normal_(net.unet.head.weight, std=0.3)  # sure of something somewhere
    facts = {"net": "segmenter.Segmenter", "config": {"widths": (8, 16), "blocks": 1}, "multiple": 8, "overlap": 48}
    model, image = models.Model(facts, net.state_dict()), _noisy(203, 301)
    monkeypatch.setattr(devices, "quickest", lambda _device: torch.float32)
    monkeypatch.setitem(devices._TILE, "cpu", 1024)
    whole = model.probabilities(image)
    x = np.pad(image, ((0, 5), (0, 3), (0, 0)), mode="symmetric").transpose(2, 0, 1)[None].copy()
    with torch.inference_mode():
        expected = net.eval()(torch.from_numpy(x))[0].permute(1, 2, 0).numpy()[:203, :301]
    assert np.abs(whole - expected).max() < 1e-5 and whole.std() > 0.01
    monkeypatch.setitem(devices._TILE, "cpu", 128)
    assert np.abs(model.probabilities(image) - whole).max() < 1e-4


def test_cancel_stops_between_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(devices._TILE, "cpu", 128)
    seen: list[float] = []

    def report(fraction: float) -> None:
        seen.append(fraction)
        if fraction > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        models.load(NAME)(_noisy(), 0.1, 0.1, 0.1, progress=Progress(report))
    assert seen[-1] < 0.6


def test_damaged_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(resources.folder() / "weights", tmp_path / "weights")
    file = tmp_path / "weights" / models.manifest()[NAME]["file"]
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    monkeypatch.setattr(resources, "folder", lambda: tmp_path)
    with pytest.raises(RestoreError, match=r"^Install Photomend again: .*damaged"):
        models.load.__wrapped__(NAME)


def test_every_weight_file_is_small_and_as_the_manifest_says() -> None:
    folder = resources.folder() / "weights"
    rows = models.manifest()
    assert {row["file"] for row in rows.values()} == {file.name for file in folder.glob("*.safetensors")}
    for row in rows.values():
        data = (folder / row["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row["sha256"]
        assert len(data) <= 16e6
        assert row["licence"] and row["trained"] and row["data"] and row["scores"]
    assert sum(file.stat().st_size for file in folder.glob("*.safetensors")) <= 28e6


def test_unknown_device_and_model_are_sentences() -> None:
    with pytest.raises(RestoreError, match="auto, cuda, mps, cpu"):
        devices.use("tpu")
    with pytest.raises(RestoreError, match="no model"):
        models.load.__wrapped__("nothing")


def test_an_operation_whose_weights_are_missing_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    from engine import operations

    every = set(operations.ALL)
    assert "denoise" in every
    monkeypatch.setattr(models, "manifest", lambda: {})
    try:
        assert every - set(importlib.reload(operations).ALL) >= {"jpeg"}
        assert "fill" in operations.ALL
    finally:
        monkeypatch.undo()
        importlib.reload(operations)
