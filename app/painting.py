"""How the canvas draws: photos at any zoom, the tint, outlines, the brush ring and the handle of the split slider."""

import math
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPen, QPolygonF

from app.brush import Point
from app.changes import CLEANED, MADE_UP, HeatMap
from app.display import Display
from app.tint import Tint, level_for
from app.viewport import Viewport
from engine.image import Box

SURROUND = QColor(104, 104, 104)  # neutral, near the middle of what the eye calls grey, in both themes
_DARK, _LIGHT = QColor(0, 0, 0, 200), QColor(255, 255, 255, 235)
# Qt steps through an enlarged picture in 1/65536 px: beyond some hundred device px from its corner the steps add up to
# a wrong pixel. And it decides ties, as there are at 250 %, differently when only a part is repainted.
_CHUNK = 256  # device px drawn at once
_SHIFT = 1 / 256  # px away from the ties
_DIMMED = QColor(0, 0, 0, 130)
_MARK = QColor(255, 226, 64)
_PATH = QColor(255, 226, 64, 110)
HANDLE = 15  # logical px, radius of the split slider's handle


class Place(NamedTuple):
    """What a picture shows: level `level` of `width` x `height` photo px whose corner is at `corner` of the photo."""

    level: int
    width: int
    height: int
    corner: tuple[int, int] = (0, 0)
    start: int = 0  # the row of the level that the picture begins with


def use_device_pixels(painter: QPainter, ratio: float) -> None:
    """From here on one unit is one device pixel, exactly, also where a fractional ratio puts the widget between two."""
    painter.scale(1 / ratio, 1 / ratio)
    found = painter.deviceTransform()
    painter.translate(round(found.dx()) - found.dx(), round(found.dy()) - found.dy())


def draw_display(painter: QPainter, viewport: Viewport, display: Display, smooth: bool, at: Box | None = None) -> None:
    """The photo, or a picture of its part `at`. Above 100 % sharp pixels; below averaged, and smooth if asked."""
    level = display.level_for(viewport.zoom)
    corner = (at.left, at.top) if at is not None else (0, 0)
    for band in display.levels[level].bands:
        top = round(viewport.to_view(0, corner[1] + band.top * 2**level)[1])
        bottom = round(viewport.to_view(0, corner[1] + min(band.bottom * 2**level, display.size.height()))[1])
        if top < viewport.height and bottom > 0:
            painter.save()
            painter.setClipRect(QRect(0, top, viewport.width, bottom - top), Qt.ClipOperation.IntersectClip)
            place = Place(level, display.size.width(), display.size.height(), corner, band.start)
            _draw_level(painter, viewport, band.picture, place, smooth and viewport.zoom < 1)
            painter.restore()


def draw_tint(painter: QPainter, viewport: Viewport, tint: Tint) -> None:
    picture, level = tint.picture(viewport.zoom)
    if not picture.isNull():
        place = Place(level, viewport.image_width, viewport.image_height)
        _draw_level(painter, viewport, picture, place, viewport.zoom < 1)


def draw_heat(painter: QPainter, viewport: Viewport, heat: HeatMap) -> None:
    """The differences over the photo, which is dimmed so that they are seen on any ground."""
    painter.fillRect(viewport.image_rect(), _DIMMED)
    level = level_for(viewport.zoom, len(heat.pictures))
    place = Place(level, viewport.image_width, viewport.image_height)
    _draw_level(painter, viewport, heat.pictures[level], place, False)


