"""`python -m engine.training NAME`: trains one recipe, resumes it, scores it and writes weights and manifest row."""

import argparse
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from engine import allocator, devices, resources
from engine.errors import RestoreError

allocator.tune()
_PARENT = os.getppid()  # before torch loads, which takes seconds

import torch  # noqa: E402

from engine.training import ship  # noqa: E402
from engine.training.duel import start  # noqa: E402
from engine.training.loop import Budget, mix  # noqa: E402
from engine.training.recipe import Recipe  # noqa: E402
from engine.training.recipes import find_all  # noqa: E402

_MOST = 300  # photos of one's own: read, they take some 3 GB at most


def main() -> None:
    """Train as the command line says; what the user can act on ends it with one sentence and exit code 1."""
    arguments = _parse()
    try:
        _train(arguments)
    except (RestoreError, OSError) as error:
        sys.exit(_sentence(error))


def _parse() -> argparse.Namespace:
    recipes = find_all()
    parser = argparse.ArgumentParser(prog="python -m engine.training", description=__doc__)
    parser.add_argument("name", choices=sorted(recipes))
    parser.add_argument("--minutes", type=float, default=120, help="length of the whole run, resumed or not")
    parser.add_argument("--steps", type=int, help="length in steps instead, for runs that must repeat exactly")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint of the run before")
    parser.add_argument("--again", action="store_true", help="begin with the weights that are shipped of this recipe")
    parser.add_argument(
        "--mix", type=float, default=1.0, help="share of what was learned; the rest is what it began as"
    )
    parser.add_argument("--count", type=int, help="crops in a batch, where a GPU takes more than a CPU")
    parser.add_argument("--rate", type=float, help="highest learning rate, where what is gone on with needs less")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/train"))
    parser.add_argument("--test", type=Path, default=Path("../shared/data/test"))
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder for checkpoints and curves")
    parser.add_argument("--photos", type=Path, help="learn from this folder of photos and nothing else")
    parser.add_argument("--limit", type=int, help="use only so many photos, for trials")
    parser.add_argument("--every", type=float, default=300, help="seconds between checkpoints")
    parser.add_argument("--ship", type=Path, help="folder of the manifest to write to, resources/weights")
    parser.add_argument("--with-parent", action="store_true", help="end where the parent process is gone")
    return parser.parse_args()


def _train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(arguments.seed)
    generator = torch.Generator().manual_seed(arguments.seed)
    device = torch.device(arguments.device)
    torch.backends.cudnn.benchmark = True  # batches are all of one size
    devices.use("cpu")  # for nets that only judge
    chosen, limit = find_all()[arguments.name], arguments.limit
    if arguments.count:
        chosen.renew_every = max(1, chosen.renew_every * chosen.count // arguments.count)
        chosen.count = arguments.count
    if arguments.rate:
        chosen.rate = arguments.rate
    if arguments.photos:
        chosen.data = "photos of one's own"
        limit = limit or _MOST
    if (arguments.photos or arguments.again) and _is_shipped(chosen.name):
        chosen.start = chosen.name  # what was learned from many photos is the better beginning
    try:
        recipe: Recipe = chosen(arguments.photos or arguments.data, device, generator, limit)
    except ValueError as error:  # photos that are too small
        raise RestoreError(str(error)) from None
    run = start(recipe, arguments.runs / arguments.name, device, Budget(arguments.minutes, arguments.steps))
    begun = {key: value.clone() for key, value in run.average.state_dict().items()}
    if arguments.resume:
        try:
            run.resume(generator)
        except (ValueError, KeyError, RuntimeError) as error:  # damaged, or of a net that was another then
            raise RestoreError(f"the run before cannot be gone on with: {_sentence(error)}") from None
    if not run.train(generator, arguments.every, _watched(0) if arguments.with_parent else lambda: True):
        return
    mix(run.average, begun, arguments.mix)
    ship.check(run)
    scores = recipe.score(run.average, arguments.test)
    print(scores)
    ship.write(run, scores, arguments.ship or run.folder)


def _is_shipped(name: str) -> bool:
    return (resources.folder() / "weights" / f"{name}.safetensors").exists()


def _watched(descriptor: int) -> Callable[[], bool]:
    """Tells whether the parent process lives. It holds the other end of the pipe `descriptor`, which ends with it on
    every system; on Windows nothing else tells, since the number of the parent stays."""
    gone = threading.Event()

    def wait() -> None:
        try:
            while os.read(descriptor, 1024):
                pass
        except OSError:  # there is no such pipe
            return
        gone.set()

    threading.Thread(target=wait, daemon=True).start()
    return lambda: not gone.is_set() and os.getppid() == _PARENT


def _sentence(error: Exception) -> str:
    """An error in one line, without its number: "No such file or directory: weights/a.safetensors"."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return " ".join(str(error).split())


if __name__ == "__main__":
    main()
