"""What the program beside the token keeps while a page drives it: who may, and how far it is.

The page never sees a PIN or a password, and a page of anybody else gets nothing: it must come
from the one server, and bring what only whoever reads this terminal can know.
"""

from __future__ import annotations

import hmac
import queue
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine import clock
from web.cli.ceremony import Ready, Result

CODE_LENGTH = 8
MOST_TRIES = 5
PREPARING, ASKING, SIGNING, ENDED = "preparing", "asking", "signing", "ended"


@dataclass
class Work:
    """One batch in hand; read by the page while the terminal goes on with it."""

    ceremony: str
    state: str = PREPARING
    code: str = ""
    detail: str = ""
    papers: dict[int, dict[str, Any]] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)

    def show(self, one: Ready) -> None:
        """What is about to be signed: the page shows the digest that the terminal shows."""
        self.papers[one.paper] = {
            "id": one.paper,
            "digest": one.covered,
            "number": one.number or None,
            "session": one.session,
            "gap": list(one.gap),
            "annex": one.annex and {"digest": one.annex.covered, "gap": list(one.annex.gap)},
            "outcome": "ready",
            "detail": None,
        }

    def tell(self, one: Result) -> None:
        """How a paper fared."""
        known = self.papers.setdefault(one.paper, {"id": one.paper, "digest": None})
        outcome = "done" if one.done else "failed"
        known |= {"outcome": outcome, "detail": one.detail or None, "number": one.number or None}

    def end(self, code: str = "", detail: str = "") -> None:
        self.state, self.code, self.detail = ENDED, code, detail

    def record(self) -> dict[str, Any]:
        return {
            "ceremony": self.ceremony,
            "state": self.state,
            "code": self.code or None,
            "detail": self.detail or None,
            "papers": list(self.papers.copy().values()),
        }


@dataclass
class Agent:
    """The pairing with one page at a time, and the batches it asks for, one after another.

    ``show`` is told every new pairing code, to be shown at the terminal.
    """

    origin: str
    user: str
    show: Callable[[str], None]
    work: Work | None = None
    asked: queue.Queue[Work] = field(default_factory=queue.Queue)
    _code: str = ""
    _tries: int = 0
    _token: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def offer(self) -> None:
        """A new pairing code, good for one page."""
        self._code, self._tries = clock.new_code(CODE_LENGTH), 0
        self.show(self._code)

    def pair(self, code: str) -> str | None:
        """The token of a page that knows the code; the code is spent by it. After a few wrong
        ones there is a new code, so that none can be guessed."""
        with self._lock:
            given = code.replace(" ", "").replace("-", "").lower().encode()
            if not hmac.compare_digest(given, self._code.encode()):
                self._tries += 1
                if self._tries >= MOST_TRIES:
                    self.offer()
                return None
            self._token = secrets.token_urlsafe(32)
            self.offer()
            return self._token

    def knows(self, token: str) -> bool:
        """Whether this is the token of the page that was paired last."""
        return bool(self._token) and hmac.compare_digest(token.encode(), self._token.encode())

    def ask(self, ceremony: str) -> bool:
        """Puts a batch in hand; not while another is."""
        with self._lock:
            if self.work is not None and self.work.state != ENDED:
                return False
            self.work = Work(ceremony)
            self.asked.put(self.work)
            return True

    def stop(self) -> None:
        if self.work is not None:
            self.work.stopped.set()