def draw_legend(painter: QPainter, height: int, words: tuple[str, str], ratio: float) -> None:
    """What the colours of the differences mean, on a dark plate in the lower left corner."""
    font = painter.font()
    font.setPixelSize(round(12 * ratio))
    painter.setFont(font)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    bar, line, gap = 44 * ratio, 18 * ratio, 8 * ratio
    text = max(painter.fontMetrics().horizontalAdvance(word) for word in words)
    plate = QRectF(gap, height - gap - 2 * line - gap, bar + text + 3 * gap, 2 * line + gap)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 20, 20, 205))
    painter.drawRoundedRect(plate, 4 * ratio, 4 * ratio)
    for row, (word, ends) in enumerate(zip(words, (CLEANED, MADE_UP), strict=True)):
        swatch = QRectF(plate.left() + gap, plate.top() + gap / 2 + row * line + 4 * ratio, bar, line - 8 * ratio)
        shades = QLinearGradient(swatch.topLeft(), swatch.topRight())
        for place, colour in enumerate(ends):
            shades.setColorAt(place, colour)
        painter.fillRect(swatch, shades)
        painter.setPen(QColor(245, 245, 245))
        place = QRectF(swatch.right() + gap, plate.top() + gap / 2 + row * line, text + gap, line)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, word)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _draw_level(painter: QPainter, viewport: Viewport, picture: QImage, place: Place, smooth: bool) -> None:
    """Always all that is visible, whatever is to be repainted: parts painted at different times fit without seams."""
    step = 2**place.level
    visible, (x, y) = viewport.visible_box(), place.corner
    first, last = place.start, place.start + picture.height()
    left, right = max(0, (visible.left - x) // step), min(place.width / step, (visible.right - x) // step + 2)
    top = max(first, (visible.top - y) // step)
    bottom = min(place.height / step, last, (visible.bottom - y) // step + 2)
    if left >= right or top >= bottom:
        return
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    chunk = max(1, int(_CHUNK / viewport.zoom)) if viewport.zoom > 1 else max(picture.width(), place.height)
    shift = _SHIFT if viewport.zoom > 1 else 0.0
    scale = step * viewport.zoom
    for row in range(int(top) // chunk * chunk, math.ceil(bottom), chunk):
        for column in range(int(left) // chunk * chunk, math.ceil(right), chunk):
            x0, x1, y0, y1 = max(left, column), min(right, column + chunk), max(top, row), min(bottom, row + chunk)
            corner = QPointF(*viewport.to_view(x + x0 * step, y + y0 * step))
            target = QRectF(corner, QSizeF((x1 - x0) * scale, (y1 - y0) * scale))
            painter.drawImage(target, picture, QRectF(x0 + shift, y0 - first + shift, x1 - x0, y1 - y0))


def draw_outline(painter: QPainter, viewport: Viewport, points: list[Point], ratio: float) -> None:
    """A line through image points, visible on any ground."""
    line = QPolygonF([QPointF(*viewport.to_view(x, y)) for x, y in points])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_DARK, 3 * ratio))
    painter.drawPolygon(line)
    painter.setPen(QPen(_LIGHT, 1 * ratio))
    painter.drawPolygon(line)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def draw_path(painter: QPainter, viewport: Viewport, points: list[Point], width: float) -> None:
    """A stroke through image points that is not yet repaired, `width` device px wide."""
    if points:
        line = QPolygonF([QPointF(*viewport.to_view(x, y)) for x, y in points])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(_PATH, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawPolyline(line)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def draw_cross(painter: QPainter, centre: QPointF, ratio: float) -> None:
    """Where is copied from, visible on any ground."""
    arm = 8 * ratio
    for colour, width in ((_DARK, 3.5), (_MARK, 1.5)):
        painter.setPen(QPen(colour, width * ratio))
        painter.drawLine(centre - QPointF(arm, 0), centre + QPointF(arm, 0))
        painter.drawLine(centre - QPointF(0, arm), centre + QPointF(0, arm))


def draw_ring(painter: QPainter, centre: QPointF, radius: float, core: float, ratio: float, erase: bool) -> None:
    """The brush: a dark and a light ring at its edge, a fine one where its full strength ends, all in device px."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_DARK, 1.25 * ratio))
    painter.drawEllipse(centre, radius + 1.25 * ratio, radius + 1.25 * ratio)
    painter.setPen(QPen(_LIGHT, 1.25 * ratio))
    painter.drawEllipse(centre, radius, radius)
    if 3 * ratio < core < radius - 3 * ratio:
        for colour, spare in ((QColor(0, 0, 0, 110), 0.5), (QColor(255, 255, 255, 150), -0.5)):
            painter.setPen(QPen(colour, ratio))
            painter.drawEllipse(centre, core + spare * ratio, core + spare * ratio)
    arm = 4 * ratio
    if radius < arm or erase:  # a tiny ring would get lost; the eraser shows a minus
        reach = radius + 2.5 * arm if radius < arm else arm
        for colour, width in ((_DARK, 3), (_LIGHT, 1.25)):
            painter.setPen(QPen(colour, width * ratio))
            for side in (-1, 1) if radius < arm else (0,):
                inner = centre + QPointF(side * (radius + arm / 2), 0) if side else centre - QPointF(arm, 0)
                painter.drawLine(inner, centre + QPointF((side or 1) * reach, 0))
                if side and not erase:
                    painter.drawLine(centre + QPointF(0, side * (radius + arm / 2)), centre + QPointF(0, side * reach))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def draw_mark(painter: QPainter, viewport: Viewport, box: Box, ratio: float) -> None:
    """A ring around a box of the photo, with some room, so that what is in it stays visible."""
    left, top = viewport.to_view(box.left, box.top)
    right, bottom = viewport.to_view(box.right, box.bottom)
    spare = 10 * ratio
    across, down = (max(0.7 * length, length / 2 + spare) for length in (right - left, bottom - top))
    centre = QPointF((left + right) / 2, (top + bottom) / 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((_DARK, 4.5), (_MARK, 2.0)):
        painter.setPen(QPen(colour, width * ratio))
        painter.drawEllipse(centre, across, down)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def draw_split(painter: QPainter, x: int, height: int, ratio: float) -> None:
    """The line between before and after, and its handle."""
    painter.fillRect(QRectF(x - 1.5 * ratio, 0, 3 * ratio, height), QColor(0, 0, 0, 130))
    painter.fillRect(QRectF(x - 0.5 * ratio, 0, ratio, height), _LIGHT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    centre = QPointF(x, height / 2)
    painter.setPen(QPen(_LIGHT, 1.5 * ratio))
    painter.setBrush(QColor(30, 30, 30, 215))
    painter.drawEllipse(centre, HANDLE * ratio, HANDLE * ratio)
    painter.setPen(QPen(_LIGHT, 2 * ratio, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for side in (-1, 1):
        arrow = [QPointF(5 * side, -4), QPointF(9 * side, 0), QPointF(5 * side, 4)]
        painter.drawPolyline([centre + point * ratio for point in arrow])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def draw_labels(painter: QPainter, x: int, words: tuple[str, str], ratio: float) -> None:
    """A word on a dark plate on each side of the split slider."""
    font = painter.font()
    font.setPixelSize(round(12 * ratio))
    painter.setFont(font)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for word, side in zip(words, (-1, 1), strict=True):
        width, height, gap = painter.fontMetrics().horizontalAdvance(word) + 14 * ratio, 20 * ratio, 8 * ratio
        plate = QRectF(x + gap if side > 0 else x - gap - width, gap, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(20, 20, 20, 170))
        painter.drawRoundedRect(plate, 4 * ratio, 4 * ratio)
        painter.setPen(QColor(245, 245, 245))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, word)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def ring_reach(radius: float, ratio: float) -> int:
    """Device px around the brush's middle that the ring may touch."""
    return math.ceil(max(radius + 3 * ratio, 15 * ratio))
