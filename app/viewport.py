"""Where the photo lies on the screen: zoom, pan and the arithmetic between photo pixels and device pixels."""

import math

from PySide6.QtCore import QRect

from engine.image import Box

_LADDER = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, 64.0)
_ROOM = 0.7  # share of the window that what is looked at may take
STEPS = tuple(sorted({1 / step for step in _LADDER} | set(_LADDER)))  # zooms that keys and wheel notches stop at


class Viewport:
    """A photo of `image_width` x `image_height` px seen through a window of `width` x `height` device px.

    `zoom` is device px per photo px. `left`, `top` is the photo's corner in device px, always whole, so that at
    100 % every photo pixel is one device pixel.
    """

    def __init__(self) -> None:
        self.width = self.height = 1
        self.image_width = self.image_height = 0
        self.zoom = 1.0
        self.left = self.top = 0
        self.fitted = True
        self.margin = 0  # device px kept free around a fitted photo

    def resize(self, width: int, height: int) -> None:
        """A new window size; a fitted photo stays fitted, otherwise the middle of the window stays where it is."""
        x, y = self.to_image(self.width / 2, self.height / 2)
        self.width, self.height = max(1, width), max(1, height)
        if self.fitted:
            self.fit()
        else:
            self._put(x, y, self.width / 2, self.height / 2)

    def show(self, image_width: int, image_height: int) -> None:
        """Another photo, fitted."""
        self.image_width, self.image_height = image_width, image_height
        self.fit()

    @property
    def fit_zoom(self) -> float:
        """The zoom that shows the whole photo; whole numbers above 100 %, so that its pixels stay square."""
        if not self.image_width:
            return 1.0
        room = (max(1, self.width - 2 * self.margin), max(1, self.height - 2 * self.margin))
        zoom = min(room[0] / self.image_width, room[1] / self.image_height)
        return float(min(math.floor(zoom), STEPS[-1])) if zoom >= 1 else zoom

    def fit(self) -> None:
        self.zoom = self.fit_zoom
        self.fitted = True
        self._clamp()

    def zoom_to(self, zoom: float, x: float, y: float) -> None:
        """Zoom so that the photo point under (x, y), device px, stays under it."""
        point = self.to_image(x, y)
        self.zoom = min(STEPS[-1], max(min(self.fit_zoom, STEPS[0]), zoom))
        self.fitted = False
        self._put(*point, x, y)

    def look_at(self, box: Box, zoom: float) -> None:
        """The middle of a box in the middle of the window, at `zoom`, or less where the box would not fit."""
        room = min(self.width / (box.right - box.left), self.height / (box.bottom - box.top))
        self.zoom = min(STEPS[-1], max(min(self.fit_zoom, STEPS[0]), min(zoom, _ROOM * room)))
        self.fitted = False
        self._put((box.left + box.right) / 2, (box.top + box.bottom) / 2, self.width / 2, self.height / 2)

    def zoom_by(self, factor: float, x: float, y: float) -> None:
        """Zoom freely, but stop at 100 % when passing it: the one zoom that everybody wants to hit."""
        wanted = self.zoom * factor
        passes = (self.zoom - 1) * (wanted - 1) < 0
        self.zoom_to(1.0 if passes else wanted, x, y)

    def stepped(self, steps: int) -> float:
        """The zoom `steps` stops of the ladder above (or below) the present one."""
        zoom = self.zoom
        for _ in range(abs(steps)):
            if steps > 0:
                zoom = next((stop for stop in STEPS if stop > zoom * 1.001), STEPS[-1])
            else:
                zoom = next((stop for stop in reversed(STEPS) if stop < zoom * 0.999), STEPS[0])
        return zoom

    def pan(self, dx: float, dy: float) -> None:
        self.left += round(dx)
        self.top += round(dy)
        self.fitted = False
        self._clamp()

    def state(self) -> tuple[float, int, int, bool]:
        """What `restore` needs to come back here."""
        return self.zoom, self.left, self.top, self.fitted

    def restore(self, state: tuple[float, int, int, bool]) -> None:
        """Back to where `state` was taken, for the same photo and window."""
        self.zoom, self.left, self.top, self.fitted = state
        self._clamp()

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.left) / self.zoom, (y - self.top) / self.zoom

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        return self.left + x * self.zoom, self.top + y * self.zoom

    def visible_box(self) -> Box:
        """The photo pixels of which at least a part is in the window; empty without a photo."""
        left, top = self.to_image(0, 0)
        right, bottom = self.to_image(self.width, self.height)
        box = Box(
            max(0, math.floor(top)),
            min(self.image_height, math.ceil(bottom)),
            max(0, math.floor(left)),
            min(self.image_width, math.ceil(right)),
        )
        return Box(0, 0, 0, 0) if box.empty else box

    def image_rect(self) -> QRect:
        """The photo in device px."""
        return QRect(self.left, self.top, round(self.image_width * self.zoom), round(self.image_height * self.zoom))

    def view_rect(self, box: Box, spare: int = 0) -> QRect:
        """The device px that show anything of `box`, cut to the window, and `spare` px around."""
        left, top = self.to_view(box.left, box.top)
        right, bottom = self.to_view(box.right, box.bottom)
        x, y = math.floor(left) - spare, math.floor(top) - spare
        rect = QRect(x, y, math.ceil(right) + spare - x, math.ceil(bottom) + spare - y)
        return rect.intersected(QRect(0, 0, self.width, self.height))

    def _put(self, image_x: float, image_y: float, x: float, y: float) -> None:
        self.left, self.top = round(x - image_x * self.zoom), round(y - image_y * self.zoom)
        self._clamp()

    def _clamp(self) -> None:
        """A photo smaller than the window is centred; a bigger one can be pushed until its edge is in the middle."""
        self.left = _clamped(self.left, self.image_width * self.zoom, self.width)
        self.top = _clamped(self.top, self.image_height * self.zoom, self.height)


def _clamped(start: int, length: float, room: int) -> int:
    if length <= room:
        return round((room - length) / 2)
    return round(min(room / 2, max(room / 2 - length, start)))
