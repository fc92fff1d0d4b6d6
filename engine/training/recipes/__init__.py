"""Recipes by name: each module here holds one subclass of Recipe, found by walking this folder."""

import importlib
import pkgutil

from engine.training.recipe import Recipe


def find_all() -> dict[str, type[Recipe]]:
    """Every recipe of this folder, by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return {recipe.name: recipe for recipe in Recipe.__subclasses__()}
