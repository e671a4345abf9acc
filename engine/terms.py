"""Until when a state may last: the term of its deadline, and the day that it may name."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from engine import clock
from engine.calendar import Calendar
from engine.definition import Due, State
from engine.move import Move


def deadline(move: Move, state: State, entered_at: datetime) -> datetime | None:
    """The first instant after the term of a state entered then, for the subject that moves;
    None without one. A named day is one of the calendar and does not roll, as terms do (Civil
    Code 2015, art. 148(5)); whoever comes to the state late still has the term."""
    due = state.due
    return until(move.house.calendar, due, entered_at, named(move, due)) if due else None


def named(move: Move, due: Due) -> datetime | None:
    """The first instant after the day that the term names; None if it names none."""
    if due.by is None:
        return None
    return clock.vietnam(move.house.binding.days[due.by](move) + timedelta(days=1))


def until(calendar: Calendar, due: Due, entered_at: datetime, day: datetime | None) -> datetime:
    """The end of the term by that calendar, which is never before the one of the day named."""
    end = calendar.deadline(due, entered_at)
    return max(end, day) if day else end


def last_day_ahead(move: Move) -> date | None:
    """The last day of the state that the move leads to, were it made now; None without a term."""
    end = deadline(move, move.definition.by_state[move.transition.target], move.at)
    return clock.law_date(end) - timedelta(days=1) if end else None


def over(move: Move) -> bool:
    """Whether the term of the state that the move leaves has passed, and what then happens is
    another move: the term ends when it ends, not when the system comes to say so."""
    state = move.definition.by_state.get(move.from_state)
    if state is None or state.due is None or state.due.then in (None, move.transition.id):
        return False
    return move.due_at is not None and move.at >= move.due_at
