"""Which statements became the issue they speak of, and which never did; on either database."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from engine import clock
from engine.db import writing
from engine.errors import Conflict, Refused
from engine.papers import handed_out
from engine.papers.book import Paper
from engine.papers.handed_out import MADE_WITHIN
from tests.engine.log import shelf
from tests.engine.test_kept import DRAFT, SUBJECT

AT, LIFE, DRAFTED = shelf.AT, timedelta(minutes=30), 2


@pytest.fixture
def drafted(session: Session) -> Session:
    """With a paper that has no number yet."""
    shelf.put(session, 1)
    with writing(session):
        for made in (SUBJECT, DRAFT):
            session.execute(text(made.format(id=DRAFTED)))
    return session


def begin(session: Session, code: str, at: datetime = AT) -> None:
    with clock.fixed_at(at):
        handed_out.announce(session, code, DRAFTED, 1, at.year, "02/QD")


def give(session: Session, code: str, digest: str, at: datetime = AT) -> None:
    with clock.fixed_at(at), writing(session):
        handed_out.hand_out(session, code, digest, at, at + LIFE)


def told(session: Session, now: datetime) -> tuple[list[str], list[str], datetime | None]:
    found = handed_out.unissued(session, now)
    return [*found.void], [*found.open], found.since


def test_what_is_being_made_is_known_before_it_is_made(drafted: Session) -> None:
    begin(drafted, "a")
    assert told(drafted, AT + timedelta(seconds=9)) == ([], [], AT)
    with pytest.raises(Conflict) as refused:
        give(drafted, "a", "one", AT + MADE_WITHIN)
    assert refused.value.code == "busy"
    # A transaction begun in the last moment may still come true.
    assert told(drafted, AT + MADE_WITHIN) == ([], [], AT)
    assert told(drafted, AT + 2 * MADE_WITHIN) == ([], [], None)


def test_it_is_open_until_it_ends_or_the_paper_is_issued_with_another(drafted: Session) -> None:
    for code, digest in (("a", "one"), ("b", "two"), ("c", "three")):
        begin(drafted, code)
        give(drafted, code, digest)
    with clock.fixed_at(AT), writing(drafted):
        handed_out.withdraw(drafted, ["a"])
    assert told(drafted, AT) == (["one"], ["three", "two"], None)
    assert told(drafted, AT + LIFE + MADE_WITHIN) == (["one", "three", "two"], [], None)
    for code, at in (("a", AT), ("b", AT + LIFE)):
        with pytest.raises(Refused) as refused, writing(drafted):
            handed_out.settle(drafted, code, DRAFTED, at)
        assert refused.value.code == "session_expired"
    with writing(drafted):
        handed_out.settle(drafted, "b", DRAFTED, AT)
        drafted.execute(update(Paper).where(Paper.id == DRAFTED).values(number=2))
    assert told(drafted, AT) == (["one", "three"], [], None)


def test_one_statement_made_twice_in_a_second_is_issued_once_for_both(drafted: Session) -> None:
    for code in ("a", "b"):
        begin(drafted, code)
        give(drafted, code, "one")
    with clock.fixed_at(AT), writing(drafted):
        handed_out.withdraw(drafted, ["a"])
    assert told(drafted, AT) == ([], ["one"], None)
    with writing(drafted):
        handed_out.settle(drafted, "b", DRAFTED, AT)
    assert told(drafted, AT) == ([], [], None)
