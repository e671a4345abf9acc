"""Two processes on the same rows, on both databases: one wins, the other is told, nothing
is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine.commands import perform
from engine.history import Event, verify
from engine.move import Command
from engine.registers import Entry, Register
from engine.subjects import Link, Subject, Waiting
from tests.engine import procedure, racing
from tests.engine.racing import Pair, Told
from tests.engine.test_commands import (
    DECIDER,
    begin,
    drafted,
    rendered_without_a_typesetter,
    reviewed,
    signature_made_up,
)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Two processes, started once."""
    made = Pair()
    yield made
    made.close()


@pytest.fixture
def subjects(session: Session) -> list[int]:
    """Four requests at their beginning."""
    house = procedure.house()
    found = [begin(session, house) for _ in range(4)]
    session.rollback()
    return found


def _hold(session: Session, subjects: list[int], told: list[Told]) -> None:
    """Every move that was answered with done is in the history once, and no other; every
    state is the one its history ends with."""
    session.rollback()
    done = [one for one in told if one.done and not one.again]
    assert Counter((one.subject, one.version) for one in done).most_common(1)[0][1] == 1
    rows = session.execute(
        select(Event.subject_id, Event.version, Event.key).where(Event.version > 1)
    )
    assert {tuple(row) for row in rows} == {(one.subject, one.version, one.key) for one in done}
    moves = Counter(one.subject for one in done)
    versions = session.execute(select(Subject.id, Subject.version))
    assert {row.id: row.version for row in versions} == {
        subject: 1 + moves[subject] for subject in subjects
    }
    assert verify(session) == []
    assert session.scalar(select(func.count()).select_from(Waiting)) == len(subjects)


def test_of_two_who_saw_the_same_one_moves_and_the_other_is_told(
    pair: Pair, database_url: str, session: Session, subjects: list[int]
) -> None:
    first, second = pair.race(database_url, racing.look_then_move, subjects * 10)
    for one, other in zip(first, second, strict=True):
        winner, loser = (one, other) if one.done else (other, one)
        assert winner.done
        assert winner.version == winner.seen + 1
        assert (loser.code, loser.seen) == ("stale", winner.seen)
        # The loser is told what happened meanwhile: the winner's move.
        assert loser.since == (winner.version,)
    _hold(session, subjects, [*first, *second])


def test_the_same_command_from_both_is_done_once_and_answered_twice(
    pair: Pair, database_url: str, session: Session, subjects: list[int]
) -> None:
    first, second = pair.race(database_url, racing.move_with_one_key, subjects * 10)
    for one, other in zip(first, second, strict=True):
        assert one.done and other.done
        assert one.version == other.version
        assert {one.again, other.again} == {False, True}
    _hold(session, subjects, [*first, *second])


def test_a_key_used_on_two_subjects_at_once_moves_one_and_is_told_to_the_other(
    pair: Pair, database_url: str, session: Session, subjects: list[int]
) -> None:
    first, second = pair.race(
        database_url, racing.move_two_with_one_key, [(subjects[0], subjects[1])] * 10
    )
    for one, other in zip(first, second, strict=True):
        assert {one.code, other.code} == {"done", "key_used_elsewhere"}
    _hold(session, subjects, [*first, *second])


def test_many_moves_on_few_subjects_lose_none(
    pair: Pair, database_url: str, session: Session, subjects: list[int]
) -> None:
    first, second = pair.race(database_url, racing.move_at_random, subjects)
    told = [*first, *second]
    assert len(told) == 300
    assert {one.code for one in told} <= {"done", "stale", "not_from_here"}
    assert sum(one.done for one in first) > 0 < sum(one.done for one in second)
    _hold(session, subjects, told)


def test_a_subject_opened_twice_under_one_key_is_one(
    pair: Pair, database_url: str, session: Session
) -> None:
    first, second = pair.race(database_url, racing.open_with_one_key, [f"k-{n}" for n in range(20)])
    assert first == second
    assert len(set(first)) == 20
    assert session.scalars(select(Subject.id).order_by(Subject.id)).all() == sorted(first)
    assert verify(session) == []


def test_numbers_taken_at_once_are_consecutive(
    pair: Pair, database_url: str, engine: Engine
) -> None:
    series = ["decisions", "certificates", "notices"]
    first, second = pair.race(database_url, racing.take_numbers, series)
    assert first and second
    with Session(engine) as session:
        for name in series:
            kept = sorted(number for found, number in [*first, *second] if found == name)
            assert kept == list(range(1, len(kept) + 1))
            register = session.scalars(select(Register).where(Register.series == name)).one()
            assert register.last == len(kept)
            entries = session.scalars(
                select(Entry.number).where(Entry.register_id == register.id).order_by(Entry.number)
            )
            assert list(entries) == kept


def _signed(session: Session) -> int:
    house = procedure.house()
    letter = drafted(session, house, reviewed(session, house))
    rendered_without_a_typesetter(session, letter)
    evidence = signature_made_up(DECIDER)
    perform(session, house, Command(DECIDER, letter, "sign", 1, evidence=evidence))
    return letter


def test_letters_issued_at_once_get_consecutive_numbers(
    pair: Pair, database_url: str, session: Session
) -> None:
    letters = [[_signed(session) for _ in range(15)] for _ in range(2)]
    session.rollback()
    first, second = pair.race(database_url, racing.issue_letters, letters)
    (_, lost_by_first), (_, lost_by_second) = first.pop(), second.pop()
    issued = dict([*first, *second])
    assert set(issued) == {letter for own in letters for letter in own}
    assert sorted(issued.values()) == list(range(1, 31))
    rows = session.execute(select(Entry.paper_id, Entry.number)).all()
    assert {row.paper_id: row.number for row in rows} == issued
    states = session.scalars(select(Subject.state).where(Subject.id.in_(issued)))
    assert set(states) == {"issued"}
    assert verify(session) == []
    # Two who prepare the same next number cannot both have it.
    assert lost_by_first + lost_by_second > 0


@pytest.mark.parametrize("key", ["one-press", None])
def test_two_who_draft_over_the_same_requests_do_not_die_of_each_other(
    pair: Pair, database_url: str, session: Session, key: str | None
) -> None:
    for round_number in range(3):
        subjects = [reviewed(session, procedure.house()) for _ in range(4)]
        session.rollback()
        press = f"{key} {round_number}" if key else None
        told = pair.race(database_url, racing.draft_over_the_same, (subjects, press))
        session.rollback()
        letters = session.scalars(
            select(Link.paper_id)
            .join(Subject, Subject.id == Link.paper_id)
            .where(Link.subject_id == subjects[0], Subject.definition_id == "letter")
        ).all()
        assert len(letters) == 1
        loser = (letters[0], "") if key else (0, "listed_not_ready")
        assert sorted(told) == sorted([(letters[0], ""), loser])
    assert verify(session) == []
