"""Every operation, by id: one file of this folder each, found by walking it; those whose weights are shipped."""

from engine import models
from engine.operation import Operation, walk

FOUND: dict[str, type[Operation]] = walk(__name__, __path__, Operation)
ALL: dict[str, type[Operation]] = {
    word: one for word, one in FOUND.items() if not one.weights or models.is_shipped(one.weights)
}
