"""Recipes by name: the subclasses of Recipe in the modules here, found by walking this folder."""

import importlib
import pkgutil
from collections.abc import Iterator

from engine.training.recipe import Recipe


def find_all() -> dict[str, type[Recipe]]:
    """Every recipe of this folder that has a name of its own, by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    ours = [one for one in _below(Recipe) if one.__module__.startswith(__name__) and "name" in vars(one)]
    return {recipe.name: recipe for recipe in ours}


def _below(base: type[Recipe]) -> Iterator[type[Recipe]]:
    for one in base.__subclasses__():
        yield one
        yield from _below(one)
