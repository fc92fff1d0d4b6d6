"""Core-seconds per megapixel and peak memory of every operation at its defaults, each in a process of its own."""

import json
import math
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from engine import allocator, detectors, operations, params, resources
from engine.image import Image, Mask, frozen
from engine.operation import Detector, Step, apply
from engine.operations.fill import Fill
from engine.progress import Progress
from engine.recipe import make
from tests.benchmarks.denoising import opencv_nlm

ROOT = Path(__file__).resolve().parents[2]
PEER = "opencv-nlm"  # what people use today, for comparison


def measure(quick: bool) -> list[dict[str, object]]:
    """A row for each word; columns are core-seconds a megapixel and the peak of the process in MB, at each size."""
    words = [f"fill method={method}" for method in {one.name: one for one in params.describe(Fill)}["method"].choices]
    working = {"straighten": "straighten angle=2"}  # at their defaults these do nothing
    words += [working.get(word, word) for word in (*operations.ALL, *detectors.ALL) if word != "fill"]
    words.append(PEER)
    rows: list[dict[str, object]] = []
    for word in words:
        row: dict[str, object] = {"word": word}
        for size in (1,) if quick else (1, 12, 50):
            command = [sys.executable, "-m", "tests.benchmarks.cost", str(size), *word.split()]
            answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if answer.returncode:
                row[f"{size} MP: s/MP"] = answer.stderr.strip().splitlines()[-1][:60]
                continue
            told = json.loads(answer.stdout)
            row[f"{size} MP: s/MP"], row[f"{size} MP: MB"] = told["seconds"] / size, told["megabytes"]
        rows.append(row)
    return rows


def photo(megapixels: float) -> Image:
    """The sample photo at any size, 3 x 2, with fresh noise."""
    file = cv2.imread(str(resources.folder() / "samples" / "sample.jpg"))
    assert file is not None
    height = round(math.sqrt(megapixels * 1e6 / 1.5))
    image = cv2.resize(file[..., ::-1], (height * 3 // 2, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    rng = np.random.default_rng(0)
    for row in image:
        row += rng.normal(0, 8, row.shape)
    image /= 255
    return frozen(image)


def scratches(shape: tuple[int, ...]) -> Mask:
    """A thousandth of the pixels in scratches of 2 px."""
    mask = np.zeros(shape[:2], np.uint8)
    rng = np.random.default_rng(0)
    while np.count_nonzero(mask) < mask.size / 1000:
        ends = rng.integers((0, 0), shape[1::-1])
        cv2.line(mask, ends.tolist(), (ends + rng.integers(-300, 300, 2)).tolist(), 255, 2)
    return frozen(mask / np.float32(255))


def peak() -> float:
    """Most memory this process has had, MB."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """In the child: the size in megapixels, a word and its parameters are the arguments."""
    word, values = sys.argv[2], dict(value.split("=", 1) for value in sys.argv[3:])
    link = None if word == PEER else make(word, values)
    image = photo(float(sys.argv[1]))
    small = frozen(image[:256, :256].copy())
    mask = scratches(image.shape)
    _once(link, small, scratches(small.shape))  # loading libraries and weights is no cost of a megapixel
    start = time.process_time()
    _once(link, image, mask)
    print(json.dumps({"seconds": time.process_time() - start, "megabytes": peak()}))


def _once(link: object, image: Image, mask: Mask) -> None:
    if link is None:
        opencv_nlm(image, 10)
    elif isinstance(link, Detector):
        link.detect(image, Progress())
    else:
        apply(Step(link, mask if link.needs_mask else None), image)  # type: ignore[attr-defined]


if __name__ == "__main__":
    allocator.tune()
    main()
