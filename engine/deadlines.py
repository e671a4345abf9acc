"""What the system does by itself when a term has passed."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import Row, select, tuple_
from sqlalchemy.orm import Session

from engine import clock
from engine.commands import perform
from engine.errors import EngineError
from engine.house import House
from engine.move import Command
from engine.subjects import Subject

logger = logging.getLogger(__name__)


def passed(session: Session, house: House) -> Sequence[Row[int, int, str, str]]:
    """The subjects whose term has ended in a state that says what then happens, the longest
    overdue first: ``id``, ``version``, ``state``, ``definition_digest``."""
    places = [
        (definition.digest, state.id)
        for definition in house.runnable
        for state in definition.states
        if state.due and state.due.then
    ]
    if not places:
        return []
    return session.execute(
        select(Subject.id, Subject.version, Subject.state, Subject.definition_digest)
        .where(
            Subject.due_at <= clock.now(),
            tuple_(Subject.definition_digest, Subject.state).in_(places),
        )
        .order_by(Subject.due_at, Subject.id)
    ).all()


def expire(session: Session, house: House) -> int:
    """Makes the move of the system for every subject whose term has passed; how many moved.

    May run twice, and in two places at once: each move names the version it saw, so a
    subject that somebody moved meanwhile stays as it is. One that cannot move, for whatever
    reason, is logged and does not hold up the others. Each move is a transaction of its own.
    """
    moved = 0
    for row in passed(session, house):
        state = house.definition(row.definition_digest).by_state[row.state]
        if state.due is None or state.due.then is None:
            continue
        try:
            perform(session, house, Command(None, row.id, state.due.then, version=row.version))
        except EngineError as error:
            logger.warning("the term of subject %s passed, but: %s", row.id, error)
        except Exception:
            # A fault in one subject's rules or data is no reason to keep the others waiting.
            session.rollback()
            logger.exception("the term of subject %s passed, and its move broke", row.id)
        else:
            moved += 1
    return moved
