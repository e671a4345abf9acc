"""What two processes do at once to the same rows, and what each was told.

The contests run in two processes of their own; a ``Pair`` starts them and gathers what each
was told.
"""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from engine import registers
from engine.commands import perform
from engine.db import tune, writing
from engine.errors import EngineError, Stale
from engine.move import Command, Opening
from engine.registers import Register
from engine.subjects import Subject
from tests.engine import procedure
from tests.engine.test_commands import seal_made_up

ASKER, REVIEWER, CLERK = 1, 2, 4
DAY = date(2026, 11, 5)
PATIENCE = 60.0

Contest = Callable[[Session, Any, Any, int], Any]


@dataclass(frozen=True)
class Told:
    """One attempt: on which subject, having seen which version, and the answer."""

    subject: int
    seen: int
    key: str
    code: str
    version: int = 0
    since: tuple[int, ...] = ()
    again: bool = False

    @property
    def done(self) -> bool:
        return self.code == "done"


class Pair:
    """Two processes that do the same at once, whenever they are asked to."""

    def __init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._barrier = spawn.Barrier(2)
        self._lines, self._runners = [], []
        for seat in (0, 1):
            ours, theirs = spawn.Pipe()
            runner = spawn.Process(target=_serve, args=(theirs, self._barrier, seat), daemon=True)
            runner.start()
            theirs.close()
            self._lines.append(ours)
            self._runners.append(runner)

    def race(self, url: str, contest: Contest, task: Any) -> tuple[Any, Any]:
        """What each of them answered; fails when one of them failed."""
        for line in self._lines:
            line.send((url, contest, task))
        first, second = (line.recv() for line in self._lines)
        failed = [answer for answer in (first, second) if isinstance(answer, str)]
        if failed:
            self._barrier.reset()
            raise AssertionError(failed)
        return first, second

    def close(self) -> None:
        """Ends both."""
        for line in self._lines:
            line.close()
        for runner in self._runners:
            runner.join(PATIENCE)


def _serve(line: Any, barrier: Any, seat: int) -> None:
    while True:
        try:
            url, contest, task = line.recv()
        except EOFError:
            return
        engine = tune(create_engine(url))
        try:
            with Session(engine) as session:
                answer = contest(session, task, barrier, seat)
        except Exception as error:
            # Whoever waits at the barrier must not wait for ever.
            barrier.abort()
            answer = f"{type(error).__name__}: {error}"
        engine.dispose()
        line.send(answer)


def _stands(session: Session, subject: int) -> tuple[str, int]:
    row = session.execute(select(Subject.state, Subject.version).where(Subject.id == subject)).one()
    session.rollback()
    return row.state, row.version


def _next(state: str) -> tuple[int, str, dict[str, Any]]:
    """A request goes to the reviewer and back, for ever."""
    if state == "draft":
        return ASKER, "ask", {"count": 2}
    return REVIEWER, "send_back", {"reason": "again"}


def _attempt(session: Session, subject: int, stands: tuple[str, int], key: str) -> Told:
    state, version = stands
    person, action, data = _next(state)
    command = Command(person, subject, action, version, data, key)
    try:
        outcome = perform(session, procedure.house(), command)
    except Stale as stale:
        since = tuple(event.version for event in stale.since)
        return Told(subject, version, key, "stale", since=since)
    except EngineError as error:
        return Told(subject, version, key, error.code)
    return Told(subject, version, key, "done", outcome.version, again=outcome.again)


def look_then_move(
    session: Session, subjects: Sequence[int], barrier: Any, seat: int
) -> list[Told]:
    """Both look at the same subject, and only then both move it: once for each subject named."""
    told = []
    for number, subject in enumerate(subjects):
        barrier.wait(PATIENCE)
        stands = _stands(session, subject)
        barrier.wait(PATIENCE)
        told.append(_attempt(session, subject, stands, f"{seat}-{number}"))
    return told


