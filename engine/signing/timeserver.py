"""A time authority on the network (RFC 3161 over HTTP, 3.4)."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from engine import clock
from engine.errors import Away, Refusal
from engine.signing.fetch import fetch

SECONDS = 180.0
"""The slowest known public server takes two minutes for an answer."""

LARGEST = 65_536
ROOM = 8_192
REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=10)


class TimeServer:
    """Asks one address. After a failure it rests, longer and longer, so that a thousand papers
    do not each wait for a server that is away; safe to share between threads."""

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        self._url, self._seconds = url, seconds
        self._lock = threading.Lock()
        self._rest = REST
        self._asleep_until: datetime | None = None
        self._longest = 0

    @property
    def room(self) -> int:
        """Enough for the longest token seen from this server, and for most there are."""
        return max(ROOM, self._longest)

    def answer(self, request: bytes) -> bytes:
        """The response (DER); raises ``Away``, and ``Refused`` for one beyond all measure."""
        self._refuse_while_resting()
        try:
            kind = "application/timestamp-query"
            told = fetch(self._url, request, kind=kind, seconds=self._seconds, most=LARGEST)
        except Away:
            self._fall_asleep()
            raise
        with self._lock:
            self._rest, self._asleep_until = REST, None
            self._longest = max(self._longest, len(told))
        return told

    def _refuse_while_resting(self) -> None:
        until = self._asleep_until
        if until is not None and clock.now() < until:
            host = urlsplit(self._url).hostname or ""
            raise Away(Refusal("service_away", {"host": host, "why": "resting"}))

    def _fall_asleep(self) -> None:
        with self._lock:
            self._asleep_until = clock.now() + self._rest
            self._rest = min(2 * self._rest, LONGEST_REST)
