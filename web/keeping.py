"""Costly answers, kept for a while: what a nation's figures take must not be asked at each visit.

An answer that took long is given again for as long as ``TIMES`` times what it took, so that
working it out never takes more than one part in so many of a process's time. What is cheap is
asked anew each time, and is never old.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

CHEAP = 0.25
"""Seconds up to which an answer is not worth keeping."""

TIMES = 30

T = TypeVar("T")


class Keeping:
    """The answers of one application, by key; ``now`` tells seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: dict[Hashable, tuple[Any, float]] = {}
        self._lock = Lock()

    def answer(self, key: Hashable, make: Callable[[], T]) -> T:
        """The kept answer, or what ``make`` works out; one at a time, the others wait for it."""
        with self._lock:
            value, until = self._kept.get(key, (None, 0.0))
            if self._now() < until:
                kept: T = value
                return kept
            begun = self._now()
            made = make()
            took = self._now() - begun
            self._kept.pop(key, None)
            if took > CHEAP:
                self._kept[key] = made, self._now() + TIMES * took
            return made
