"""Every detector, by id: one file of this folder each, found by walking it."""

from engine.operation import Detector, walk

ALL: dict[str, type[Detector]] = walk(__name__, __path__, Detector)
