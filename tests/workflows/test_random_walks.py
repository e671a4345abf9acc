"""Random officials make random moves of the shipped procedures, with good data and bad.

The moves come from the law files, the data from the stage; most fit where the nomination
stands, so that some live to their recognition. What must hold is told by the history alone,
by the names of moves: not by the steps that ``check`` believes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, registers
from engine.definition import Transition
from engine.errors import EngineError
from engine.history import Event, verify
from engine.papers.book import Paper, PaperVersion
from engine.subjects import Link, Subject
from tests.workflows.officials import OFFICES
from tests.workflows.staging import Stage, made_up, stage

MOVES = 200
NEEDED = {
    *("register", "complete_self_assessment", "give_notice", "record_count", "adopt_minutes"),
    *("submit", "record_appraisal", "record_committee_opinion", "recognise_by_commune"),
}
WAITS = (0, 0, 0, 0, 0, 0, 0, 3)
TEXT = {
    **dict.fromkeys(("place", "posting_place", "announcement_place", "occasion"), "Nhà văn hóa"),
    **dict.fromkeys(("assessment", "objection", "reason", "verdict_reason"), "Có ghi trong sổ"),
}
NAMES = {"reasons": ["Thiếu số liệu"], "means": ["Giấy mời"], "agenda": ["Bỏ phiếu"]}


class Walk:
    """Nominations of one commune one after the other, and everybody who might move them."""

    def __init__(self, play: Stage, seed: int) -> None:
        self.play, self.dice = play, random.Random(seed)  # noqa: S311
        self.areas = iter(play.country.areas[:-1])
        self.subject = play.open(next(self.areas))
        self.told: Counter[str] = Counter()

    def step(self) -> None:
        """One move by somebody, fitting or not, after some time or none."""
        days = self.dice.choice(WAITS)
        self.play.wait(days)
        evening = self.dice.random() < 0.3 or (not days and self.play.at == time(22))
        self.play.at = time(22 if evening else 9)
        papers = self._papers()
        subject = self.dice.choice([self.subject, *papers[-1:] * 2])
        moves = self._moves(subject)
        if not moves:
            area = next(self.areas, None) if subject == self.subject else None
            self.subject = self.play.open(area) if area else self.subject
            return
        move = self.dice.choice(moves)
        fits = self._fitting(move) if self.dice.random() < 0.9 else ["head", *OFFICES]
        self._try(self.dice.choice(fits), subject, move)

    def _try(self, who: str, subject: int, move: Transition) -> None:
        before, over = self.play.count_events(), self._over(subject)
        try:
            self._make(who, subject, move)
            assert not over
            self.told["made " + move.id] += 1
        except EngineError as error:
            self.play.session.rollback()
            assert self.play.count_events() == before
            self.told.update(refusal.code for refusal in error.refusals)

    def _over(self, subject: int) -> bool:
        """Whether the term has passed of a state from which the system then moves."""
        row = self.play.session.get_one(Subject, subject)
        state = self.play.house.definition(row.definition_digest).by_state[row.state]
        with self.play.now():
            passed = row.due_at is not None and row.due_at <= clock.now()
        return passed and state.due is not None and state.due.then is not None

    # ------------------------------------------------------------------ which move, by whom

    def _papers(self) -> list[int]:
        kinds = [kind.id for kind in self.play.house.kinds.values() if kind.definition != "record"]
        query = select(Link.paper_id).join(Paper, Paper.id == Link.paper_id)
        query = query.where(Link.subject_id == self.subject, Paper.kind.in_(kinds))
        return list(self.play.session.scalars(query.order_by(Paper.id)))

    def _moves(self, subject: int) -> list[Transition]:
        """Mostly those that leave the state, the forward ones more often; none at the end."""
        row = self.play.session.execute(
            select(Subject.state, Subject.definition_digest).where(Subject.id == subject)
        ).one()
        definition = self.play.house.definition(row.definition_digest)
        here = [
            move
            for move in definition.leaving(row.state)
            if move.id != "withdraw" and (not move.automatic or str(move.on).endswith(":drafted"))
        ]
        if here and self.dice.random() < 0.05:
            return [move for move in definition.transitions if not move.opens]
        return [move for move in here for _ in range(25 if move.tone == "forward" else 1)]

    def _fitting(self, move: Transition) -> list[str]:
        roles = {by.partition("@")[0] for by in move.by}
        known = [name for name, (role, _, _) in OFFICES.items() if role in roles]
        if str(move.on).endswith(":drafted"):
            return ["police", "district_police", "province_police"]
        return known or ["head"]

    # ------------------------------------------------------------------ making it

    def _make(self, who: str, subject: int, move: Transition) -> None:
        kind, _, state = str(move.on or "").partition(":")
        if state == "drafted":
            self.play.draft(who, kind, [subject])
        elif move.id in ("sign", "issue") and subject != self.subject and who != "head":
            self.play.with_evidence(who, subject, move.id, self._evidence(subject, move.id, who))
        else:
            self.play.act(who, subject, move.id, **self._data(subject, move))

    def _evidence(self, paper: int, action: str, who: str) -> Mapping[str, Any]:
        """What the made-up file proves; sometimes that it is another."""
        play, other = self.play, self.dice.random() < 0.1
        if action == "sign":
            self._render(paper)
            base = made_up(paper, "other" if other else "rendered")
            told = {"base": base, "sha256": made_up(paper, "signed"), "size": 2}
            return told | {"person_id": play.people[who]}
        row = play.session.get_one(Paper, paper)
        series = play.house.kinds[row.kind].series
        return {
            "base": made_up(paper, "other" if other else "signed"),
            "sha256": made_up(paper, "issued"),
            "size": 3,
            "authority_id": row.authority_id,
            "number": registers.upcoming(play.session, row.authority_id, series, play.today),
            "issued_on": play.today.isoformat(),
        }

    def _render(self, paper: int) -> None:
        known = select(PaperVersion.id).where(PaperVersion.paper_id == paper)
        if self.play.session.scalar(known) is None:
            self.play.render(paper)

    def _data(self, subject: int, move: Transition) -> dict[str, Any]:
        """Good values of every field, or with one of them left out or spoilt."""
        told = {name: value for name in move.fields if (value := self._value(subject, name))}
        told |= self._ballot(subject) if move.id == "record_count" else {}
        if told and self.dice.random() < 0.12:
            name = self.dice.choice(sorted(told))
            told[name] = self.dice.choice((None, "", 10**9, [[]]))
        return told

    def _value(self, subject: int, name: str) -> Any:
        play, day = self.play, self.play.today.isoformat()
        meeting = datetime.combine(play.today + timedelta(days=3), time(19, 30))
        values: dict[str, Any] = {
            "registered_on": day,
            "households_registered": 101,
            "resolution_number": "03-NQ/CB",
            "resolution_on": day,
            "findings": play.findings(),
            "meeting_at": meeting.isoformat(),
            "verdicts": play.verdicts(),
            "posted_on": day,
            "posted_until": (play.today + timedelta(days=6)).isoformat(),
            "objection_on": day,
            "announced_on": day,
            "favourable": True,
        }
        return (TEXT | NAMES | play.opinion() | values).get(name)

    def _ballot(self, subject: int) -> dict[str, Any]:
        """The count of the meeting that was called, mostly in favour."""
        yes = self.dice.choice((60, 60, 60, 50))
        fact = self.play.facts(subject).get("give_notice")
        told = str(fact.data["meeting_at"]) if fact else "2026-01-01T19:30:00"
        ended = datetime.fromisoformat(told) + timedelta(hours=1)
        return self.play.count(yes, ended_at=ended.isoformat())


def recognitions(play: Stage) -> Sequence[int]:
    """The nominations that stand recognised, by what their definition says of the state."""
    rows = play.session.execute(select(Subject).where(Subject.kind == "nomination")).scalars()
    return [
        row.id
        for row in rows
        if play.house.definition(row.definition_digest).by_state[row.state].outcome == "recognised"
    ]


def is_proved(play: Stage, subject: int) -> bool:
    """Whether every move that a recognition needs still counts, and its decision was signed
    before it was issued, both before the nomination was recognised by it."""
    facts = play.facts(subject)
    if NEEDED - facts.keys():
        return False
    recognised = facts["recognise_by_commune"].at
    (decision,) = (
        paper for paper in play.papers(subject, "commune_decision") if play.state(paper) == "issued"
    )
    events = play.session.execute(
        select(Event.action, Event.at).where(Event.subject_id == decision).order_by(Event.version)
    ).all()
    made = {event.action: event.at for event in events}
    return made["sign"] <= made["issue"] <= recognised


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("regime", "criteria", "today"),
    [
        ("district-certification", "tt-124-2021", date(2026, 9, 14)),
        ("de-an-375", "de-an-375", date(2012, 5, 14)),
    ],
)
def test_nobody_walks_to_a_recognition_past_the_law(
    session: Session, regime: str, criteria: str, today: date, seed: int
) -> None:
    play = stage(session, regime=regime, criteria=criteria, today=today)
    walk, seen = Walk(play, seed), set()
    for _ in range(MOVES):
        walk.step()
        found = recognitions(play)
        assert all(is_proved(play, subject) for subject in found)
        seen.update(found)
    assert seen, (walk.told.most_common(), play.today)
    # A term that passed while no worker came by: from then on nobody makes such a move.
    walk.subject = play.open(play.country.areas[-1])
    play.wait(120)
    for _ in range(8):
        walk.step()
    assert walk.told["term_passed"]
    assert verify(session) == []
    moved = {name for name in walk.told if name.startswith("made ")}
    refused = walk.told.keys() - moved
    assert "not_yours" in refused
    assert len(refused) > 3, walk.told
    assert len(moved) > 12, walk.told
