"""The command line, same engine and words as the window: `photomend-cli scan.tif -o new.tif -- denoise damage fill`."""

import os
import signal
from types import FrameType

from engine import allocator

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130  # exit statuses


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


_interrupt = signal.getsignal(signal.SIGINT)
if _interrupt is signal.default_int_handler:
    signal.signal(signal.SIGINT, _leave)  # Ctrl+C during the imports, which take seconds, ends without a traceback
allocator.tune()  # before anything else allocates or starts threads

import argparse  # noqa: E402
import dataclasses  # noqa: E402
import io  # noqa: E402
import json  # noqa: E402
import re  # noqa: E402
import shutil  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402

from engine import detectors, devices, files, operations, params  # noqa: E402
from engine.document import Document, Rendered  # noqa: E402
from engine.errors import RestoreError  # noqa: E402
from engine.files import Metadata, Photo  # noqa: E402
from engine.image import frozen  # noqa: E402
from engine.operation import Detector, Operation  # noqa: E402
from engine.progress import Progress  # noqa: E402
from engine.recipe import NAMED, Recipe, find  # noqa: E402

if _interrupt is signal.default_int_handler:
    signal.signal(signal.SIGINT, _interrupt)


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns its exit status."""
    argv = sys.argv[1:] if argv is None else argv
    split = argv.index("--") if "--" in argv else len(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files may hold what a console cannot show
    parser = _parser()
    arguments = parser.parse_intermixed_args(argv[:split])
    try:
        if arguments.list:
            return _print_list(arguments.json)
        if arguments.describe in NAMED:
            return _print_named(arguments.describe, arguments.json)
        if arguments.describe:
            return _print_description(find(arguments.describe), arguments.json)
        recipe = Recipe.parse(argv[split + 1 :])
        jobs = _jobs(arguments)
    except (RestoreError, ValueError) as error:
        parser.error(str(error))
    try:
        return _restore_all(jobs, recipe, arguments)
    except RestoreError as error:
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our answers has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="photomend-cli",
        usage="photomend-cli IN [IN ...] -o OUT [options] -- WORD [name=value ...] [WORD ...]",
        description="Restores photos. A WORD is an operation, a detector whose mask serves the next one, or a recipe.",
        epilog="Example: photomend-cli scan.tif -o clean.tif -- denoise damage fill method=fsr",
        allow_abbrev=False,
    )
    parser.add_argument("inputs", nargs="*", type=Path, metavar="IN", help="photos")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="a file; a folder for several photos")
    parser.add_argument("--blank", metavar="WxH", help="start from an empty canvas instead of a photo")
    parser.add_argument("--mask", type=Path, metavar="PNG", help="white: change this, black: leave it")
    parser.add_argument("--device", choices=devices.DEVICES, default="auto", help="where networks run")
    parser.add_argument("--json", action="store_true", help="print results for programs, one JSON object a line")
    parser.add_argument("--list", action="store_true", help="print every WORD")
    parser.add_argument("--describe", metavar="WORD", help="print the parameters of a WORD")
    return parser


@dataclasses.dataclass(frozen=True)
class _Job:
    """A photo to read, or the (height, width) of an empty canvas, and the file to write."""

    source: Path | tuple[int, int]
    target: Path


def _jobs(arguments: argparse.Namespace) -> list[_Job]:
    """What is to be done. Raises ValueError with a sentence on wrong usage."""
    if arguments.output is None:
        raise ValueError("Say where the result goes: -o OUT.")
    output: Path = arguments.output
    if arguments.blank is not None:
        size = re.fullmatch(r"([1-9]\d{0,5})x([1-9]\d{0,5})", arguments.blank)
        if size is None or arguments.inputs:
            raise ValueError("--blank stands for a photo and is followed by width x height, as in --blank 1200x800.")
        if int(size[1]) * int(size[2]) > files.PIXEL_LIMIT:
            raise ValueError(f"A blank canvas has at most {files.PIXEL_LIMIT // 1_000_000} megapixels.")
        return [_Job((int(size[2]), int(size[1])), output)]
    if not arguments.inputs:
        raise ValueError("Name at least one photo.")
    into_folder = len(arguments.inputs) > 1 or os.path.isdir(output)
    names = [path.name if files.format_of(path.suffix) else f"{path.stem}.png" for path in arguments.inputs]
    jobs = [
        _Job(path, output / name if into_folder else output) for path, name in zip(arguments.inputs, names, strict=True)
    ]
    if len({job.target for job in jobs}) < len(jobs):
        raise ValueError("Two of the photos have the same name and would overwrite each other.")
    for path, job in zip(arguments.inputs, jobs, strict=True):
        if _same(path, job.target):
            raise ValueError(f"{path} would be overwritten by its restored version; choose another place.")
        if arguments.mask is not None and _same(arguments.mask, job.target):
            raise ValueError(f"{arguments.mask} is the mask and would be overwritten; choose another place.")
    return jobs


def _same(one: Path, other: Path) -> bool:
    """Whether both name the same file; False where one is missing or cannot be looked at."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def _restore_all(jobs: list[_Job], recipe: Recipe, arguments: argparse.Namespace) -> int:
    """Restore every photo; one that fails is reported and the others go on."""
    failed = 0
    devices.use(arguments.device)
    if len(jobs) > 1:
        _make_folder(arguments.output)
    for job in jobs:
        bar = _Bar(job.target.name)
        try:
            result = _restore(job, recipe, arguments.mask, Progress(bar.show))
            bar.clear()
            if result["notice"]:
                print(result["notice"], file=sys.stderr)
        except (RestoreError, MemoryError) as error:
            failed += 1
            bar.clear()
            told = str(error) if isinstance(error, RestoreError) else "There is not enough memory for this."
            prefix = f"{job.source}: " if len(jobs) > 1 else ""
            print(f"{prefix}{told}", file=sys.stderr)
            result = {"input": _name(job), "error": told}
        if arguments.json:
            print(json.dumps(result), flush=True)
    return FAILED if failed else DONE


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RestoreError(f"The folder {path} cannot be made: {error.strerror}.") from None


