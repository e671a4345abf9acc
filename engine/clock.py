"""The one seam for time, randomness and public ids.

Instants are aware datetimes in UTC; law dates are dates in Asia/Ho_Chi_Minh.
"""

from __future__ import annotations

import secrets
import time as time_module
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

_fixed: ContextVar[datetime | None] = ContextVar("fixed_instant", default=None)


def now() -> datetime:
    """The current instant, in UTC; the fixed one inside ``fixed_at``."""
    return _fixed.get() or datetime.now(UTC)


def today() -> date:
    """The current law date: the calendar day in Vietnam."""
    return law_date(now())


def law_date(instant: datetime) -> date:
    """The calendar day in Vietnam on which an instant falls."""
    return instant.astimezone(VIETNAM).date()


def vietnam(day: date, at: time = time()) -> datetime:
    """The UTC instant of a wall-clock time in Vietnam."""
    return datetime.combine(day, at, VIETNAM).astimezone(UTC)


@contextmanager
def fixed_at(instant: datetime) -> Iterator[None]:
    """Hold the clock at one instant (demonstrations and tests)."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    token = _fixed.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)


def new_code(length: int = 10) -> str:
    """A public code nobody can guess; letters that look alike are left out."""
    alphabet = "23456789abcdefghjkmnpqrstuvwxyz"
    return "".join(secrets.choice(alphabet) for _ in range(length))


def new_nonce() -> int:
    """A number nobody can guess, by which an answer is known to belong to a request."""
    return secrets.randbits(63) | 1 << 63


def monotonic() -> float:
    """Seconds that only ever grow, to measure how long something takes."""
    return time_module.monotonic()