def move_with_one_key(
    session: Session, subjects: Sequence[int], barrier: Any, _seat: int
) -> list[Told]:
    """Both send the very same command, as a browser does that sends a form twice."""
    told = []
    for number, subject in enumerate(subjects):
        barrier.wait(PATIENCE)
        stands = _stands(session, subject)
        barrier.wait(PATIENCE)
        told.append(_attempt(session, subject, stands, f"same-{number}"))
    return told


def move_two_with_one_key(
    session: Session, subjects: Sequence[tuple[int, int]], barrier: Any, seat: int
) -> list[Told]:
    """Each moves a subject of his own, but both under the same key."""
    told = []
    for number, pair in enumerate(subjects):
        stands = _stands(session, pair[seat])
        barrier.wait(PATIENCE)
        told.append(_attempt(session, pair[seat], stands, f"one-{number}"))
    return told


def move_at_random(
    session: Session, subjects: Sequence[int], barrier: Any, seat: int
) -> list[Told]:
    """Many moves on few subjects, each as fast as it can."""
    chance = random.Random(seat)  # noqa: S311 - the same contest each time
    barrier.wait(PATIENCE)
    told = []
    for number in range(150):
        subject = chance.choice(subjects)
        told.append(_attempt(session, subject, _stands(session, subject), f"{seat}-{number}"))
    return told


def open_with_one_key(session: Session, keys: Sequence[str], barrier: Any, _seat: int) -> list[int]:
    """Both open a subject under the same key; which subject each was answered."""
    found = []
    for key in keys:
        opening = Opening(ASKER, "request", "begin", {"place": procedure.PLACE}, key=key)
        barrier.wait(PATIENCE)
        found.append(perform(session, procedure.house(), opening).subject_id)
    return found


def take_numbers(session: Session, series: Sequence[str], barrier: Any, seat: int) -> list[Any]:
    """Numbers from the same registers, some of them given back by a rollback at the last
    moment; the numbers that were kept."""
    chance = random.Random(seat)  # noqa: S311 - the same contest each time
    kept: list[tuple[str, int]] = []
    for name in series:
        # The first number of a register is taken by both at once.
        barrier.wait(PATIENCE)
        for _ in range(30):
            try:
                with writing(session):
                    number = registers.take(
                        session, 1, name, DAY, person_id=seat, void_reason="spoiled"
                    )
                    if chance.random() < 0.3:
                        raise InterruptedError
            except InterruptedError:
                continue
            kept.append((name, number))
    return kept


def issue_letters(
    session: Session, letters: Sequence[Sequence[int]], barrier: Any, seat: int
) -> list[tuple[int, int]]:
    """Each issues letters of its own from one register, preparing a letter again when its
    number was taken meanwhile; the letters with the number each got, and how often it lost."""
    house = procedure.house()
    issued, lost = [], 0
    barrier.wait(PATIENCE)
    for letter in letters[seat]:
        while True:
            number = session.scalar(select(func.max(Register.last))) or 0
            session.rollback()
            command = Command(CLERK, letter, "issue", 2, evidence=seal_made_up(number + 1))
            try:
                perform(session, house, command)
            except Stale as stale:
                if stale.code != "number_taken":
                    raise
                lost += 1
                continue
            issued.append((letter, number + 1))
            break
    return [*issued, (0, lost)]


def draft_over_the_same(
    session: Session, task: tuple[Sequence[int], str | None], barrier: Any, seat: int
) -> tuple[int, str]:
    """One letter over the same requests, drafted by both at once: with one key, or, without,
    each for himself and in another order. The letter it became, and the refusal if any."""
    subjects, key = task
    listed = list(subjects) if key or seat else list(reversed(subjects))
    opening = Opening(
        REVIEWER,
        "letter",
        "draft",
        {"authority": procedure.PLACE},
        key=key,
        evidence={"kind": "grant", "subjects": listed},
    )
    barrier.wait(PATIENCE)
    try:
        return perform(session, procedure.house(), opening).subject_id, ""
    except EngineError as error:
        return 0, error.code