def _name(job: _Job) -> str | None:
    return str(job.source) if isinstance(job.source, Path) else None


def _restore(job: _Job, recipe: Recipe, mask_file: Path | None, progress: Progress) -> dict[str, object]:
    """Read, restore and write one photo; returns what is to be known of it. Raises RestoreError."""
    start = time.perf_counter()
    photo = files.read(job.source, progress.part(0, 0.05)) if isinstance(job.source, Path) else _blank(job.source)
    mask = None if mask_file is None else files.read_mask(mask_file, photo.image.shape[:2])
    document = recipe.apply(
        Document(photo.image, rendered=Rendered(limit=0), facts=photo.metadata.facts()), mask, progress.part(0.05, 0.95)
    )
    image = document.render()
    settings = dataclasses.replace(files.defaults_for(photo.metadata, job.target.suffix), existing="replace")
    alpha = None if photo.alpha is None else document.move(photo.alpha)
    result = Photo(image, alpha, photo.metadata)
    written = files.write(result, job.target, settings, progress.part(0.95, 1))
    allocator.release()
    return {
        "input": _name(job),
        "output": str(written),
        "width": image.shape[1],
        "height": image.shape[0],
        "format": settings.format,
        "depth": settings.depth,
        "recipe": recipe.to_text(),
        "notice": photo.notice,
        "seconds": round(time.perf_counter() - start, 3),
    }


def _blank(shape: tuple[int, int]) -> Photo:
    """A white canvas."""
    return Photo(frozen(np.ones((*shape, 3), np.float32)), None, Metadata(format="png"))


class _Bar:
    """A progress bar on standard error where that is a terminal, nothing otherwise."""

    def __init__(self, name: str) -> None:
        self._name, self._shown, self._terminal = name, -1, sys.stderr.isatty()

    def show(self, fraction: float) -> None:
        percent = int(100 * fraction)
        if self._terminal and percent != self._shown:
            self._shown = percent
            bar = "#" * (percent // 5)
            line = f"[{bar:20}] {percent:3} %  {self._name}"[: shutil.get_terminal_size().columns - 1]
            print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _print_list(as_json: bool) -> int:
    kinds: dict[str, type[Operation] | type[Detector]] = {**operations.ALL, **detectors.ALL}
    for word, cls in kinds.items():
        group = cls.group if issubclass(cls, Operation) else "detector"
        if as_json:
            print(json.dumps({"word": word, "title": cls.title, "group": group, "summary": cls.summary}))
        else:
            print(f"{word:16} {group:10} {cls.summary or cls.title}")
    for word, text in NAMED.items():
        named = {"word": word, "title": text, "group": "recipe", "summary": text}
        print(json.dumps(named) if as_json else f"{word:16} {'recipe':10} {text}")
    return DONE


def _print_named(word: str, as_json: bool) -> int:
    print(json.dumps({"word": word, "recipe": NAMED[word]}) if as_json else f"{word}: the recipe {NAMED[word]}")
    return DONE


def _print_description(cls: type[Operation] | type[Detector], as_json: bool) -> int:
    described = params.describe(cls)
    if as_json:
        facts = [dataclasses.asdict(one) | {"kind": one.kind.__name__} for one in described]
        print(json.dumps({"word": cls.id, "title": cls.title, "summary": cls.summary, "parameters": facts}))
        return DONE
    print(f"{cls.id}: {cls.title}. {cls.summary}".rstrip())
    for one in described:
        limits = "text"
        if one.low is not None and one.high is not None:
            limits = f"{params.shown(one.low)} to {params.shown(one.high)} {one.unit}".rstrip()
            limits += f", {params.shown(one.low)}: {one.lowest}" if one.lowest else ""
        allowed = ", ".join(one.choices) if one.choices else "yes, no" if one.kind is bool else limits
        default = ("yes" if one.default else "no") if one.kind is bool else one.default
        print(f"  {one.name}={default}  ({allowed})  {one.label}. {one.help}".rstrip())
    return DONE


if __name__ == "__main__":
    sys.exit(main())
