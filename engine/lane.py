"""A lane of its own for slow tasks: they wait for services outside, and nobody waits for them.

Its threads look into the outbox themselves, one task at a time each, so that a time server
that takes two minutes holds up neither a paper's layout nor the log.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.outbox import Handler

logger = logging.getLogger(__name__)

WIDTH = 4
"""How many tasks at once: as many requests as a national time server likes from one client."""

LOOK_SECONDS = 15.0


class Lane:
    """Threads that deliver the tasks of some names. Started at once, ended by ``close``."""

    def __init__(
        self,
        sessions: Callable[[], Session],
        handlers: Mapping[str, Handler],
        names: Collection[str],
        width: int = WIDTH,
    ) -> None:
        self._sessions, self._handlers, self._names = sessions, handlers, names
        self._bells = [threading.Event() for _ in range(width)]
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(place,), name=f"lane {place}", daemon=True)
            for place in range(width)
        ]
        for thread in self._threads:
            thread.start()

    def ring(self) -> None:
        """Says that there may be something to do."""
        for bell in self._bells:
            bell.set()

    def close(self, patience: float) -> bool:
        """Lets the tasks at hand end, for so many seconds in all; whether they all did. What
        is left open is leased, and another worker takes it up after that."""
        self._stop.set()
        self.ring()
        until = clock.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - clock.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self, place: int) -> None:
        bell = self._bells[place]
        while True:
            bell.clear()
            if self._stop.is_set():  # after the clearing: whoever stops us rings afterwards
                return
            if not self._one(place):
                bell.wait(LOOK_SECONDS)

    def _one(self, place: int) -> bool:
        """Delivers a due task, its own share of them first; whether there was any."""
        try:
            with self._sessions() as session:
                width = len(self._bells)
                found = outbox.due(session, clock.now(), 4 * width, only=self._names)
                if not found:
                    return False
                outbox.deliver(session, self._handlers, found[place % len(found)])
        except SQLAlchemyError:
            logger.exception("the slow lane cannot reach the database")
            return False
        return True
