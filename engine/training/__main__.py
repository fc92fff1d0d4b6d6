"""`python -m engine.training NAME`: trains one recipe, resumes it, scores it and writes weights and manifest row."""

import argparse
from pathlib import Path

from engine import allocator, resources

allocator.tune()

import torch  # noqa: E402

from engine.training import ship  # noqa: E402
from engine.training.duel import start  # noqa: E402
from engine.training.loop import Budget  # noqa: E402
from engine.training.recipes import find_all  # noqa: E402


def main() -> None:
    recipes = find_all()
    parser = argparse.ArgumentParser(prog="python -m engine.training", description=__doc__)
    parser.add_argument("name", choices=sorted(recipes))
    parser.add_argument("--minutes", type=float, default=120, help="length of the whole run, resumed or not")
    parser.add_argument("--steps", type=int, help="length in steps instead, for runs that must repeat exactly")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint of the run before")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/train"))
    parser.add_argument("--test", type=Path, default=Path("../shared/data/test"))
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder for checkpoints and curves")
    parser.add_argument("--photos", type=Path, help="learn from this folder of photos and nothing else")
    parser.add_argument("--limit", type=int, help="use only so many photos, for trials")
    parser.add_argument("--every", type=float, default=300, help="seconds between checkpoints")
    parser.add_argument("--ship", type=Path, help="folder of the manifest to write to, resources/weights")
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    generator = torch.Generator().manual_seed(arguments.seed)
    device = torch.device(arguments.device)
    chosen = recipes[arguments.name]
    if arguments.photos:
        chosen.data = "photos of one's own"
        if (resources.folder() / "weights" / f"{chosen.name}.safetensors").exists():
            chosen.start = chosen.name  # what was learned from many photos is the better beginning
    recipe = chosen(arguments.photos or arguments.data, device, generator, arguments.limit)
    run = start(recipe, arguments.runs / arguments.name, device, Budget(arguments.minutes, arguments.steps))
    if arguments.resume:
        run.resume(generator)
    run.train(generator, arguments.every)
    scores = recipe.score(run.average, arguments.test)
    print(scores)
    ship.write(run, scores, arguments.ship or run.folder)


if __name__ == "__main__":
    main()
