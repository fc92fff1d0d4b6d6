"""`python make.py bench`: measures quality and speed; prints tables and writes them to build/bench.json."""

from engine import allocator

allocator.tune()

import argparse  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import platform  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402

from tests.benchmarks import cost, denoising, detection, filling, graining, networks, sampling, sheets, window  # noqa: E402

Row = dict[str, object]
ROOT = Path(__file__).resolve().parents[2]
DATA = (ROOT / ".." / "shared" / "data" / "test").resolve()


def _canvas(_quick: bool) -> list[Row]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from tests.benchmarks import canvas

    return [{"what": name, "measured": value} for name, value in canvas.measure().items()]


MEASUREMENTS: dict[str, tuple[str, bool, Callable[[bool], list[Row]]]] = {  # name -> title, needs photos, function
    "denoise": (denoising.__doc__ or "", True, lambda quick: denoising.measure(DATA, quick)),
    "grey": ("Grey photos.", True, lambda quick: denoising.measure_grey(DATA, quick)),
    "real": ("Real camera noise.", True, lambda quick: denoising.measure_real(DATA, quick)),
    "level": ("How far the measured noise level is off.", True, lambda quick: networks.measure_level(DATA, quick)),
    "jpeg": ("Gains on JPEGs, pass by pass.", True, lambda quick: networks.measure_jpeg(DATA, quick)),
    "streaks": ("Gains on simulated damage.", True, lambda quick: networks.measure_streaks(DATA, quick)),
    "old-photo": ("Gains of the blind net.", True, lambda quick: networks.measure_old_photo(DATA, quick)),
    "fill": (filling.__doc__ or "", True, lambda quick: filling.measure(DATA, quick)),
    "detection": (detection.__doc__ or "", True, lambda quick: detection.measure(DATA, quick)),
    "end to end": (
        "Damage found and filled; clean photos.",
        True,
        lambda quick: detection.measure_end_to_end(DATA, quick),
    ),
    "sheets": (sheets.__doc__ or "", True, lambda quick: sheets.write(DATA, ROOT / "build" / "sheets", quick)),
    "sampling": (
        sampling.__doc__ or "",
        True,
        lambda quick: sampling.measure(DATA.parent, ROOT / "build" / "sheets", quick),
    ),
    "sampling of patches": (
        "How the auto-encoder brings patches back.",
        True,
        lambda _quick: sampling.measure_patches(DATA.parent),
    ),
    "sampling of holes": (
        "Four fills of one hole each.",
        True,
        lambda quick: sampling.measure_fills(DATA.parent, quick),
    ),
    "sampling of grain": (graining.__doc__ or "", True, lambda quick: graining.measure(DATA, quick)),
    "cost": (cost.__doc__ or "", False, cost.measure),
    "canvas": ("The canvas at 50 megapixels.", False, _canvas),
    "open": ("Opening a JPEG of 24 megapixels.", False, window.measure_open),
    "start": ("From the start of the process to the first painted window.", False, window.measure_start),
    "cancel": ("Cancelling a job on 12 megapixels.", False, window.measure_cancel),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make.py bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small part of everything")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of measurements; without any all are made")
    parser.add_argument("--only", action="append", default=[], choices=MEASUREMENTS, help="the same, one by one")
    arguments = parser.parse_args()
    for name in arguments.names:
        if not chosen(name):
            parser.error(f"there is no measurement {name}; there is {', '.join(MEASUREMENTS)}")
    names = [one for name in arguments.names + arguments.only for one in chosen(name)]
    results: dict[str, list[Row]] = {}
    for name in dict.fromkeys(names or MEASUREMENTS):
        title, needs_photos, measure = MEASUREMENTS[name]
        print(f"\n{name}: {title.splitlines()[0]}", flush=True)
        if needs_photos and not DATA.is_dir():
            print("left out: the test photos are not here")
            continue
        start = time.perf_counter()
        results[name] = measure(arguments.quick)
        print_table(results[name])
        print(f"({time.perf_counter() - start:.0f} s)", flush=True)
    facts = {"machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}", "quick": arguments.quick}
    target = ROOT / "build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(facts | results, indent=1))
    print(f"\n{target}")


def chosen(word: str) -> list[str]:
    """The measurements that a word means: "sampling" also "sampling of holes"."""
    return [name for name in MEASUREMENTS if name == word or name.startswith(f"{word} of ")]


def print_table(rows: list[Row]) -> None:
    """The rows as columns that line up."""
    if not rows:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names] + [[_shown(row.get(name, "")) for name in names] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 1 else f"{value:.2f}"
    return str(value)


if __name__ == "__main__":
    main()
