"""Every detector, by id: one file of this folder each, found by walking it; those whose weights are shipped."""

from engine import models
from engine.operation import Detector, walk

FOUND: dict[str, type[Detector]] = walk(__name__, __path__, Detector)
ALL: dict[str, type[Detector]] = {
    word: one for word, one in FOUND.items() if not one.weights or models.is_shipped(one.weights)
}
