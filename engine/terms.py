"""Until when a state may last: the term of its deadline, and the day that it may name."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from engine import clock
from engine.definition import State
from engine.move import Move


def deadline(move: Move, state: State, entered_at: datetime) -> datetime | None:
    """The first instant after the term of a state entered then, for the subject that moves;
    None without one. A named day is one of the calendar and does not roll, as terms do (Civil
    Code 2015, art. 148(5)); whoever comes to the state late still has the term."""
    if state.due is None:
        return None
    end = move.house.calendar.deadline(state.due, entered_at)
    if state.due.by is None:
        return end
    last = move.house.binding.days[state.due.by](move)
    return max(end, clock.vietnam(last + timedelta(days=1)))


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
