"""The shapes that painting puts into a mask, as pieces of uint8 coverage: soft lines, filled polygons, rectangles."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter, QPolygonF

from engine.image import Box
from engine.tiles import split

Point = tuple[float, float]  # (x, y) in image px; the centre of the first pixel is (0.5, 0.5)
Coverage = tuple[Box, np.ndarray | np.uint8]  # where, and how much of each pixel is covered: 0..255

_FULL = np.uint8(255)
_BLOCK = 128  # px of the blocks that a big brush is made of: those inside are filled, those outside left out
_BAND = 1024  # rows of a polygon filled at once


def blend(array: np.ndarray, coverage: Coverage, erase: bool) -> Box:
    """Put one piece into a uint8 mask: the greater value stays, or with `erase` the smaller rest. Returns its box."""
    box, amount = coverage
    part = array[box.slices]
    if erase:
        np.minimum(part, 255 - amount, out=part)
    else:
        np.maximum(part, amount, out=part)
    return box


def line(
    start: Point, end: Point, sizes: tuple[float, float], hardness: float, shape: tuple[int, ...]
) -> Iterator[Coverage]:
    """A round brush drawn from `start` to `end`, its diameter going from the one to the other of `sizes`, px.

    Exact distances instead of dabs: the coverage of a path does not depend on how many pieces it came in. With
    `hardness` 1 the edge is 1 px wide; with 0 it falls off from the middle line.
    """
    if max(sizes) < 2:  # between pixels a fine brush would leave nothing but pale smears
        start, end = (
            (math.floor(start[0]) + 0.5, math.floor(start[1]) + 0.5),
            (math.floor(end[0]) + 0.5, math.floor(end[1]) + 0.5),
        )
    length = math.dist(start, end)
    count = max(1, math.ceil(length / max(64.0, max(sizes) / 2)))  # a long slanted line has a huge, nearly empty box
    stops = [index / count for index in range(count + 1)]
    for first, second in zip(stops, stops[1:], strict=False):
        ends = [
            (start[0] + stop * (end[0] - start[0]), start[1] + stop * (end[1] - start[1])) for stop in (first, second)
        ]
        radii = [(sizes[0] + stop * (sizes[1] - sizes[0])) / 2 for stop in (first, second)]
        yield from _capsule(ends[0], ends[1], radii[0], radii[1], hardness, shape)


def _capsule(
    start: Point, end: Point, start_radius: float, end_radius: float, hardness: float, shape: tuple[int, ...]
) -> Iterator[Coverage]:
    outer = max(start_radius, end_radius) + 0.5
    inner = min(radius + 0.5 - _falloff(radius, hardness) for radius in (start_radius, end_radius))
    box = Box(
        max(0, math.floor(min(start[1], end[1]) - outer)),
        min(shape[0], math.ceil(max(start[1], end[1]) + outer)),
        max(0, math.floor(min(start[0], end[0]) - outer)),
        min(shape[1], math.ceil(max(start[0], end[0]) + outer)),
    )
    if box.empty:
        return
    for block in split((box.bottom - box.top, box.right - box.left), _BLOCK):
        block = Box(block.top + box.top, block.bottom + box.top, block.left + box.left, block.right + box.left)
        half = math.hypot(block.bottom - block.top, block.right - block.left) / 2
        middle = (block.left + block.right) / 2, (block.top + block.bottom) / 2
        distance = _distance(middle, start, end)
        if distance + half <= inner:
            yield block, _FULL
        elif distance - half < outer:
            yield block, _field(block, start, end, start_radius, end_radius, hardness)


def _falloff(radius: float, hardness: float) -> float:
    return max(1.0, radius * (1 - hardness))


def _distance(point: Point, start: Point, end: Point) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    square = dx * dx + dy * dy
    along = ((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / square if square else 0.0
    along = min(1.0, max(0.0, along))
    return math.hypot(point[0] - start[0] - along * dx, point[1] - start[1] - along * dy)


def _field(box: Box, start: Point, end: Point, start_radius: float, end_radius: float, hardness: float) -> np.ndarray:
    """The coverage of each pixel of `box` by its distance from the segment, uint8."""
    y = np.arange(box.top, box.bottom, dtype=np.float32)[:, None] + np.float32(0.5 - start[1])
    x = np.arange(box.left, box.right, dtype=np.float32)[None] + np.float32(0.5 - start[0])
    dx, dy = end[0] - start[0], end[1] - start[1]
    square = dx * dx + dy * dy
    radius: np.ndarray | float = start_radius
    if square > 0:
        along = np.clip(x * np.float32(dx / square) + y * np.float32(dy / square), 0, 1)
        x, y = x - along * np.float32(dx), y - along * np.float32(dy)
        if start_radius != end_radius:
            radius = start_radius + along * np.float32(end_radius - start_radius)
    share = np.sqrt(x * x + y * y)
    np.subtract(radius + np.float32(0.5), share, out=share)
    falloff = np.maximum(np.float32(1), radius * np.float32(1 - hardness))
    share /= falloff
    np.clip(share, 0, 1, out=share)
    share *= share * (3 - 2 * share)  # level at both ends, so that no edge shows where the falloff begins
    share *= 255
    return np.rint(share).astype(np.uint8)


def polygon(points: Iterable[Point], shape: tuple[int, ...]) -> Iterator[Coverage]:
    """All that a closed line encloses, edges smoothed; where it crosses itself, all loops are filled."""
    outline = QPolygonF([QPointF(x, y) for x, y in points])
    around = outline.boundingRect()
    left, right = max(0, math.floor(around.left())), min(shape[1], math.ceil(around.right()))
    top, bottom = max(0, math.floor(around.top())), min(shape[0], math.ceil(around.bottom()))
    for start in range(top, bottom, _BAND):
        box = Box(start, min(start + _BAND, bottom), left, right)
        if not box.empty:
            yield box, _filled(outline, box)


def _filled(outline: QPolygonF, box: Box) -> np.ndarray:
    width, height = box.right - box.left, box.bottom - box.top
    array = np.zeros((height, width), np.uint8)
    picture = QImage(array.data, width, height, width, QImage.Format.Format_Grayscale8)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.GlobalColor.white)
    painter.drawPolygon(outline.translated(-box.left, -box.top), Qt.FillRule.WindingFill)
    painter.end()
    return array


def rectangle(corner: Point, opposite: Point, shape: tuple[int, ...]) -> Iterator[Coverage]:
    """The whole pixels that a rectangle touches."""
    box = Box(
        max(0, math.floor(min(corner[1], opposite[1]))),
        min(shape[0], math.ceil(max(corner[1], opposite[1]))),
        max(0, math.floor(min(corner[0], opposite[0]))),
        min(shape[1], math.ceil(max(corner[0], opposite[0]))),
    )
    if not box.empty:
        yield box, _FULL
