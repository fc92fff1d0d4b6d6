"""Every operation, by id: one file of this folder each, found by walking it."""

from engine.operation import Operation, walk

ALL: dict[str, type[Operation]] = walk(__name__, __path__, Operation)
