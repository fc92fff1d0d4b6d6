"""The time that a running job still takes."""

import time
from collections.abc import Callable

_AFTER = 0.8  # seconds; before, a job that is nearly done would promise nonsense
_SMOOTHING = 0.25  # share of the newest estimate


class Estimate:
    """The seconds that a job still takes, from its fractions; smoothed, so that the number does not jump.

    `expected` are the seconds that it takes by earlier jobs: what is said at first, less and less until half is done.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, expected: float | None = None) -> None:
        self._now, self._expected = now, expected
        self._start = now()
        self._end = None if expected is None else self._start + expected

    def left(self, fraction: float) -> float | None:
        """Seconds left at `fraction` (0..1); None as long as nothing sensible can be said."""
        now = self._now()
        spent = now - self._start
        if fraction > 0.01 and spent >= _AFTER:
            total = spent / fraction
            if self._expected is not None:
                total += max(0.0, 1 - 2 * fraction) * (self._expected - total)
            end = self._start + total
            self._end = end if self._end is None else self._end + _SMOOTHING * (end - self._end)
        return None if self._end is None else max(0.0, self._end - now)
